import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GuestProfiler, Module } from '../../lib/index.js';
import { guestPath, world } from '../runtime/support.js';
import { profileGuest, type SymbolProfile } from './symbols-support.js';

/** The innermost frame of each sample: its function, file and line, and that function's first line. */
function leaves({ json }: SymbolProfile): { name: string; file: string; line: number | null }[] {
  const { stackTable, frameTable, funcTable, sources, stringArray } = json.shared;
  return json.threads[0].samples.stack.map((stack: number) => {
    const frame = stackTable.frame[stack];
    const func = frameTable.func[frame];
    const source = funcTable.source[func];
    return {
      name: stringArray[funcTable.name[func]],
      file: source === null ? '' : stringArray[sources.filename[source]],
      line: frameTable.line[frame],
    };
  });
}

/** Names of functions that have several rows, of which one has no file. */
function split({ json }: SymbolProfile): string[] {
  const { funcTable, stringArray } = json.shared;
  const names = funcTable.name.map((name: number) => stringArray[name]);
  const bare = names.filter((_: string, func: number) => funcTable.source[func] === null);
  return bare.filter((name: string) => names.indexOf(name) !== names.lastIndexOf(name));
}

/** A custom section. */
function section(name: string, data: readonly number[]): Buffer {
  const content = [name.length, ...Buffer.from(name), ...data];
  return Buffer.from([0, content.length, ...content]);
}

/** Without debug information: assembled by the linker, or of libc's assembly. */
const BARE = /^(_start|__main_void|__wasm_call_ctors|_start\.command_export|undefined_weak.*)$/;

/** With lines alone, or with lines of another file than that in which it begins. */
const LINES_ALONE = /^(operator[ _]|dlcalloc|dlrealloc)/;

describe.each([
  ['c/parser.wasm'],
  ['c/parser-dwarf4.wasm'],
  ['c/parser-split.wasm', 'c/parser-split.dwp'],
  ['cpp/raytracer.wasm'],
  ['symbols/letters.wasm'],
  ['symbols/loop0-O2.wasm'],
  ['symbols/mix-O2-dwarf5.wasm'],
  ['symbols/split5.wasm', 'symbols/split5.dwp'],
] as [string, string?][])('samples of %s', (guest, dwp) => {
  it('have a line each, in one row for a function', async () => {
    const symbols = dwp === undefined ? {} : { debugInfo: guestPath(dwp) };
    const profile = await profileGuest(guest, symbols, {}, ['guest', '8']);
    const own = leaves(profile).filter(({ name }) => !BARE.test(name));
    expect(own.length).toBeGreaterThan(100);
    expect(own.filter(({ line, file }) => line === null || file === '')).toEqual([]);
    expect(split(profile)).toEqual([]);
    expect(profile.warnings).toEqual([]);
  });

  it('are of functions that know where they begin', async () => {
    const symbols = dwp === undefined ? {} : { debugInfo: guestPath(dwp) };
    const { json } = await profileGuest(guest, symbols, {}, ['guest', '8']);
    const { funcTable, stringArray } = json.shared;
    const names = funcTable.name.map((name: number) => stringArray[name]);
    const without = names.filter((name: string, func: number) => {
      const hasFile = funcTable.source[func] !== null;
      return hasFile && funcTable.lineNumber[func] === null && !LINES_ALONE.test(name);
    });
    expect(without).toEqual([]);
  });
});

describe("a loop's samples", () => {
  it('are of the function that is inlined after its first instruction, which has line 0', async () => {
    const { stacks, frames } = await profileGuest('symbols/loop0-O2.wasm');
    const inner = stacks.filter((names) => names.at(-1) === 'walk');
    expect(inner.length).toBeGreaterThan(stacks.length / 2);
    expect(inner.every((names) => names.at(-2) === 'hot')).toBe(true);
    const walk = [...frames].filter((frame) => frame.startsWith('walk '));
    expect(walk.every((frame) => /loop0\.c:[45]@1$/.test(frame))).toBe(true);
    expect([...frames].some((frame) => /^hot .*loop0\.c:11@0$/.test(frame))).toBe(true);
  });
});

