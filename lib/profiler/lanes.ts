import type { MarkerKind, MarkerTable } from '../profile/marker-table.js';
import type { Milliseconds } from '../profile/sample-table.js';
import type { StackIndex } from '../profile/stack-table.js';

/** The store that a marker is of: a number for each time that a recorder was attached. */
export type Lane = number;

/**
 * Host calls and suspensions as they are told of. While a guest is suspended others run, so that their host
 * calls overlap, and only those of one lane are nested:
 *
 * ```
 * lane 1   [ fetch ···· suspended ···· ]
 * lane 2              [ read ]   [ fetch ···
 * ```
 */
export class Lanes {
  readonly #markers: MarkerTable;
  readonly #hostCall: MarkerKind;
  /** Made for the first one. */
  readonly #suspended: () => MarkerKind;
  /** Rows of the markers of open host calls. */
  readonly #open = new Map<Lane, number[]>();
  /** Of all lanes, in order. */
  readonly #allOpen: number[] = [];
  readonly #suspensions = new Map<Lane, number>();
  /** A guest that goes on: for good, if anything is told of it before it is suspended again. */
  #resumed: { readonly lane: Lane; readonly timeMs: Milliseconds } | undefined;
  readonly #laneOf = new Map<number, Lane>();

  constructor(markers: MarkerTable, hostCall: MarkerKind, suspended: () => MarkerKind) {
    this.#markers = markers;
    this.#hostCall = hostCall;
    this.#suspended = suspended;
  }

  /** The lane of a marker of a host call or suspension. */
  laneOf(row: number): Lane {
    return this.#laneOf.get(row) ?? 1;
  }

  hostCallBegins(lane: Lane, timeMs: Milliseconds, cause: StackIndex): void {
    const row = this.#remember(
      lane,
      this.#markers.pushIntervalStart(this.#hostCall, timeMs, cause),
    );
    const open = this.#open.get(lane);
    if (open === undefined) this.#open.set(lane, [row]);
    else open.push(row);
    this.#allOpen.push(row);
  }

  hostCallEnds(lane: Lane, timeMs: Milliseconds): void {
    const open = this.#open.get(lane);
    const row = open?.pop();
    if (open?.length === 0) this.#open.delete(lane);
    const place = row === undefined ? -1 : this.#allOpen.lastIndexOf(row);
    const isNewest = place === this.#allOpen.length - 1;
    if (place >= 0) this.#allOpen.splice(place, 1);
    // Readers pair an end with the newest start, which may be another lane's.
    if (row !== undefined && !isNewest) this.#markers.close(row, timeMs);
    else this.#remember(lane, this.#markers.pushIntervalEnd(this.#hostCall, timeMs));
  }

  suspended(lane: Lane, timeMs: Milliseconds): void {
    if (this.#resumed?.lane === lane) {
      this.#resumed = undefined;
      return;
    }
    this.settle();
    const row = this.#markers.pushIntervalStart(this.#suspended(), timeMs);
    this.#suspensions.set(lane, this.#remember(lane, row));
  }

  resumed(lane: Lane, timeMs: Milliseconds): void {
    this.settle();
    this.#resumed = { lane, timeMs };
  }

  /** Something else is told of: the guest that goes on does so for good. */
  settle(): void {
    if (this.#resumed === undefined) return;
    const { lane, timeMs } = this.#resumed;
    this.#resumed = undefined;
    const row = this.#suspensions.get(lane);
    this.#suspensions.delete(lane);
    if (row !== undefined) this.#markers.close(row, timeMs);
  }

  #remember(lane: Lane, row: number): number {
    if (lane !== 1) this.#laneOf.set(row, lane);
    return row;
  }
}
