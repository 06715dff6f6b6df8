import { Float64Column } from './column.js';
import type { Profile } from './profile.js';
import { NO_STACK } from './stack-table.js';
import type { Thread } from './thread.js';

/** What a sample counts for: 1, or the wall or CPU time since the sample before it. */
export const WEIGHTS = ['samples', 'wall', 'cpu'] as const;
/** What counts in a format that has one number for a sample: samples, milliseconds of time, or of CPU time. */
export type Weight = (typeof WEIGHTS)[number];

/** Milliseconds to nanoseconds. */
const NANOS_PER_MS = 1e6;

/**
 * The weight of each sample of a thread: 1, or whole nanoseconds.
 *
 * A sample stands for the time *before* it, as its CPU delta does. Of samples by callbacks of the user's, the time of
 * a host call so goes to the function that runs when it returns; recorders tell of it by a sample without frames. The
 * first sample's wall time is one interval, or less if the thread hadn't run for so long.
 */
export function sampleWeights(
  profile: Profile,
  thread: Thread,
  weight: Weight,
): (sample: number) => number {
  const { time, cpuDelta } = thread.samples;
  switch (weight) {
    case 'samples':
      return () => 1;
    case 'cpu':
      return (sample) => Math.round(cpuDelta.get(sample) * NANOS_PER_MS);
    case 'wall':
      return (sample) => {
        const end = time.get(sample);
        const start =
          sample === 0
            ? Math.min(end, Math.max(thread.startMs, end - profile.intervalMs))
            : time.get(sample - 1);
        // The difference of roundings, so that the weights add up to the whole without drift.
        return Math.round(end * NANOS_PER_MS) - Math.round(start * NANOS_PER_MS);
      };
  }
}

/** What all samples with the same stack weigh together, in the order in which stacks appear first. */
export interface StackWeights {
  readonly stacks: Int32Array;
  readonly weights: Float64Array;
}

/** Adds the samples of a thread up by stack; those without a frame are left out. */
export function weighStacks(profile: Profile, thread: Thread, weight: Weight): StackWeights {
  const weightOf = sampleWeights(profile, thread, weight);
  const rowOf = new Int32Array(profile.stacks.length).fill(NO_STACK);
  const stacks: number[] = [];
  const weights = new Float64Column();
  let sample = 0;
  for (const segment of thread.samples.stack.segments()) {
    for (const stack of segment) {
      const added = weightOf(sample++);
      if (stack === NO_STACK) continue;
      const row = rowOf[stack] as number;
      if (row === NO_STACK) {
        rowOf[stack] = weights.push(added);
        stacks.push(stack);
      } else {
        weights.set(row, weights.get(row) + added);
      }
    }
  }
  return { stacks: Int32Array.from(stacks), weights: weights.view() };
}
