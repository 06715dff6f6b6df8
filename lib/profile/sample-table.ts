import { Float64Log, Int32Log } from './column.js';
import { NO_STACK, type StackIndex } from './stack-table.js';

/** A row of a thread's sample table. */
export type SampleIndex = number;

/** A duration or a point in time in milliseconds, fractional, as `performance.now()` gives them. */
export type Milliseconds = number;

/**
 * What the sampler saw: 20 bytes a sample (and no weight: each counts once).
 */
export class SampleTable {
  /** The stack, or `NO_STACK` for a sample that saw no allowed frame. */
  readonly stack = new Int32Log();
  /** Milliseconds since the profile's start, never falling. */
  readonly time = new Float64Log();
  /** Milliseconds of CPU time that the thread used since the sample before. */
  readonly cpuDelta = new Float64Log();
  #lastTime = Number.NEGATIVE_INFINITY;

  get length(): number {
    return this.stack.length;
  }

  /**
   * Appends a sample. A time before the last sample's (clocks of two sources can disagree by a few
   * nanoseconds) becomes the last sample's, since readers search the column by halving.
   */
  push(stack: StackIndex, timeMs: Milliseconds, cpuDeltaMs: Milliseconds): SampleIndex {
    if (!Number.isFinite(timeMs)) throw new RangeError(`expected a finite time, got ${timeMs}`);
    if (!(cpuDeltaMs >= 0 && cpuDeltaMs < Infinity)) {
      throw new RangeError(`expected a CPU delta of at least 0 ms, got ${cpuDeltaMs}`);
    }
    if (timeMs > this.#lastTime) this.#lastTime = timeMs;
    this.time.push(this.#lastTime);
    this.cpuDelta.push(cpuDeltaMs);
    return this.stack.push(stack < 0 ? NO_STACK : stack);
  }
}
