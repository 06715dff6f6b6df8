import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Engine, Module } from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';

/** Offsets into the wasm file → functions, innermost first; from scripts/expect-symbols.mjs. */
type Expected = Record<string, string[]>;

function chainsAt(guest: string, offsets: readonly number[]): string[][] {
  const module = Module.fromFile(new Engine(), guestPath(`${guest}.wasm`));
  const chains = Module.native('module', module)
    .code()
    .inlineChains(Float64Array.from(offsets), null, null, true);
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
    expect(chainsAt(guest, offsets)).toEqual(Object.values(expected));
  });
});
