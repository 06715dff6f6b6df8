import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Engine, Module } from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';

/** Custom sections of a module: their names, and where their contents lie. */
function* customSections(wasm: Buffer): Generator<{ name: string; start: number; end: number }> {
  let place = 8;
  const leb = () => {
    let [value, shift] = [0, 0];
    for (let byte = 128; byte & 128; shift += 7) {
      byte = wasm[place++] as number;
      value |= (byte & 127) << shift;
    }
    return value >>> 0;
  };
  while (place < wasm.length) {
    const id = wasm[place++];
    const length = leb();
    const end = place + length;
    if (id === 0) {
      const size = leb();
      yield { name: wasm.toString('utf8', place, place + size), start: place + size, end };
    }
    place = end;
  }
}

/** A module with debug information as linkers before LLVM 11 wrote it: dropped functions lie at 0, and end at 0 in ranges. */
function linkedOfOld(wasm: Buffer): { wasm: Buffer; dropped: number } {
  const old = Buffer.from(wasm);
  let dropped = 0;
  const isDropped: Record<string, (place: number) => boolean> = {
    // DW_AT_low_pc, and DW_AT_high_pc as a length.
    '.debug_info': (place) =>
      wasm.readUInt32LE(place) === 0xffff_ffff &&
      wasm.readUInt32LE(place + 4) > 0 &&
      wasm.readUInt32LE(place + 4) < 0x4000,
    '.debug_line': (place) => wasm.readUInt32LE(place) === 0xffff_ffff,
    '.debug_addr': (place) => wasm.readUInt32LE(place) === 0xffff_ffff,
    '.debug_ranges': (place) => wasm.readUInt32LE(place) === 0xffff_fffe,
  };
  for (const { name, start, end } of customSections(wasm)) {
    for (let place = start; place + 8 <= end; place++) {
      if (!isDropped[name]?.(place)) continue;
      old.writeUInt32LE(0, place);
      dropped++;
    }
  }
  return { wasm: old, dropped };
}

it.each(['c/parser', 'c/parser-dwarf4', 'cpp/raytracer', 'symbols/mix-O2-dwarf5'])(
  'functions that the linker dropped take nothing from others, wherever they lie: %s',
  (guest) => {
    const whole = readFileSync(guestPath(`${guest}.wasm`));
    const code = Module.native('m', Module.compile(new Engine(), whole)).code();
    const places = code.wasmOffsets(code.addressMap(0, 2 ** 32 - 1).textOffset);
    const { wasm, dropped } = linkedOfOld(whole);
    expect(dropped).toBeGreaterThan(100);
    expect(code.inlineChains(places, wasm, true)).toEqual(code.inlineChains(places, whole, true));
  },
);
