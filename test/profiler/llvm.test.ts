import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NativeCode } from '../../lib/generated/native.js';
import { Component, Engine, Module } from '../../lib/index.js';
import { findRow } from '../../lib/profiler/rows.js';
import { guestPath } from '../runtime/support.js';

/** Offsets into the wasm file → functions, innermost first; from scripts/expect-symbols.mjs. */
type Expected = Record<string, string[]>;

function chainsAt(code: NativeCode, offsets: readonly number[]): string[][] {
  const chains = code.inlineChains(Float64Array.from(offsets), null, true);
  expect(chains.warnings).toEqual([]);
  return offsets.map((_, i) => {
    const frames: string[] = [];
    for (let row = chains.first[i] as number; row < (chains.first[i + 1] as number); row++) {
      const text = (column: Int32Array) => chains.strings[column[row] as number] ?? '';
      frames.push(
        [text(chains.name), text(chains.file), chains.line[row], chains.column[row]].join('|'),
      );
    }
    return frames;
  });
}

describe.each(['c/parser', 'c/parser-dwarf4', 'cpp/raytracer'])('%s', (guest) => {
  it('has the functions, inline chains, files, lines and columns that llvm-symbolizer tells', () => {
    const expected: Expected = JSON.parse(readFileSync(guestPath(`${guest}.symbols.json`), 'utf8'));
    const offsets = Object.keys(expected).map(Number);
    expect(offsets.length).toBeGreaterThan(200);
    const module = Module.fromFile(new Engine(), guestPath(`${guest}.wasm`));
    const code = Module.native('module', module).code();
    expect(chainsAt(code, offsets)).toEqual(Object.values(expected));
  });
});

it('a module within a component has them too', () => {
  const expected: Expected = JSON.parse(
    readFileSync(guestPath('component/parser.symbols.json'), 'utf8'),
  );
  const offsets = Object.keys(expected).map(Number);
  expect(offsets.length).toBeGreaterThan(200);
  const component = Component.fromFile(new Engine(), guestPath('component/parser.wasm'));
  const [code] = Component.native('component', component).code();
  expect(chainsAt(code as NativeCode, offsets)).toEqual(Object.values(expected));
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
      return [`${names[ends.findIndex((end) => end > Number(key))]}||0|0`];
    });
    expect(found.length).toBeGreaterThan(200);
    expect(found).toEqual(Object.values(expected));
  });
});
