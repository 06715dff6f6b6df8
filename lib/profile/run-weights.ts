import { functionWeights } from './hot-functions.js';
import type { MatchedFunction } from './match-functions.js';
import type { Profile } from './profile.js';
import { sampleWeights, type Weight } from './sample-weight.js';
import { isSampledByCpuTime } from './sampling.js';
import type { Thread } from './thread.js';

/** What functions weighed in each run, by row of the {@link MatchedFunction}s. */
export interface RunWeights {
  readonly self: readonly Float64Array[];
  readonly total: readonly Float64Array[];
}

/**
 * One side of matched functions in one profile's runs.
 *
 * The CPU time of a run is known exactly, and so is shared out by its samples where each was as likely: on a busy
 * machine, one sample that comes after many that were missed would else count for all of them.
 */
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
  const isShared = weight === 'cpu' && isSampledByCpuTime(profile);
  const empty = () => functions.map(() => new Float64Array(runs.length));
  const weights = { self: empty(), total: empty() };
  for (const [run, threads] of runs.entries()) {
    for (const group of isShared ? threads.map((thread) => [thread]) : [threads]) {
      const worth = isShared ? cpuOfSample(profile, group[0] as Thread) : 1;
      for (const { func, self, total } of functionWeights(
        profile,
        group,
        isShared ? 'samples' : weight,
      )) {
        const row = rowOf[func] as number;
        add(weights.self[row], run, self * worth);
        add(weights.total[row], run, total * worth);
      }
    }
  }
  return weights;
}

/** The mean of a thread's samples, in nanoseconds. */
function cpuOfSample(profile: Profile, thread: Thread): number {
  const { length } = thread.samples;
  const weightOf = sampleWeights(profile, thread, 'cpu');
  let sum = 0;
  for (let sample = 0; sample < length; sample++) sum += weightOf(sample);
  return sum / Math.max(1, length);
}

function add(row: Float64Array | undefined, run: number, weight: number): void {
  if (row !== undefined) row[run] = (row[run] as number) + weight;
}
