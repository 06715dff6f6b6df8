import { describe, expect, it } from 'vitest';
import {
  Float64Column,
  Float64Log,
  Int32Column,
  Int32Log,
  Uint8Column,
  Uint8Log,
  Uint32Column,
} from '../../lib/profile/column.js';

/** More than one chunk of a log, and many doublings of a column. */
const ROWS = 40_000;

describe.each([
  ['Int32Column', Int32Column, (row: number) => 5 - row * 3],
  ['Uint32Column', Uint32Column, (row: number) => row + 0x8000_0000],
  ['Uint8Column', Uint8Column, (row: number) => row % 256],
  ['Float64Column', Float64Column, (row: number) => row / 3],
  ['Int32Log', Int32Log, (row: number) => 5 - row * 3],
  ['Uint8Log', Uint8Log, (row: number) => row % 256],
  ['Float64Log', Float64Log, (row: number) => row / 3],
] as const)('%s', (_name, Class, valueAt) => {
  it('keeps every value while it grows', () => {
    const column = new Class();
    for (let row = 0; row < ROWS; row++) expect(column.push(valueAt(row))).toBe(row);
    expect(column.length).toBe(ROWS);
    for (let row = 0; row < ROWS; row += 97) expect(column.get(row)).toBe(valueAt(row));
    const all = [...column.segments()].flatMap((segment) => [...segment]);
    expect(all).toEqual(Array.from({ length: ROWS }, (_, row) => valueAt(row)));
  });

  it('sets a row that exists and no other', () => {
    const column = new Class();
    column.push(1);
    column.set(0, 2);
    expect(column.get(0)).toBe(2);
    for (const row of [-1, 1, 16, 1 << 20, Number.NaN]) {
      expect(() => column.get(row)).toThrow(RangeError);
      expect(() => column.set(row, 1)).toThrow(RangeError);
    }
  });

  it('is empty at first', () => {
    expect([...new Class().segments()]).toEqual([]);
  });
});

it('a view is exact', () => {
  const column = new Int32Column();
  for (let row = 0; row < 5; row++) column.push(row);
  expect(column.view()).toEqual(Int32Array.of(0, 1, 2, 3, 4));
});
