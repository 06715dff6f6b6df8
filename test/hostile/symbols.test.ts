import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import type { NativeCode } from '../../lib/generated/native.js';
import { Component, Engine, Module } from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';
import { seededRandom } from '../support/random.js';

let native: NativeCode;
let places: Float64Array;

beforeAll(() => {
  const module = Module.fromFile(new Engine(), guestPath('c/parser-stripped.wasm'));
  native = Module.native('module', module).code();
  const { offset, length } = native.functions();
  const end = (offset.at(-1) as number) + (length.at(-1) as number);
  const text = Uint32Array.from({ length: 300 }, (_, i) => Math.floor((i * end) / 300));
  places = native.wasmOffsets(text);
});

/** Symbols from a damaged file: fewer, never an exception, and only whole rows. */
function expectSane(file: Uint8Array): number {
  const {
    first,
    name,
    file: files,
    line,
    column,
    strings,
  } = native.inlineChains(places, file, false);
  expect(first).toHaveLength(places.length + 1);
  for (const of of [name, files, line, column]) expect(of).toHaveLength(first.at(-1) as number);
  for (const index of [...name, ...files]) expect(index).toBeLessThan(strings.length);
  return first.at(-1) as number;
}

it('components damaged anywhere', () => {
  const whole = readFileSync(guestPath('component/parser.wasm'));
  const component = Component.fromFile(new Engine(), guestPath('component/parser.wasm'));
  const codes = Component.native('component', component).code();
  const random = seededRandom(11);
  let fits = 0;
  for (let run = 0; run < 60; run++) {
    const damaged = Uint8Array.from(whole).subarray(
      0,
      run % 3 === 0 ? random(whole.length) : undefined,
    );
    for (let i = 0; i < 1 + run; i++) damaged[random(damaged.length)] = random(256);
    for (const code of codes) {
      const given = code.withBinary(damaged);
      if (given !== null) fits++;
      const shown = given ?? code;
      shown.importsCalled(shown.functions().offset);
      const { first, line } = shown.inlineChains(
        shown.wasmOffsets(shown.functions().offset),
        damaged,
        false,
      );
      expect(line).toHaveLength(first.at(-1) as number);
    }
  }
  // Where only debug information is damaged, the code is the same.
  expect(fits).toBeGreaterThan(0);
  expect(codes[0]?.withBinary(new Uint8Array(0))).toBeNull();
});

it('no WebAssembly at all', () => {
  expect(expectSane(new Uint8Array(0))).toBe(0);
  expect(expectSane(Buffer.from('not a wasm file'))).toBe(0);
});

const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
const word = (n: number) => [...new Uint8Array(Uint32Array.of(n).buffer)];
const section = (name: string, data: Uint8Array) => {
  const content = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), data]);
  return Buffer.concat([Buffer.from([0, ...leb(content.length)]), content]);
};
/** The addresses of all code, of which none is 0. */
const ALL = [...word(1), ...word(0x7fff_ffff)];
/** Forms of abbreviations: low_pc, high_pc. */
const RANGE = [0x11, 0x01, 0x12, 0x06];

/** A file with one unit of DWARF 4. */
function withUnit(
  abbreviations: readonly number[],
  entries: Uint8Array,
  ...others: readonly Uint8Array[]
): Uint8Array {
  const unit = Buffer.concat([Buffer.from([4, 0, ...word(0), 4]), entries]);
  return Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section('.debug_info', Buffer.concat([Buffer.from(word(unit.length)), unit])),
    section('.debug_abbrev', Buffer.from(abbreviations)),
    ...others,
  ]);
}

/** One function that has inlined functions within one another. */
function nested(depth: number): Uint8Array {
  // 1: unit; 2: subprogram; 3: inlined subroutine without attributes.
  const abbreviations = [
    1,
    0x11,
    1,
    ...RANGE,
    0,
    0,
    2,
    0x2e,
    1,
    ...RANGE,
    0,
    0,
    3,
    0x1d,
    1,
    0,
    0,
    0,
  ];
  const ends = Buffer.alloc(depth + 2, 0);
  return withUnit(
    abbreviations,
    Buffer.concat([Buffer.from([1, ...ALL, 2, ...ALL]), Buffer.alloc(depth, 3), ends]),
  );
}

/** Functions whose names are said to be each other's. */
function cyclic(): Uint8Array {
  // The subprograms have an abstract_origin, a reference within the unit.
  const origin = [0x31, 0x13];
  const abbreviations = [1, 0x11, 1, ...RANGE, 0, 0, 2, 0x2e, 0, ...RANGE, ...origin, 0, 0, 0];
  const [first, second] = [20, 33];
  const entries = [1, ...ALL, 2, ...ALL, ...word(second), 2, ...ALL, ...word(first), 0];
  return withUnit(abbreviations, Buffer.from(entries));
}

/** A line for each byte of code, a row of the line table each. */
function longLines(rows: number): Uint8Array {
  const abbreviations = [1, 0x11, 0, ...RANGE, 0x10, 0x17, 0, 0, 0];
  const operands = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
  const header = [1, 1, 1, 0xfb, 14, 13, ...operands, 0, ...Buffer.from('a.c\0'), 0, 0, 0, 0];
  const program = Buffer.concat([
    Buffer.from([4, 0, ...word(header.length), ...header, 0, 5, 2, ...word(1)]),
    // Each adds 1 to the address and 1 to the line.
    Buffer.alloc(rows, 13 + 14 + 6),
    Buffer.from([0, 1, 1]),
  ]);
  const lines = section('.debug_line', Buffer.concat([Buffer.from(word(program.length)), program]));
  return withUnit(abbreviations, Buffer.from([1, ...ALL, ...word(0)]), lines);
}

it('with names that lead in a circle', () => {
  expect(expectSane(cyclic())).toBeGreaterThan(0);
});

it('of four million lines', () => {
  const file = longLines(4_000_000);
  expect(expectSane(file)).toBeGreaterThan(0);
  const { line } = native.inlineChains(places.subarray(0, 2), file, false);
  const [one, two] = places;
  expect((line[1] as number) - (line[0] as number)).toBe((two as number) - (one as number));
});

it('nested a million deep', () => {
  expect(native.inlineChains(places, nested(100), false).warnings).toEqual([]);
  expect(expectSane(nested(100))).toBeGreaterThan(0);
  const { warnings } = native.inlineChains(places, nested(1_000_000), false);
  expect(warnings).toEqual(['.debug_info: entries are nested more than 1000 deep']);
});
