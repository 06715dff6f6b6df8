/**
 * V8's CPU profile, which Chrome's DevTools, VS Code and many tools read: a call tree and, for each
 * sample, its node and a time.
 *
 * Facts: `Profiler.Profile` of the Chrome DevTools Protocol. Readers give a sample the time until the
 * next one, and our samples stand for the time before them (see `sample-weight.ts`): so each begins
 * where the one before ended, and one more sample of the root ends the last.
 */

import { type CallNode, CallTree } from '../profile/call-tree.js';
import { funcPlace } from '../profile/func-place.js';
import { type FuncIndex, UNKNOWN_LINE } from '../profile/func-table.js';
import type { Profile } from '../profile/profile.js';
import { sampleWeights, type Weight, weighStacks } from '../profile/sample-weight.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { JsonBytes } from './json-bytes.js';
import { writeColumn } from './json-table.js';

/** Node ids: the root, time without a wasm frame, and then the nodes of the tree. */
const ROOT_ID = 1;
const PROGRAM_ID = 2;
const FIRST_ID = 3;

const NANOS_PER_US = 1000;
const NANOS_PER_MS = 1e6;

/**
 * One thread as V8's CPU profile, in microseconds; of weight `samples`, each sample lasts as long as the
 * profile's interval.
 */
export function* cpuProfile(
  profile: Profile,
  weight: Weight,
  thread: Thread,
): Generator<Uint8Array> {
  const out = new JsonBytes();
  const tree = new CallTree(profile);
  const children = childrenOf(tree);
  const hits = hitsOf(profile, tree, thread);
  out.raw('{"nodes":');
  yield* writeColumn(out, FIRST_ID - 1 + tree.length, (row) => {
    const id = row + 1;
    if (id === ROOT_ID) {
      out.value(specialNode(id, '(root)', 0, [PROGRAM_ID, ...(children.get(NO_STACK) ?? [])]));
    } else if (id === PROGRAM_ID) {
      out.value(specialNode(id, '(program)', hits.none, []));
    } else {
      const node = id - FIRST_ID;
      out.value({
        id,
        callFrame: callFrame(profile, tree.func(node)),
        hitCount: hits.count[node],
        ...withAny('children', children.get(node)),
        ...withAny('positionTicks', hits.lines.get(node)),
      });
    }
  });
  out.raw(',"startTime":0,');
  yield* writeSamples(out, profile, tree, thread, weight);
  out.raw('}');
  yield* out.finish();
}

function specialNode(id: number, functionName: string, hitCount: number, children: number[]) {
  const nowhere = { scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };
  return {
    id,
    callFrame: { functionName, ...nowhere },
    hitCount,
    ...withAny('children', children),
  };
}

function withAny<T>(key: string, values: readonly T[] | undefined): Record<string, readonly T[]> {
  return values === undefined || values.length === 0 ? {} : { [key]: values };
}

/** Lines and columns count from 0 here. */
function callFrame(profile: Profile, func: FuncIndex): Record<string, string | number> {
  const { name, module, file, line, column } = funcPlace(profile, func);
  return {
    functionName: name,
    // Readers tell the functions of one name apart by script and line only.
    scriptId: `${func + 1}`,
    url: file ?? module ?? '',
    lineNumber: (line ?? 0) - 1,
    // Of a line that is known, the first column is better than none.
    columnNumber: (column ?? (line === undefined ? 0 : 1)) - 1,
  };
}

/** The ids of each node's children; under `NO_STACK`, those of the roots. */
function childrenOf(tree: CallTree): Map<CallNode, number[]> {
  const children = new Map<CallNode, number[]>();
  for (let node = 0; node < tree.length; node++) {
    const siblings = children.get(tree.prefix(node));
    if (siblings === undefined) children.set(tree.prefix(node), [node + FIRST_ID]);
    else siblings.push(node + FIRST_ID);
  }
  return children;
}

/** Samples by node, and by the lines on which they found it. */
interface Hits {
  readonly count: Int32Array;
  /** Samples without a frame. */
  readonly none: number;
  readonly lines: ReadonlyMap<CallNode, { line: number; ticks: number }[]>;
}

function hitsOf(profile: Profile, tree: CallTree, thread: Thread): Hits {
  const { stacks, frames } = profile;
  const count = new Int32Array(tree.length);
  const lines = new Map<CallNode, { line: number; ticks: number }[]>();
  const weighed = weighStacks(profile, thread, 'samples');
  let some = 0;
  for (const [i, stack] of weighed.stacks.entries()) {
    const node = tree.nodeOf[stack] as number;
    const ticks = weighed.weights[i] as number;
    count[node] = (count[node] as number) + ticks;
    some += ticks;
    const line = frames.line.get(stacks.frame.get(stack));
    if (line === UNKNOWN_LINE) continue;
    const known = lines.get(node) ?? [];
    const same = known.find((tick) => tick.line === line);
    if (same === undefined) lines.set(node, [...known, { line, ticks }]);
    else same.ticks += ticks;
  }
  return { count, none: thread.samples.length - some, lines };
}

function* writeSamples(
  out: JsonBytes,
  profile: Profile,
  tree: CallTree,
  thread: Thread,
  weight: Weight,
): Generator<Uint8Array> {
  const { stack, length } = thread.samples;
  const weightOf = sampleWeights(profile, thread, weight);
  const unitNanos = weight === 'samples' ? profile.intervalMs * NANOS_PER_MS : 1;
  let nanos = 0;
  for (let sample = 0; sample < length; sample++) nanos += weightOf(sample) * unitNanos;
  out.raw(`"endTime":${nanos / NANOS_PER_US},"samples":`);
  yield* writeColumn(out, length + 1, (sample) => {
    const row = sample === length ? NO_STACK : stack.get(sample);
    if (row !== NO_STACK) out.int((tree.nodeOf[row] as number) + FIRST_ID);
    else out.int(sample === length ? ROOT_ID : PROGRAM_ID);
  });
  // From the sample before to this one: the weight of the one before.
  out.raw(',"timeDeltas":');
  yield* writeColumn(out, length + 1, (sample) => {
    out.value(sample === 0 ? 0 : (weightOf(sample - 1) * unitNanos) / NANOS_PER_US);
  });
}
