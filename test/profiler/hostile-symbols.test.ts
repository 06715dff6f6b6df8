import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import type { NativeCode } from '../../lib/generated/native.js';
import { Component, Engine, Module } from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';
import { seededRandom } from '../support/random.js';

/** Damaged files tried of each kind; more by the environment, for a long run. */
const RUNS = Number(process.env['HOSTILE_RUNS'] ?? 60);

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

it.each(['c/parser.wasm', 'c/parser-dwarf4.wasm'])('%s with bytes changed', (guest) => {
  const whole = readFileSync(guestPath(guest));
  const rows = expectSane(whole);
  expect(rows).toBeGreaterThan(300);
  const random = seededRandom(42);
  const debug = whole.indexOf('.debug_');
  let fewer = 0;
  for (let run = 0; run < RUNS; run++) {
    const damaged = Uint8Array.from(whole);
    for (let i = 0; i < 1 + run * 20; i++) {
      const at = debug + random(whole.length - debug);
      damaged[at] = random(256);
    }
    if (expectSane(damaged) < rows) fewer++;
  }
  expect(fewer).toBeGreaterThan(0);
});

it('cut off anywhere', () => {
  const whole = readFileSync(guestPath('c/parser.wasm'));
  const random = seededRandom(7);
  for (let run = 0; run < RUNS; run++) {
    expectSane(whole.subarray(0, random(whole.length)));
  }
});

it('components damaged anywhere', () => {
  const whole = readFileSync(guestPath('component/parser.wasm'));
  const component = Component.fromFile(new Engine(), guestPath('component/parser.wasm'));
  const codes = Component.native('component', component).code();
  const random = seededRandom(11);
  let fits = 0;
  for (let run = 0; run < RUNS; run++) {
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

/** A DWARF 4 unit whose one function has inlined functions within one another. */
function nested(depth: number): Uint8Array {
  const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
  const word = (n: number) => [...new Uint8Array(Uint32Array.of(n).buffer)];
  const section = (name: string, data: Uint8Array) => {
    const content = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), data]);
    return Buffer.concat([Buffer.from([0, ...leb(content.length)]), content]);
  };
  // 1: unit, low_pc, high_pc; 2: subprogram, likewise; 3: inlined subroutine without attributes.
  const range = [0x11, 0x01, 0x12, 0x06, 0, 0];
  const abbreviations = [1, 0x11, 1, ...range, 2, 0x2e, 1, ...range, 3, 0x1d, 1, 0, 0, 0];
  const [low, high] = [word(0), word(0x7fff_ffff)];
  const entries = Buffer.concat([
    Buffer.from([4, 0, ...word(0), 4, 1, ...low, ...high, 2, ...low, ...high]),
    Buffer.alloc(depth, 3),
    Buffer.alloc(depth + 2, 0),
  ]);
  const info = Buffer.concat([Buffer.from(word(entries.length)), entries]);
  return Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section('.debug_info', info),
    section('.debug_abbrev', Buffer.from(abbreviations)),
  ]);
}

it('nested a million deep', () => {
  expect(native.inlineChains(places, nested(100), false).warnings).toEqual([]);
  expect(expectSane(nested(100))).toBeGreaterThan(0);
  const { warnings } = native.inlineChains(places, nested(1_000_000), false);
  expect(warnings).toEqual(['.debug_info: entries are nested more than 1000 deep']);
});
