import type { CategoryColor } from './category.js';
import { Float64Log } from './column.js';
import type { Milliseconds } from './sample-table.js';

export type CounterUnit = 'bytes' | 'number' | 'milliseconds';

export interface CounterOptions {
  /** The title of its track. */
  readonly name: string;
  readonly description?: string;
  /** What it counts: bytes, or anything. Milliseconds, shown as a rate, are a share of the time. */
  readonly unit?: CounterUnit;
  /** How its track is drawn: the number itself, or how fast it grows. */
  readonly graph?: 'level' | 'rate';
  /** Of a level: it keeps a reading until the next one. Readers draw a slope between two readings. */
  readonly steps?: boolean;
  readonly color?: CategoryColor;
}

/** A number that was looked at again and again: the guest's memory, its fuel, or anything of yours. */
export class Counter {
  readonly name: string;
  readonly description: string;
  readonly unit: CounterUnit;
  readonly graph: 'level' | 'rate';
  readonly color: CategoryColor;
  readonly #steps: boolean;
  /** Milliseconds since the profile's start, never falling. */
  readonly time = new Float64Log();
  /** The number itself; the Firefox format has differences, which its writer makes. */
  readonly value = new Float64Log();

  constructor(options: CounterOptions) {
    this.name = options.name;
    this.description = options.description ?? '';
    this.unit = options.unit ?? 'number';
    this.graph = options.graph ?? 'level';
    this.color = options.color ?? 'blue';
    this.#steps = options.steps ?? false;
  }

  get length(): number {
    return this.time.length;
  }

  /** Adds a reading. A time before the last one's becomes the last one's. */
  push(timeMs: Milliseconds, value: number): void {
    if (!Number.isFinite(timeMs)) throw new RangeError(`expected a finite time, got ${timeMs}`);
    if (!Number.isFinite(value)) throw new RangeError(`expected a finite number, got ${value}`);
    this.end(timeMs);
    this.#push(timeMs, value);
  }

  /** A step goes on until this time: that of the next reading, or of the profile's end. */
  end(timeMs: Milliseconds): void {
    if (this.#steps && this.length > 0) this.#push(timeMs, this.value.get(this.length - 1));
  }

  #push(timeMs: Milliseconds, value: number): void {
    const last = this.length > 0 ? this.time.get(this.length - 1) : timeMs;
    this.time.push(Math.max(last, timeMs));
    this.value.push(value);
  }
}
