import { Float64Log, Int32Log, Uint8Log } from '../profile/column.js';
import type { MarkerIndex } from '../profile/marker-table.js';
import type { Milliseconds } from '../profile/sample-table.js';
import type { Lane } from './lanes.js';

/** When host functions called back into the guest, and when that returned to them. */
export class GuestCalls {
  readonly lane = new Int32Log();
  /** The number of markers that there were before. */
  readonly row = new Int32Log();
  /** Milliseconds since the profile's start. */
  readonly time = new Float64Log();
  /** 1 where a call begins, 0 where it ends. */
  readonly begins = new Uint8Log();

  get length(): number {
    return this.row.length;
  }

  push(lane: Lane, row: MarkerIndex, timeMs: Milliseconds, begins: boolean): void {
    this.lane.push(lane);
    this.row.push(row);
    this.time.push(timeMs);
    this.begins.push(begins ? 1 : 0);
  }
}
