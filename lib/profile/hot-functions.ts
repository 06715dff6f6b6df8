import { type FuncIndex, UNKNOWN_LINE } from './func-table.js';
import type { Profile } from './profile.js';
import { totalsByKey, weightOfStacks } from './sample-totals.js';
import type { Weight } from './sample-weight.js';
import { NO_STACK } from './stack-table.js';
import type { Thread } from './thread.js';

/** How often samples saw a function. */
export interface HotFunction {
  readonly func: FuncIndex;
  /** Samples in which it was the innermost frame: it ran itself. */
  readonly selfSamples: number;
  /** Samples in which it was anywhere on the stack, counted once each however often it recursed. */
  readonly totalSamples: number;
}

/** What samples of a function weigh: a number of them, or nanoseconds. */
export interface FunctionWeight {
  readonly func: FuncIndex;
  readonly self: number;
  readonly total: number;
}

/** {@link functionWeights} by number of samples. */
export function hotFunctions(profile: Profile, thread: Thread): HotFunction[] {
  return functionWeights(profile, [thread], 'samples').map(({ func, self, total }) => ({
    func,
    selfSamples: self,
    totalSamples: total,
  }));
}

/**
 * The functions of some threads' samples, hottest first: by self weight, then by total weight, then by
 * index, which is the order of the Firefox Profiler's own list.
 *
 * Costs a pass over the samples and one over the stack table, whatever the depth.
 */
export function functionWeights(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
): FunctionWeight[] {
  const weightOf = weightOfStacks(profile, threads, weight);
  const self = new Float64Array(profile.funcs.length);
  const funcOf = funcOfStacks(profile);
  for (const [stack, count] of weightOf.entries()) {
    const func = funcOf[stack] ?? 0;
    self[func] = (self[func] ?? 0) + count;
  }
  const total = totalsByKey(profile, funcOf, profile.funcs.length, weightOf);

  const hot: FunctionWeight[] = [];
  for (const [func, sum] of total.entries()) {
    if (sum > 0) hot.push({ func, self: self[func] ?? 0, total: sum });
  }
  return hot.sort((a, b) => b.self - a.self || b.total - a.total || a.func - b.func);
}

/** For each stack, the function of its newest frame. */
export function funcOfStacks(profile: Profile): Int32Array {
  const funcOfFrame = profile.frames.func.view();
  return profile.stacks.frame.view().map((frame) => funcOfFrame[frame] ?? 0);
}

/**
 * For each function, the line on which most samples found it running itself; functions without one, or
 * without lines, are absent.
 */
export function hottestLines(profile: Profile, thread: Thread): Map<FuncIndex, number> {
  const { stacks, frames } = profile;
  const self = new Int32Array(frames.length);
  for (const rows of thread.samples.stack.segments()) {
    for (const stack of rows) {
      if (stack === NO_STACK) continue;
      const frame = stacks.frame.get(stack);
      self[frame] = (self[frame] ?? 0) + 1;
    }
  }
  // A line has a frame for each of its addresses.
  const ofLine = new Map<FuncIndex, Map<number, number>>();
  for (const [frame, samples] of self.entries()) {
    const line = frames.line.get(frame);
    if (samples === 0 || line === UNKNOWN_LINE) continue;
    const func = frames.func.get(frame);
    const lines = ofLine.get(func) ?? new Map<number, number>();
    ofLine.set(func, lines.set(line, (lines.get(line) ?? 0) + samples));
  }
  const hottest = new Map<FuncIndex, number>();
  for (const [func, lines] of ofLine) {
    const [first] = [...lines].sort(([a, most], [b, more]) => more - most || a - b);
    if (first !== undefined) hottest.set(func, first[0]);
  }
  return hottest;
}
