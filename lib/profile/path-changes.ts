import { CallTree } from './call-tree.js';
import type { ComparedProfile } from './diff.js';
import { funcPlace } from './func-place.js';
import type { FuncIndex } from './func-table.js';
import { matchFunctions } from './match-functions.js';
import { runsOf } from './runs.js';
import { type Weight, weighStacks } from './sample-weight.js';
import { NO_STACK } from './stack-table.js';

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
  const { tree, self } = selfNodes({ profile, threads }, weight);
  return [...self.entries()]
    .filter(([, weight]) => weight > 0)
    .map(([node, self]) => ({
      path: tree.path(node).map((func) => renamed?.get(func) ?? funcPlace(profile, func).name),
      self,
    }));
}

/** The end of a call path, its newest frames. */
export interface PathEnd {
  /** Names, outermost first. */
  readonly path: readonly string[];
  /** There is no more of it. */
  readonly isWhole: boolean;
  readonly self: number;
}

/** The `count` call paths that ran most themselves, the newest `frames` of each, and what all ran. */
export function heaviestPaths(
  compared: ComparedProfile,
  weight: Weight,
  count: number,
  frames: number,
): { readonly paths: readonly PathEnd[]; readonly whole: number } {
  const { tree, self } = selfNodes(compared, weight);
  const whole = self.reduce((sum, weight) => sum + weight, 0);
  const nodes = [...self.keys()].filter((node) => (self[node] as number) > 0);
  const heaviest = nodes.sort((a, b) => (self[b] as number) - (self[a] as number)).slice(0, count);
  const paths = heaviest.map((newest) => {
    const path: string[] = [];
    let node = newest;
    for (; node !== NO_STACK && path.length < frames; node = tree.prefix(node)) {
      path.push(funcPlace(compared.profile, tree.func(node)).name);
    }
    return { path: path.reverse(), isWhole: node === NO_STACK, self: self[newest] as number };
  });
  return { paths, whole };
}

/** What each node of a call tree ran itself. */
function selfNodes(
  { profile, threads }: ComparedProfile,
  weight: Weight,
): { tree: CallTree; self: Float64Array } {
  const tree = new CallTree(profile);
  const self = new Float64Array(tree.length);
  for (const thread of threads) {
    const { stacks, weights } = weighStacks(profile, thread, weight);
    for (const [i, stack] of stacks.entries()) {
      const node = tree.nodeOf[stack] as number;
      self[node] = (self[node] as number) + (weights[i] as number);
    }
  }
  return { tree, self };
}
