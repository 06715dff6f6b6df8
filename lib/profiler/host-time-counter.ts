import type { Counter } from '../profile/counter.js';
import type { Profile } from '../profile/profile.js';
import type { HostCall } from './host-calls.js';

/**
 * Adds the counter of the time in host calls. It has a reading at both ends of each interval of the
 * profile with host calls in it, not one for each call, of which there may be millions, and one just after, since
 * readers draw a line from each reading to the next.
 */
export function addHostTimeCounter(profile: Profile, calls: readonly HostCall[]): void {
  if (calls.length === 0) return;
  const counter = profile.addCounter({
    name: 'host-call time',
    description: 'Share of the time that the guest spent in host calls',
    unit: 'milliseconds',
    graph: 'rate',
    color: 'yellow',
  });
  const sum = new StepSum(counter, profile.intervalMs);
  for (const { startMs, endMs } of calls) sum.add(startMs, endMs);
  sum.end();
}

/** Share of a step in which the track falls. */
const FALL = 1e-3;

/** Adds times up, in steps. */
class StepSum {
  readonly #counter: Counter;
  readonly #stepMs: number;
  /** The step that the sum is in. */
  #step = -1;
  #sumMs = 0;

  constructor(counter: Counter, stepMs: number) {
    this.#counter = counter;
    this.#stepMs = stepMs;
  }

  /** Spans come in order and don't overlap. */
  add(startMs: number, endMs: number): void {
    const first = Math.floor(startMs / this.#stepMs);
    const last = Math.floor(endMs / this.#stepMs);
    this.#goTo(first);
    if (last > first) {
      this.#sumMs += (first + 1) * this.#stepMs - startMs;
      this.#close();
      this.#sumMs += (last - first - 1) * this.#stepMs;
      this.#step = last - 1;
      this.#goTo(last);
      this.#sumMs += endMs - last * this.#stepMs;
    } else {
      this.#sumMs += endMs - startMs;
    }
  }

  /** No host call comes any more. */
  end(): void {
    this.#close();
    this.#fall();
  }

  #goTo(step: number): void {
    if (step === this.#step) return;
    this.#close();
    // No host call in between.
    if (step > this.#step + 1) this.#fall();
    this.#note(step * this.#stepMs);
    this.#step = step;
  }

  /** Notes the sum at the end of its step. */
  #close(): void {
    if (this.#step >= 0) this.#note((this.#step + 1) * this.#stepMs);
  }

  /** Has the track of the rate fall where a run of steps ends. */
  #fall(): void {
    const { length, time } = this.#counter;
    if (length > 0) this.#note(time.get(length - 1) + this.#stepMs * FALL);
  }

  #note(timeMs: number): void {
    const { length, time } = this.#counter;
    // The end of one step is the start of the next.
    if (length > 0 && time.get(length - 1) === timeMs) return;
    this.#counter.push(timeMs, this.#sumMs);
  }
}
