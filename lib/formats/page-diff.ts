/** A page that compares: the call paths of two profiles by name, and what each weighed before. */

import type { ComparedProfile, ProfileDiff } from '../profile/diff.js';
import { fuelBetweenSamples } from '../profile/fuel.js';
import { pathChanges } from '../profile/path-changes.js';
import type { Weight } from '../profile/sample-weight.js';
import type { PageData, PageFunction } from './page-types.js';

/** What a page shows of two profiles, in one weight. */
export function comparedPageData(
  before: ComparedProfile,
  after: ComparedProfile,
  diff: ProfileDiff,
  map?: ReadonlyMap<string, string>,
): PageData {
  const { weight, byFuel, functions: changes } = diff;
  const tree = new NamedTree();
  for (const { path, before: was, after: is } of pathChanges(before, after, weight, map)) {
    tree.add(path, was, is);
  }
  const told = new Set(
    changes.filter(({ self }) => self.verdict !== 'noise').map(({ name }) => name),
  );
  const { profile } = after;
  const fuel = byFuel ? fuelBetweenSamples(profile) : undefined;
  const zero = tree.after.map(() => 0);
  const alike = <T>(values: T): Record<Weight, T> => ({
    samples: values,
    wall: values,
    cpu: values,
  });
  return {
    name: profile.product,
    intervalMs: profile.intervalMs,
    startTimeUnixMs: profile.startTimeUnixMs,
    ...(fuel !== undefined && { fuel }),
    functions: [
      ...tree.functions,
      ...changes.map(({ name, module, file }) => ({
        name,
        module: module ?? '',
        file: file ?? '',
        line: 0,
      })),
    ],
    categories: [{ name: 'Other', color: 'grey' }],
    threads: [
      {
        name: 'all',
        samples: after.threads.reduce((sum, { samples }) => sum + samples.length, 0),
        startMs: 0,
        durationMs: Math.max(
          0,
          ...after.threads.map(({ endMs, startMs }) => (endMs ?? startMs) - startMs),
        ),
        tree: {
          func: tree.func,
          line: zero,
          prefix: tree.prefix,
          category: zero,
          total: alike(tree.after),
          before: tree.before,
          noise: tree.noise(told),
          left: 0,
        },
        functions: changes.map(({ self, totalAfter }, i) => ({
          func: tree.functions.length + i,
          line: 0,
          self: alike(self.after),
          total: alike(totalAfter),
        })),
        hostCalls: [],
      },
    ],
    counters: [],
    sources: [],
    codes: [],
    // By fuel, CPU time and wall time are the same, and a page has but one of them.
    compared: { name: before.profile.product, weight: fuel && weight === 'cpu' ? 'wall' : weight },
  };
}

/** A call tree of names, with what each node and those that it called weighed before and after. */
class NamedTree {
  readonly functions: PageFunction[] = [];
  readonly func: number[] = [];
  readonly prefix: number[] = [];
  readonly before: number[] = [];
  readonly after: number[] = [];
  readonly #functions = new Map<string, number>();
  readonly #rows = new Map<string, number>();

  add(path: readonly string[], before: number, after: number): void {
    let row = -1;
    for (const name of path) {
      row = this.#row(row, this.#function(name));
      this.before[row] = (this.before[row] as number) + before;
      this.after[row] = (this.after[row] as number) + after;
    }
  }

  /** 1 for what neither changed itself nor called what did. */
  noise(told: ReadonlySet<string>): number[] {
    const noise = this.func.map((func) => (told.has(this.functions[func]?.name ?? '') ? 0 : 1));
    for (let row = noise.length - 1; row >= 0; row--) {
      const prefix = this.prefix[row] as number;
      if (prefix >= 0 && noise[row] === 0) noise[prefix] = 0;
    }
    return noise;
  }

  #function(name: string): number {
    const known = this.#functions.get(name);
    if (known !== undefined) return known;
    this.#functions.set(name, this.functions.length);
    return this.functions.push({ name, module: '', file: '', line: 0 }) - 1;
  }

  #row(prefix: number, func: number): number {
    const key = `${prefix} ${func}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.func.push(func) - 1;
    this.prefix.push(prefix);
    this.before.push(0);
    this.after.push(0);
    this.#rows.set(key, row);
    return row;
  }
}