describe('what is missing', () => {
  it('is the package of split DWARF', async () => {
    const { warnings } = await profileGuest('symbols/split5.wasm');
    expect(warnings).toEqual([
      'guest: .debug_info: split DWARF, and split5.dwo not found: give the .dwp package as debugInfo',
    ]);
  });

  it('is the package, where a unit of another program is given', async () => {
    const debugInfo = guestPath('symbols/one-unit.dwo');
    const { warnings } = await profileGuest('symbols/split5.wasm', { debugInfo });
    expect(warnings).toEqual([
      'guest: .debug_info: split DWARF, and split5.dwo not found: give the .dwp package as debugInfo',
    ]);
  });

  it('is the addresses of functions, all of which are 0', async () => {
    // One unit with one function, at 0 and so large that it would seem to hold all others.
    const string = (text: string) => [...Buffer.from(text), 0];
    const unit = [4, 0, 0, 0, 0, 0, 4, 1, ...string('all.c'), 2, ...string('all')];
    const info = [...unit, 0, 0, 0, 0, 0, 0, 1, 0, 0];
    const abbreviations = [
      ...[1, 0x11, 1, 0x03, 0x08, 0, 0],
      ...[2, 0x2e, 0, 0x03, 0x08, 0x11, 0x01, 0x12, 0x06, 0, 0, 0],
    ];
    const wasm = Buffer.concat([
      readFileSync(guestPath('c/parser-names.wasm')),
      section('.debug_info', [info.length, 0, 0, 0, ...info]),
      section('.debug_abbrev', abbreviations),
    ]);
    const { warnings, frames } = await profileGuest((engine) => Module.compile(engine, wasm));
    expect(warnings).toEqual([
      "guest: .debug_info: dead: all its addresses are 0, as after a tool that doesn't keep it",
    ]);
    expect([...frames].filter((frame) => frame.startsWith('all '))).toEqual([]);
    expect([...frames].some((frame) => frame.startsWith('dlmalloc '))).toBe(true);
  });

  it('is all but code', async () => {
    const { warnings } = await profileGuest('c/parser-stripped.wasm');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^guest: stripped: neither names nor debug information: give a file/,
    );
  });

  it('is lines, where the compiler would have given some', async () => {
    const { engine, store, linker } = world();
    const module = Module.compile(
      engine,
      `(module (@producers (processed-by "clang" "19.1.7"))
        (import "e" "f" (func $f)) (func $run (export "run") (call $f)))`,
    );
    const profiler = new GuestProfiler('p', 1, [['guest', module]]);
    linker.funcWrap('e', 'f', { params: [], results: [] }, () => profiler.sample(store, 0));
    linker.instantiate(store, module).getFunc(store, 'run').call(store);
    profiler.finishProfile();
    expect(profiler.warnings).toEqual([
      'guest: names, but no lines: give a file with debug information as debugInfo, or compile with -g',
    ]);
  });

  it('is nothing, of a module that names its functions and no compiler', async () => {
    const { warnings } = await profileGuest('c/parser-names.wasm');
    expect(warnings).toEqual([]);
  });
});

describe('a second file', () => {
  it('of another build is told by its build id', async () => {
    const debugInfo = guestPath('symbols/other-bid.wasm');
    const { warnings } = await profileGuest('symbols/bid-stripped.wasm', { debugInfo });
    expect(warnings).toContain(
      'guest: debugInfo: of another build, as its build id tells: its lines may be wrong',
    );
  });

  it('of another program is told by its code', async () => {
    const debugInfo = guestPath('c/endings.wasm');
    const { warnings } = await profileGuest('c/parser-names.wasm', { debugInfo });
    expect(warnings).toContain(
      "guest: debugInfo: its code is another than the module's: its lines may be wrong",
    );
  });
});

describe('a Go program', () => {
  it('has the names, lines and inlined functions of its own table', async () => {
    const profile = await profileGuest('go/pipeline.wasm', {}, {}, ['pipeline', '60'], 97);
    const found = leaves(profile).filter(({ name }) => !/^(wasm_|_rt0_|gcWriteBarrier)/.test(name));
    expect(found.filter(({ line }) => line === null)).toEqual([]);
    const names = new Set(profile.stacks.flat());
    expect([...names].some((name) => /^\w+\.\(\*\w+(\[\.\.\.\])?\)\.\w+$/.test(name))).toBe(true);
    const own = [...profile.frames].filter((frame) => /^main\.\S+ \S*\w+\.go:\d+@0$/.test(frame));
    expect(own.length).toBeGreaterThan(5);
    expect([...profile.frames].some((frame) => /\.go:\d+@1$/.test(frame))).toBe(true);
    expect(profile.warnings).toEqual([]);
    // How many stacks begin where a goroutine went on, by the names of what goroutines begin with.
    const firsts = profile.stacks.map((names) => names[names.indexOf('wasm_pc_f_loop') + 1] ?? '');
    const begins =
      /^(_rt0_wasm_wasip1|runtime\.(main|forcegchelper|run[fF]in\w+))?$|\.(gowrap|func)\d+$/;
    const resumed = firsts.filter((name) => !begins.test(name)).length;
    expect(resumed).toBeGreaterThan(firsts.length / 4);
    const facts = profile.json.meta.extra[0].entries;
    expect(facts).toContainEqual({
      label: 'Samples that begin where a goroutine went on',
      format: 'integer',
      value: resumed,
    });
  });
});
