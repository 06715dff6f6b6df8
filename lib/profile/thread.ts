import { MarkerTable } from './marker-table.js';
import { type Milliseconds, SampleTable } from './sample-table.js';

export interface ThreadOptions {
  readonly name: string;
  /** Shown as the process id. Not a number of the operating system's unless you make it one. */
  readonly pid?: string;
  /** Unique in the profile; by default the thread's index. */
  readonly tid?: number | string;
  readonly isMainThread?: boolean;
  readonly processName?: string;
  /** Milliseconds since the profile's start. */
  readonly startMs?: Milliseconds;
}

/** One thread of a recording: its samples and markers. All else is shared by the whole profile. */
export class Thread {
  readonly name: string;
  readonly pid: string;
  readonly tid: number | string;
  readonly isMainThread: boolean;
  readonly processName: string | undefined;
  readonly startMs: Milliseconds;
  samples = new SampleTable();
  markers = new MarkerTable();
  #endMs: Milliseconds | undefined;

  constructor(options: ThreadOptions, index: number) {
    this.name = options.name;
    this.pid = options.pid ?? '0';
    this.tid = options.tid ?? index;
    this.isMainThread = options.isMainThread ?? index === 0;
    this.processName = options.processName;
    this.startMs = options.startMs ?? 0;
  }

  /** Milliseconds since the profile's start; undefined while the thread is still being recorded. */
  get endMs(): Milliseconds | undefined {
    return this.#endMs;
  }

  /** Notes the end of the recording, moved to the last sample if that is later. */
  end(timeMs: Milliseconds): void {
    if (!Number.isFinite(timeMs)) throw new RangeError(`expected a finite time, got ${timeMs}`);
    const { time } = this.samples;
    const lastMs = time.length > 0 ? time.get(time.length - 1) : this.startMs;
    this.#endMs = Math.max(timeMs, lastMs, this.startMs);
  }
}
