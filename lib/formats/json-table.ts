import type { ColumnArray, ReadonlyColumn } from '../profile/column.js';
import type { JsonBytes } from './json-bytes.js';
import type { Slab } from './slabs.js';

/** Writes the JSON value of one row of a column. */
export type WriteRow = (row: number) => void;

/** Writes the rows `from` to `to`, with commas between them: for the columns that have millions. */
export interface WriteRows {
  rows(from: number, to: number): void;
  /** The same numbers as typed arrays, for a container that holds such; absent where there may be nulls. */
  readonly slab?: Slab;
}

/** Rows between two chances to hand chunks on: it bounds what waits to a few hundred KiB. */
export const BATCH_ROWS = 8192;

/** The usual kinds of columns. */
export function columnsOf(out: JsonBytes): {
  ints(column: ReadonlyColumn): WriteRows;
  /** `null` where the column has its sentinel. */
  intsOrNull(column: ReadonlyColumn, sentinel: number): WriteRows;
  /** Whole numbers that `rows` makes. */
  computed(length: number, rows: (from: number, to: number) => ColumnArray): WriteRows;
  /** The same JSON in every row. */
  all(json: string): WriteRow;
} {
  return {
    ints: (column) => ({ rows: (from, to) => out.ints(column.rows(from, to)), slab: column }),
    intsOrNull: (column, sentinel) => ({
      rows: (from, to) => out.ints(column.rows(from, to), sentinel),
      ...(out.slabs !== undefined && !hasValue(column, sentinel) && { slab: column }),
    }),
    computed: (length, rows) => ({
      rows: (from, to) => out.ints(rows(from, to)),
      slab: { segments: () => batches(length, rows) },
    }),
    all: (json) => () => out.raw(json),
  };
}

/** A table as the Firefox Profiler has them: an object of equally long arrays, and their length. */
export function* writeTable(
  out: JsonBytes,
  length: number,
  columns: Readonly<Record<string, WriteRow | WriteRows>>,
  more?: string,
): Generator<Uint8Array> {
  out.raw(`{"length":${length}`);
  if (more !== undefined) out.raw(`,${more}`);
  for (const [name, column] of Object.entries(columns)) {
    out.raw(`,"${name}":`);
    yield* writeColumn(out, length, column);
  }
  out.raw('}');
}

/** One column as a JSON array. */
export function* writeColumn(
  out: JsonBytes,
  length: number,
  column: WriteRow | WriteRows,
): Generator<Uint8Array> {
  if (out.slabs !== undefined && typeof column === 'object' && column.slab && length > 0) {
    out.raw(`{"$s":${out.slabs.add(column.slab)}}`);
    return;
  }
  out.raw('[');
  for (let from = 0; from < length; from += BATCH_ROWS) {
    const to = Math.min(from + BATCH_ROWS, length);
    if (from > 0) out.comma();
    if (typeof column === 'object') {
      column.rows(from, to);
    } else {
      for (let row = from; row < to; row++) {
        if (row > from) out.comma();
        column(row);
      }
    }
    yield* out.take();
  }
  out.raw(']');
}

function* batches(
  length: number,
  rows: (from: number, to: number) => ColumnArray,
): Generator<ColumnArray> {
  for (let from = 0; from < length; from += BATCH_ROWS) {
    yield rows(from, Math.min(from + BATCH_ROWS, length));
  }
}

function hasValue(column: ReadonlyColumn, value: number): boolean {
  for (const segment of column.segments()) if (segment.includes(value)) return true;
  return false;
}
