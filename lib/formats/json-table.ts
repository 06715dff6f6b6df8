import type { ReadonlyColumn } from '../profile/column.js';
import type { JsonBytes } from './json-bytes.js';

/** Writes the JSON value of one row of a column. */
export type WriteRow = (row: number) => void;

/** Rows between two chances to hand chunks on: it bounds what waits to a few hundred KiB. */
const BATCH_ROWS = 8192;

/** The usual kinds of columns. */
export function columnsOf(out: JsonBytes): {
  ints(column: ReadonlyColumn): WriteRow;
  /** `null` where the column has its sentinel. */
  intsOrNull(column: ReadonlyColumn, sentinel: number): WriteRow;
  /** The same JSON in every row. */
  all(json: string): WriteRow;
} {
  return {
    ints: (column) => (row) => out.int(column.get(row)),
    intsOrNull: (column, sentinel) => (row) => {
      const value = column.get(row);
      if (value === sentinel) out.raw('null');
      else out.int(value);
    },
    all: (json) => () => out.raw(json),
  };
}

/** A table as the Firefox Profiler has them: an object of equally long arrays, and their length. */
export function* writeTable(
  out: JsonBytes,
  length: number,
  columns: Readonly<Record<string, WriteRow>>,
  more?: string,
): Generator<Uint8Array> {
  out.raw(`{"length":${length}`);
  if (more !== undefined) out.raw(`,${more}`);
  for (const [name, writeRow] of Object.entries(columns)) {
    out.raw(`,"${name}":`);
    yield* writeColumn(out, length, writeRow);
  }
  out.raw('}');
}

/** One column as a JSON array. */
export function* writeColumn(
  out: JsonBytes,
  length: number,
  writeRow: WriteRow,
): Generator<Uint8Array> {
  out.raw('[');
  for (let from = 0; from < length; from += BATCH_ROWS) {
    const to = Math.min(from + BATCH_ROWS, length);
    for (let row = from; row < to; row++) {
      if (row > 0) out.comma();
      writeRow(row);
    }
    yield* out.take();
  }
  out.raw(']');
}
