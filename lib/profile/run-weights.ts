import { functionWeights } from './hot-functions.js';
import type { MatchedFunction } from './match-functions.js';
import type { Profile } from './profile.js';
import type { Weight } from './sample-weight.js';
import type { Thread } from './thread.js';

/** What functions weighed in each run, by row of the {@link MatchedFunction}s. */
export interface RunWeights {
  readonly self: readonly Float64Array[];
  readonly total: readonly Float64Array[];
}

/** One side of matched functions in one profile's runs. */
export function weighRuns(
  profile: Profile,
  runs: readonly (readonly Thread[])[],
  functions: readonly MatchedFunction[],
  side: 'before' | 'after',
  weight: Weight,
): RunWeights {
  const rowOf = new Int32Array(profile.funcs.length).fill(-1);
  for (const [row, matched] of functions.entries()) {
    for (const func of matched[side]) rowOf[func] = row;
  }
  const empty = () => functions.map(() => new Float64Array(runs.length));
  const weights = { self: empty(), total: empty() };
  for (const [run, threads] of runs.entries()) {
    for (const { func, self, total } of functionWeights(profile, threads, weight)) {
      const row = rowOf[func] as number;
      add(weights.self[row], run, self);
      add(weights.total[row], run, total);
    }
  }
  return weights;
}

function add(row: Float64Array | undefined, run: number, weight: number): void {
  if (row !== undefined) row[run] = (row[run] as number) + weight;
}
