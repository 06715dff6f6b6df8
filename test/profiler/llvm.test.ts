import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NativeCode } from '../../lib/generated/native.js';
import { Component, Engine, Module } from '../../lib/index.js';
import { findRow } from '../../lib/profiler/rows.js';
import { guestPath } from '../runtime/support.js';

/** Offsets into the wasm file → functions, innermost first; from scripts/expect-symbols.mjs. */
type Expected = Record<string, string[]>;

function chainsAt(code: NativeCode, offsets: readonly number[], split?: string): string[][] {
  const other = split === undefined ? null : readFileSync(guestPath(split));
  const chains = code.inlineChains(Float64Array.from(offsets), other, true);
  expect(chains.warnings).toEqual([]);
  return offsets.map((_, i) => {
    const frames: string[] = [];
    for (let row = chains.first[i] as number; row < (chains.first[i + 1] as number); row++) {
      const text = (column: Int32Array) => chains.strings[column[row] as number] ?? '';
      const { line, column, startLine } = chains;
      const place = [text(chains.file), line[row], column[row], startLine[row]];
      frames.push([text(chains.linkageName), ...place].join('|'));
    }
    return frames;
  });
}

/** Compares with what llvm-symbolizer tells, and returns where it knows no line and we do. */
function compare(code: NativeCode, expected: Expected, split?: string): string {
  const offsets = Object.keys(expected).map(Number);
  expect(offsets.length).toBeGreaterThan(20);
  const found = chainsAt(code, offsets, split);
  const isExact = (frames: string[]) => frames.every((frame) => frame.split('|')[2] !== '0');
  const exact = Object.entries(expected).filter(([, frames]) => isExact(frames));
  expect(exact.length).toBeGreaterThan(offsets.length / 2);
  const ours = new Map(offsets.map((offset, i) => [offset, found[i] as string[]]));
  expect(exact.map(([offset]) => [offset, ours.get(Number(offset))])).toEqual(exact);
  const nearest = Object.entries(expected).filter(([, frames]) => !isExact(frames));
  const rows = nearest.map(([offset, frames]) => {
    const own = ours.get(Number(offset)) as string[];
    expect(isExact(own)).toBe(true);
    return `${offset}\n  ${frames.join('\n  ')}\n→ ${own.join('\n  ')}\n`;
  });
  return rows.join('');
}

describe.each([
  ['c/parser'],
  ['c/parser-dwarf4'],
  ['cpp/raytracer'],
  ['symbols/letters'],
  ['symbols/loop0-O2'],
  ['symbols/mix-O2-dwarf5'],
  ['symbols/split5', 'symbols/split5.dwp', 'symbols/mix-O2-dwarf5'],
  ['symbols/one-unit', 'symbols/one-unit.dwo', 'symbols/levels-c-O2'],
  ['symbols/levels-c-O0'],
  ['symbols/levels-c-O2'],
  ['symbols/levels-c-Oz'],
  ['symbols/levels-c-O0-opt'],
  ['symbols/levels-cpp-O0'],
  ['symbols/levels-cpp-O2'],
  ['symbols/levels-cpp-Oz'],
  ['symbols/levels-cpp-O2-opt'],
  ['symbols/levels-rust-O2'],
  ['symbols/levels-rust-Oz'],
  ['symbols/levels-zig-safe'],
  ['symbols/levels-zig-small'],
] as [string, string?, string?][])('%s', (guest, split, whole = guest) => {
  it('has what llvm-symbolizer tells where that knows a line, and the nearest one elsewhere', async () => {
    // Of split DWARF, it tells what it does of the same program with all in one file.
    const expected: Expected = JSON.parse(readFileSync(guestPath(`${whole}.symbols.json`), 'utf8'));
    const module = Module.fromFile(new Engine(), guestPath(`${guest}.wasm`));
    const code = Module.native('module', module).code();
    const nearest = compare(code, expected, split);
    // Each row: the offset, what llvm-symbolizer tells, and what is shown.
    await expect(nearest).toMatchFileSnapshot(guestPath(`${whole}.nearest.txt`));
  });
});

it('a module within a component has them too', () => {
  const expected: Expected = JSON.parse(
    readFileSync(guestPath('component/parser.symbols.json'), 'utf8'),
  );
  const component = Component.fromFile(new Engine(), guestPath('component/parser.wasm'));
  const [code] = Component.native('component', component).code();
  expect(compare(code as NativeCode, expected)).not.toBe('');
});

describe('go/pipeline', () => {
  it('has the names that llvm-symbolizer tells', () => {
    const guest = 'go/pipeline';
    const expected: Expected = JSON.parse(readFileSync(guestPath(`${guest}.symbols.json`), 'utf8'));
    const module = Module.fromFile(new Engine(), guestPath(`${guest}.wasm`));
    const native = Module.native('module', module).code();
    // Each function by its first place that compiled code comes from, then where its text ends.
    const { offset, index } = native.functions();
    const { textOffset, wasmOffset } = native.addressMap(0, 2 ** 32 - 1);
    const first = new Map<number, number>();
    for (const [i, place] of wasmOffset.entries()) {
      const row = findRow(offset, textOffset[i] as number);
      first.set(row, Math.min(place, first.get(row) ?? Number.POSITIVE_INFINITY));
    }
    expect(first.size).toBe(index.length);
    const shown = native.disassemble(Float64Array.from(first.values()));
    expect(shown.function).toHaveLength(index.length);
    const names = native.functionNames(shown.function, true);
    const ends = Array.from(shown.function, (_, i) => {
      return (shown.offset[(shown.firstLine[i + 1] as number) - 1] as number) + 1;
    });
    const found = Object.keys(expected).map((key) => {
      return [`${names[ends.findIndex((end) => end > Number(key))]}||0|0|0`];
    });
    expect(found.length).toBeGreaterThan(200);
    expect(found).toEqual(Object.values(expected));
  });
});
