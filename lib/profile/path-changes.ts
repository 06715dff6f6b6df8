import { CallTree } from './call-tree.js';
import type { ComparedProfile } from './diff.js';
import { funcPlace } from './func-place.js';
import type { FuncIndex } from './func-table.js';
import { matchFunctions } from './match-functions.js';
import { runsOf } from './runs.js';
import { type Weight, weighStacks } from './sample-weight.js';

/** What call paths weighed before and after: the input of a differential flame graph. */
export interface PathChange {
  /** Names, outermost first; of what is called otherwise now, the name after. */
  readonly path: readonly string[];
  /** The mean of the runs. */
  readonly before: number;
  readonly after: number;
}

/** All call paths of either profile that ran themselves, by the names of functions. */
export function pathChanges(
  before: ComparedProfile,
  after: ComparedProfile,
  weight: Weight,
  map?: ReadonlyMap<string, string>,
): PathChange[] {
  const renamed = new Map<FuncIndex, string>();
  for (const matched of matchFunctions(before.profile, after.profile, map)) {
    const [recent] = matched.after;
    if (recent === undefined) continue;
    for (const func of matched.before) renamed.set(func, funcPlace(after.profile, recent).name);
  }
  const changes = new Map<string, { path: readonly string[]; before: number; after: number }>();
  for (const [side, compared] of [before, after].entries()) {
    const runs = runsOf(compared.profile, compared.threads).length;
    for (const { path, self } of selfPaths(compared, weight, side === 0 ? renamed : undefined)) {
      const key = path.join('\0');
      const change = changes.get(key) ?? { path, before: 0, after: 0 };
      if (side === 0) change.before += self / runs;
      else change.after += self / runs;
      changes.set(key, change);
    }
  }
  return [...changes.values()];
}

/** All call paths that ran themselves, by names, outermost first. */
export function selfPaths(
  { profile, threads }: ComparedProfile,
  weight: Weight,
  renamed?: ReadonlyMap<FuncIndex, string>,
): { path: string[]; self: number }[] {
  const tree = new CallTree(profile);
  const self = new Float64Array(tree.length);
  for (const thread of threads) {
    const { stacks, weights } = weighStacks(profile, thread, weight);
    for (const [i, stack] of stacks.entries()) {
      const node = tree.nodeOf[stack] as number;
      self[node] = (self[node] as number) + (weights[i] as number);
    }
  }
  return [...self.entries()]
    .filter(([, weight]) => weight > 0)
    .map(([node, self]) => ({
      path: tree.path(node).map((func) => renamed?.get(func) ?? funcPlace(profile, func).name),
      self,
    }));
}
