/**
 * Folded stacks, the input of flame graph tools: a line for each call path, `main;parse;read 12`. Where
 * there are several threads, a path begins with its thread's name.
 */

import { CallTree } from '../profile/call-tree.js';
import { funcPlace } from '../profile/func-place.js';
import type { PathChange } from '../profile/path-changes.js';
import type { Profile } from '../profile/profile.js';
import { type Weight, weighStacks } from '../profile/sample-weight.js';
import { JsonBytes } from './json-bytes.js';

/** Paths between two chances to hand chunks on. */
const BATCH = 256;

/** The folded stacks in UTF-8; weights are whole samples, or whole nanoseconds. */
export function* foldedStacks(profile: Profile, weight: Weight): Generator<Uint8Array> {
  const out = new JsonBytes();
  const tree = new CallTree(profile);
  const names = Array.from({ length: profile.funcs.length }, (_, func) =>
    folded(funcPlace(profile, func).name),
  );
  for (const thread of profile.threads) {
    const start = profile.threads.length > 1 ? [folded(thread.name)] : [];
    const { stacks, weights } = weighStacks(profile, thread, weight);
    const self = new Float64Array(tree.length);
    for (const [i, stack] of stacks.entries()) {
      const node = tree.nodeOf[stack] as number;
      self[node] = (self[node] as number) + (weights[i] as number);
    }
    let paths = 0;
    for (const [node, weight] of self.entries()) {
      if (weight === 0) continue;
      const path = tree.path(node).map((func) => names[func]);
      out.raw(`${[...start, ...path].join(';')} ${weight}\n`);
      if (++paths % BATCH === 0) yield* out.take();
    }
  }
  yield* out.finish();
}

/** A name without what ends a frame or a line in this format. */
function folded(name: string): string {
  return name.replaceAll(';', ':').replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}

/** Call paths with two weights, `main;parse 12 15`: the input of differential flame graphs. */
export function* foldedDiff(changes: readonly PathChange[]): Generator<Uint8Array> {
  const out = new JsonBytes();
  for (const [i, { path, before, after }] of changes.entries()) {
    out.raw(`${path.map(folded).join(';')} ${Math.round(before)} ${Math.round(after)}\n`);
    if (i % BATCH === 0) yield* out.take();
  }
  yield* out.finish();
}
