import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { decodedMappings, TraceMap } from '@jridgewell/trace-mapping';
import { describe, expect, it } from 'vitest';
import type { NativeCode } from '../../lib/generated/native.js';
import { Component, Engine, Module } from '../../lib/index.js';
import { inlineChains } from '../../lib/profiler/inline-chains.js';
import { findRow } from '../../lib/profiler/rows.js';
import { guestPath } from '../runtime/support.js';

/**
 * Every guest with something that tells of lines, from each of the folders but Go's, which takes long to compile: its samples'
 * lines are looked at in `lines.test.ts`.
 */
const GUESTS = ['assemblyscript', 'c', 'component', 'cpp', 'symbols'].flatMap((folder) =>
  readdirSync(guestPath(folder))
    .filter((name) => name.endsWith('.wasm') && !/-(names|stripped)\.wasm$/.test(name))
    .map((name) => `${folder}/${name}`),
);

/** What is beside a guest. */
function partner(guest: string, extension: string): string | undefined {
  const path = guestPath(guest).replace(/\.wasm$/, extension);
  return existsSync(path) ? path : undefined;
}

function codesOf(guest: string): NativeCode[] {
  const [engine, path] = [new Engine({ epochInterruption: true }), guestPath(guest)];
  const isComponent = readFileSync(path).readUInt32LE(4) !== 1;
  return isComponent
    ? Component.native('component', Component.fromFile(engine, path)).code()
    : [Module.native('module', Module.fromFile(engine, path)).code()];
}

/** The functions of a module, by name: how many places of their compiled code have a line, and how many have none. */
function countLines(guest: string, code: NativeCode) {
  const { offset, length, index } = code.functions();
  const { textOffset } = code.addressMap(0, 2 ** 32 - 1);
  // Wherever an instruction begins, the first byte of a function, and the last: epoch checks and what
  // has no instruction are among them.
  const ends = offset.map((start, row) => start + (length[row] as number) - 1);
  const all = Uint32Array.from(new Set([...offset, ...textOffset, ...ends])).sort();
  const textOffsets = all.filter((place) => place <= (ends[findRow(offset, place)] as number));
  const functions = Uint32Array.from(
    textOffsets,
    (place) => index[findRow(offset, place)] as number,
  );
  const split = partner(guest, '.dwp') ?? partner(guest, '.dwo');
  const sourceMap = partner(guest, '.wasm.map');
  const { chains } = inlineChains(
    code,
    sourceMap === undefined ? {} : { sourceMap },
    split === undefined ? undefined : readFileSync(split),
    { textOffsets, functions },
    false,
    () => {},
  );
  const found = new Map<number, { some: number; none: number }>();
  for (const [i, chain] of chains.entries()) {
    const counts = found.get(functions[i] as number) ?? { some: 0, none: 0 };
    found.set(functions[i] as number, counts);
    // Of the innermost, and of those around it.
    const hasLine = chain.length > 0 && chain.every(({ line, file }) => line > 0 && file);
    counts[hasLine ? 'some' : 'none']++;
  }
  return found;
}

describe.each(GUESTS)('%s', (guest) => {
  it('has a line at every place of a function that has any', () => {
    let some = 0;
    for (const code of codesOf(guest)) {
      const counts = [...countLines(guest, code)];
      some += counts.reduce((sum, [, { some }]) => sum + some, 0);
      expect(counts.filter(([, { some, none }]) => some > 0 && none > 0)).toEqual([]);
    }
    expect(some > 0).toBe(guest !== 'symbols/bid-stripped.wasm');
  });
});

describe.each(GUESTS.filter((guest) => partner(guest, '.wasm.map')))('%s', (guest) => {
  it('has no segment of its source map in the functions without a line', () => {
    const map = partner(guest, '.wasm.map') as string;
    const [segments = []] = decodedMappings(new TraceMap(readFileSync(map, 'utf8')));
    const columns = segments.filter(({ length }) => length > 1).map(([column]) => column);
    const [code] = codesOf(guest) as [NativeCode];
    const counts = countLines(guest, code);
    const bare = Uint32Array.from(counts.keys()).filter((index) => counts.get(index)?.some === 0);
    expect(bare.length).toBeGreaterThan(0);
    expect(bare.length).toBeLessThan(counts.size / 2);
    const { start, end } = code.functionBodies(bare);
    for (const [i, from] of start.entries()) {
      const to = end[i] as number;
      expect(columns.filter((column) => column >= from && column < to)).toEqual([]);
    }
  });
});
