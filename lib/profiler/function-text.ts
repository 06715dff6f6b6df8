import type { CompiledCode } from '../compiler.js';
import type { CodeText } from '../profile/code-text.js';
import { LabelledLines } from './code-labels.js';
import { findRow } from './rows.js';

/** The text of the function whose machine code is at `start` to `end`, and which of its lines `addresses` are in. */
export function functionText(
  native: CompiledCode,
  start: number,
  end: number,
  addresses: Iterable<number>,
): CodeText {
  const { textOffset, wasmOffset } = native.addressMap(start, end);
  const [place] = wasmOffset;
  // A function of which no place is known can't be told from others.
  if (place === undefined) return { lines: [], lineOf: new Map() };
  const { text, offset } = native.disassemble(Float64Array.of(place));
  const ascending = Uint32Array.from(addresses).sort();
  const places = native.wasmOffsets(ascending);
  const labels = new LabelledLines(text);
  const firstPlaced = textOffset[0] as number;
  const lineOf = new Map(
    Array.from(ascending, (address, i) => {
      const row = findRow(offset, places[i] as number);
      // The frame is set up before any code that has a place.
      return [address, 1 + (address < firstPlaced ? 0 : labels.ofCode(row))];
    }),
  );
  const lines = text.map((text, row) => {
    const label = labels.label(row);
    return {
      ...{ line: row + 1, wasmOffset: offset[row] as number, text },
      ...(label !== undefined && { label }),
    };
  });
  return { lines, lineOf };
}
