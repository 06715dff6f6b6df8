import { CallTree } from './call-tree.js';
import { funcPlace } from './func-place.js';
import { functionWeights } from './hot-functions.js';
import type { Profile } from './profile.js';
import { type Weight, weighStacks } from './sample-weight.js';
import type { Thread } from './thread.js';

/** A profile and those of its threads that count. */
export interface ComparedProfile {
  readonly profile: Profile;
  readonly threads: readonly Thread[];
}

/** What a function weighed before and after. Functions are the same by name and module. */
export interface FunctionChange {
  readonly name: string;
  readonly module: string | undefined;
  readonly file: string | undefined;
  readonly selfBefore: number;
  readonly selfAfter: number;
  readonly totalBefore: number;
  readonly totalAfter: number;
}

/** Functions by how much their own weight changed, in either direction. */
export function functionChanges(
  before: ComparedProfile,
  after: ComparedProfile,
  weight: Weight,
): FunctionChange[] {
  const changes = new Map<string, FunctionChange>();
  for (const [side, { profile, threads }] of [before, after].entries()) {
    for (const { func, self, total } of functionWeights(profile, threads, weight)) {
      const { name, module, file } = funcPlace(profile, func);
      const key = `${name}\0${module ?? ''}`;
      const known = changes.get(key);
      const was = known ?? {
        ...{ name, module, file },
        ...{ selfBefore: 0, selfAfter: 0, totalBefore: 0, totalAfter: 0 },
      };
      // Functions of one name in one module can't be told apart across two files: they add up.
      changes.set(
        key,
        side === 0
          ? { ...was, selfBefore: was.selfBefore + self, totalBefore: was.totalBefore + total }
          : { ...was, selfAfter: was.selfAfter + self, totalAfter: was.totalAfter + total },
      );
    }
  }
  const changeOf = (change: FunctionChange) => Math.abs(change.selfAfter - change.selfBefore);
  return [...changes.values()].sort(
    (a, b) => changeOf(b) - changeOf(a) || b.selfAfter - a.selfAfter || (a.name < b.name ? -1 : 1),
  );
}

/** What call paths weighed before and after: the input of a differential flame graph. */
export interface PathChange {
  /** Names, outermost first. */
  readonly path: readonly string[];
  readonly before: number;
  readonly after: number;
}

/** All call paths of either profile that ran themselves, by their names. */
export function pathChanges(
  before: ComparedProfile,
  after: ComparedProfile,
  weight: Weight,
): PathChange[] {
  const changes = new Map<string, { path: readonly string[]; before: number; after: number }>();
  for (const [side, compared] of [before, after].entries()) {
    for (const { path, self } of selfPaths(compared, weight)) {
      const key = path.join('\0');
      const change = changes.get(key) ?? { path, before: 0, after: 0 };
      if (side === 0) change.before += self;
      else change.after += self;
      changes.set(key, change);
    }
  }
  return [...changes.values()];
}

/** All call paths that ran themselves, by names, outermost first. */
export function selfPaths(
  { profile, threads }: ComparedProfile,
  weight: Weight,
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
      path: tree.path(node).map((func) => funcPlace(profile, func).name),
      self,
    }));
}
