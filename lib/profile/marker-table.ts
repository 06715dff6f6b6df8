import { CATEGORY_OTHER, type CategoryIndex } from './category.js';
import { Float64Log, Int32Log, Uint8Log } from './column.js';
import { type MarkerSchemaIndex, NO_SCHEMA } from './marker-schema.js';
import type { Milliseconds } from './sample-table.js';
import { NO_STACK, type StackIndex } from './stack-table.js';
import type { StringIndex } from './string-table.js';

/** A row of a thread's marker table. */
export type MarkerIndex = number;

/** Which times of a marker mean something; the numbers are the Firefox Profiler's. */
export const MarkerPhase = {
  /** A point: the start time. */
  Instant: 0,
  /** Both times. */
  Interval: 1,
  /** The start time; an `IntervalEnd` of the same name follows, unless the recording ended before. */
  IntervalStart: 2,
  /** The end time. */
  IntervalEnd: 3,
} as const;
export type MarkerPhase = (typeof MarkerPhase)[keyof typeof MarkerPhase];

/** Values for the fields of a marker's schema, by key. */
export type MarkerFields = Readonly<Record<string, string | number | boolean | null>>;

/** What a marker is, apart from its times. */
export interface MarkerKind {
  readonly name: StringIndex;
  readonly schema?: MarkerSchemaIndex;
  readonly category?: CategoryIndex;
}

/** A marker's own columns. */
export interface MarkerRow {
  readonly phase: MarkerPhase;
  readonly startMs: Milliseconds;
  readonly endMs: Milliseconds;
  readonly fields?: MarkerFields;
}

/**
 * What happened when, beside the samples. 34 bytes a marker: a guest may call its host a million
 * times, so what hostcalls need (kind, times, the stack that called) is in columns, and
 * fields are objects that markers may share.
 */
export class MarkerTable {
  readonly name = new Int32Log();
  /** Milliseconds since the profile's start; 0 where the phase has no start time. */
  readonly startTime = new Float64Log();
  /** Milliseconds since the profile's start; 0 where the phase has no end time. */
  readonly endTime = new Float64Log();
  readonly phase = new Uint8Log();
  readonly category = new Uint8Log();
  readonly schema = new Int32Log();
  /** The stack that caused the marker, or `NO_STACK`. */
  readonly cause = new Int32Log();
  /** Rows of the two below; −1 for none. */
  readonly #fieldsRow = new Int32Log();
  readonly #allFields: MarkerFields[] = [];
  readonly #rowOfFields = new Map<MarkerFields, number>();

  get length(): number {
    return this.name.length;
  }

  pushInstant(kind: MarkerKind, timeMs: Milliseconds, cause: StackIndex = NO_STACK): MarkerIndex {
    return this.#push(kind, MarkerPhase.Instant, timeMs, 0, cause);
  }

  pushInterval(
    kind: MarkerKind,
    startMs: Milliseconds,
    endMs: Milliseconds,
    cause: StackIndex = NO_STACK,
  ): MarkerIndex {
    return this.#push(kind, MarkerPhase.Interval, startMs, Math.max(startMs, endMs), cause);
  }

  /** Opens an interval; `close` it, or push its end as a row of its own, or leave it open. */
  pushIntervalStart(
    kind: MarkerKind,
    startMs: Milliseconds,
    cause: StackIndex = NO_STACK,
  ): MarkerIndex {
    return this.#push(kind, MarkerPhase.IntervalStart, startMs, 0, cause);
  }

  pushIntervalEnd(
    kind: MarkerKind,
    endMs: Milliseconds,
    cause: StackIndex = NO_STACK,
  ): MarkerIndex {
    return this.#push(kind, MarkerPhase.IntervalEnd, 0, endMs, cause);
  }

  /** A marker as it stands, its times shifted, for {@link MarkerTable.append}. */
  row(marker: MarkerIndex, shiftMs: Milliseconds): MarkerRow {
    const phase = this.phase.get(marker);
    const fields = this.fields(marker);
    const hasStart = phase !== MarkerPhase.IntervalEnd;
    const hasEnd = phase === MarkerPhase.Interval || phase === MarkerPhase.IntervalEnd;
    return {
      phase: phase as MarkerPhase,
      startMs: hasStart ? this.startTime.get(marker) + shiftMs : 0,
      endMs: hasEnd ? this.endTime.get(marker) + shiftMs : 0,
      ...(fields !== undefined && { fields }),
    };
  }

  /** Adds a marker that another table has. */
  append(kind: MarkerKind, row: MarkerRow, cause: StackIndex): MarkerIndex {
    const marker = this.#push(kind, row.phase, row.startMs, row.endMs, cause);
    if (row.fields !== undefined) this.setFields(marker, row.fields);
    return marker;
  }

  /** Turns an open interval into a whole one, which costs one row where a pair costs two. */
  close(marker: MarkerIndex, endMs: Milliseconds): void {
    if (this.phase.get(marker) !== MarkerPhase.IntervalStart) {
      throw new RangeError(`expected an open interval, got marker ${marker}`);
    }
    checkTime(endMs);
    this.phase.set(marker, MarkerPhase.Interval);
    this.endTime.set(marker, Math.max(this.startTime.get(marker), endMs));
  }

  /** Markers that share an object, as those of one import do, cost no more for it. */
  setFields(marker: MarkerIndex, fields: MarkerFields): void {
    if (this.schema.get(marker) === NO_SCHEMA) {
      throw new TypeError('expected a marker with a schema, got one without');
    }
    const known = this.#rowOfFields.get(fields);
    const row = known ?? this.#allFields.push(fields) - 1;
    if (known === undefined) this.#rowOfFields.set(fields, row);
    this.#fieldsRow.set(marker, row);
  }

  fields(marker: MarkerIndex): MarkerFields | undefined {
    return this.#allFields[this.#fieldsRow.get(marker)];
  }

  #push(
    kind: MarkerKind,
    phase: MarkerPhase,
    startMs: Milliseconds,
    endMs: Milliseconds,
    cause: StackIndex,
  ): MarkerIndex {
    checkTime(startMs);
    checkTime(endMs);
    this.startTime.push(startMs);
    this.endTime.push(endMs);
    this.phase.push(phase);
    this.category.push(kind.category ?? CATEGORY_OTHER);
    this.schema.push(kind.schema ?? NO_SCHEMA);
    this.#fieldsRow.push(-1);
    this.cause.push(cause < 0 ? NO_STACK : cause);
    return this.name.push(kind.name);
  }
}

function checkTime(timeMs: Milliseconds): void {
  if (!Number.isFinite(timeMs)) throw new RangeError(`expected a finite time, got ${timeMs}`);
}
