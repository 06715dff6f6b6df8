import { type FuncIndex, UNKNOWN_LINE } from './func-table.js';
import type { Profile } from './profile.js';
import { type Weight, weighStacks } from './sample-weight.js';
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
  const total = new Float64Array(profile.funcs.length);
  const funcOf = funcOfStacks(profile);
  for (const [stack, count] of weightOf.entries()) {
    const func = funcOf[stack] ?? 0;
    self[func] = (self[func] ?? 0) + count;
  }
  addTotals(profile, funcOf, weightOf, total);

  const hot: FunctionWeight[] = [];
  for (const [func, sum] of total.entries()) {
    if (sum > 0) hot.push({ func, self: self[func] ?? 0, total: sum });
  }
  return hot.sort((a, b) => b.self - a.self || b.total - a.total || a.func - b.func);
}

/** Weights by stack. */
function weightOfStacks(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
): Float64Array {
  const sums = new Float64Array(profile.stacks.length);
  for (const thread of threads) {
    const { stacks, weights } = weighStacks(profile, thread, weight);
    for (const [i, stack] of stacks.entries()) {
      sums[stack] = (sums[stack] ?? 0) + (weights[i] as number);
    }
  }
  return sums;
}

function funcOfStacks(profile: Profile): Int32Array {
  const funcOfFrame = profile.frames.func.view();
  return profile.stacks.frame.view().map((frame) => funcOfFrame[frame] ?? 0);
}

/**
 * Adds to each function the samples below its outermost occurrences. Whether an occurrence is the
 * outermost is known on the way down the tree, so this walks it depth first; with links instead of
 * recursion, since a stack may be as deep as the guest's own.
 */
function addTotals(
  profile: Profile,
  funcOf: Int32Array,
  samplesOf: Float64Array,
  total: Float64Array,
): void {
  const prefixOf = profile.stacks.prefix.view();
  const { length } = prefixOf;
  const below = samplesOf.slice();
  // Row + 1, with 0 for none; the roots hang below row `length`.
  const firstChild = new Int32Array(length + 1);
  const nextSibling = new Int32Array(length);
  for (let row = length - 1; row >= 0; row--) {
    const prefix = prefixOf[row] ?? NO_STACK;
    const parent = prefix === NO_STACK ? length : prefix;
    nextSibling[row] = firstChild[parent] ?? 0;
    firstChild[parent] = row + 1;
    // Children have higher rows, so by now this row's own sum is whole.
    if (prefix !== NO_STACK) below[prefix] = (below[prefix] ?? 0) + (below[row] ?? 0);
  }

  const onPath = new Int32Array(total.length);
  let row = (firstChild[length] ?? 0) - 1;
  while (row >= 0) {
    const func = funcOf[row] ?? 0;
    if (onPath[func] === 0) total[func] = (total[func] ?? 0) + (below[row] ?? 0);
    onPath[func] = (onPath[func] ?? 0) + 1;
    let next = (firstChild[row] ?? 0) - 1;
    while (next < 0 && row !== NO_STACK) {
      const leaving = funcOf[row] ?? 0;
      onPath[leaving] = (onPath[leaving] ?? 0) - 1;
      next = (nextSibling[row] ?? 0) - 1;
      row = prefixOf[row] ?? NO_STACK;
    }
    row = next;
  }
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
