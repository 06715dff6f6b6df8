import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Engine, GuestProfiler, Module } from '../../lib/index.js';
import { expectMisuse, guestPath, start, world } from '../runtime/support.js';
import { finish } from './support.js';
import { profileGuest } from './symbols-support.js';

describe('lines of a C program', () => {
  it('stand at its functions and those inlined into them', async () => {
    const { frames, warnings } = await profileGuest('c/parser.wasm');
    expect(warnings).toEqual([]);
    const own = [...frames].filter((frame) => /\.c:\d+@/.test(frame));
    expect(own.length).toBeGreaterThan(100);
    expect(own.some((frame) => frame.endsWith('@1'))).toBe(true);
    expect(own.some((frame) => frame.startsWith('tokenizer_next token.c:'))).toBe(true);
  });

  it('are the same when a second file has them', async () => {
    const whole = await profileGuest('c/parser.wasm');
    const stripped = await profileGuest('c/parser-names.wasm', {
      debugInfo: guestPath('c/parser.wasm'),
    });
    const original = await profileGuest('c/parser-names.wasm', {
      wasm: readFileSync(guestPath('c/parser.wasm')),
    });
    expect(stripped.frames).toEqual(whole.frames);
    expect(stripped.stacks).toEqual(whole.stacks);
    expect(original.frames).toEqual(whole.frames);
  });

  it('are the same when a package of split DWARF has them', async () => {
    const whole = await profileGuest('c/parser.wasm');
    const debugInfo = guestPath('c/parser-split.dwp');
    const split = await profileGuest('c/parser-split.wasm', { debugInfo });
    expect(split.warnings).toEqual([]);
    expect(split.frames).toEqual(whole.frames);
    expect(split.stacks).toEqual(whole.stacks);
    const bare = await profileGuest('c/parser-split.wasm');
    expect([...bare.frames].filter((frame) => frame.includes(' json.c:')).length).toBeLessThan(
      [...whole.frames].filter((frame) => frame.includes(' json.c:')).length,
    );
  });

  it('fold to what a profile without lines has', async () => {
    const inlined = await profileGuest('c/parser.wasm');
    const bare = await profileGuest('c/parser.wasm', {}, { lines: false });
    const { frameTable, stackTable } = inlined.json.shared;
    const depthOf = (stack: number) => frameTable.inlineDepth[stackTable.frame[stack]];
    const fold = (stack: number | null): number => {
      let folded = 0;
      for (let row = stack; row !== null; ) {
        if (depthOf(row) === 0) folded++;
        const offset: number = stackTable.prefixOffset[row];
        row = offset === 0 ? null : row - offset;
      }
      return folded;
    };
    const { stack } = inlined.json.threads[0].samples;
    expect(stack.map(fold)).toEqual(bare.stacks.map(({ length }) => length));
  });

  it('tell no directory unless asked to', async () => {
    const plain = await profileGuest('c/parser.wasm');
    expect(plain.text).not.toContain('/guests');
    expect(plain.text).not.toContain('/build');
    const mapped = await profileGuest('c/parser.wasm', {}, { pathPrefixMap: { '/guests': 'src' } });
    expect(mapped.text).toContain('"src/c/parser/json.c"');
  });
});

describe('names', () => {
  it('of debug information serve where there is no name section', async () => {
    const { stacks } = await profileGuest('c/parser-dwarf-only.wasm');
    expect(stacks.flat()).toContain('json_parse');
    expect(stacks.flat().some((name) => name.startsWith('wasm-function['))).toBe(true);
  });

  it('are demangled unless raw ones are asked for', async () => {
    const args = ['guest', '8'];
    const plain = await profileGuest('cpp/raytracer.wasm', {}, {}, args);
    const raw = await profileGuest('cpp/raytracer.wasm', {}, { rawNames: true }, args);
    // Two of libc++'s are beyond Wasmtime's demangler.
    const mangled = new Set(plain.stacks.flat().filter((name) => name.startsWith('_Z')));
    expect(mangled.size).toBeLessThan(5);
    expect([...mangled].filter((name) => name.includes('scene'))).toEqual([]);
    expect(raw.stacks.flat().some((name) => name.startsWith('_Z'))).toBe(true);
    expect(raw.stacks.map(({ length }) => length)).toEqual(
      plain.stacks.map(({ length }) => length),
    );
  });

  it('of exports serve where there is nothing else', async () => {
    const { stacks } = await profileGuest('c/parser-stripped.wasm');
    expect(new Set(stacks.map(([oldest]) => oldest))).toEqual(new Set(['_start']));
  });
});

describe('a module that was serialized', () => {
  const deserialized = (guest: string) => (engine: Engine) =>
    Module.deserialize(engine, Module.fromFile(engine, guestPath(guest)).serialize());

  it('has the names of the name section, and lines when its binary is given', async () => {
    const guest = 'c/parser.wasm';
    const whole = await profileGuest(guest);
    const names = await profileGuest(deserialized(guest));
    const bare = await profileGuest(guest, {}, { lines: false });
    expect(names.stacks).toEqual(bare.stacks);
    expect([...names.frames].every((frame) => frame.includes(' ?:?@0'))).toBe(true);
    const given = await profileGuest(deserialized(guest), { wasm: guestPath(guest) });
    expect(given.frames).toEqual(whole.frames);
    expect(given.stacks).toEqual(whole.stacks);
  });

  it('has the names of exports when its binary is given', async () => {
    const guest = 'c/parser-stripped.wasm';
    const oldest = ({ stacks }: { stacks: string[][] }) => new Set(stacks.map(([name]) => name));
    const bare = await profileGuest(deserialized(guest));
    expect([...oldest(bare)]).toEqual([expect.stringMatching(/^wasm-function\[\d+\]$/)]);
    const given = await profileGuest(deserialized(guest), { wasm: guestPath(guest) });
    expect([...oldest(given)]).toEqual(['_start']);
  });

  it('takes no binary but its own', async () => {
    const wasm = guestPath('c/endings.wasm');
    const { stacks, warnings } = await profileGuest(deserialized('c/parser.wasm'), { wasm });
    expect(warnings).toEqual(['guest: wasm: not the binary of this module']);
    expect(stacks.flat()).toContain('json_parse');
  });
});

describe('what is asked for and not there', () => {
  it('is a warning without a path, and costs only lines', async () => {
    const debugInfo = '/nowhere/secret.wasm';
    const { stacks, text, warnings } = await profileGuest('c/parser-names.wasm', { debugInfo });
    expect(warnings).toEqual(['guest: debugInfo: ENOENT']);
    expect(stacks.flat()).toContain('json_parse');
    expect(text).not.toContain('nowhere');
  });

  it('is a TypeError when it is no option or no file', () => {
    const { engine } = world();
    const module = Module.compile(engine, '(module)');
    const make = (symbols: object, options: object = {}) =>
      new GuestProfiler('p', 1, [['m', module, symbols]], options);
    expectMisuse('ERR_INVALID_ARG_VALUE', () => make({ debuginfo: '' }));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => make({ debugInfo: 7 as never }));
    expectMisuse('ERR_INVALID_ARG_VALUE', () => make({}, { rawnames: true }));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => make({}, { lines: 1 as never }));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => make({}, { pathPrefixMap: { a: 1 as never } }));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => make({}, { clock: {} as never }));
  });
});

it('cuts a name of 10 MB', async () => {
  let profiler: GuestProfiler | undefined;
  const { engine, store, module, call } = start(
    `(module (import "env" "f" (func $f)) (func $${'x'.repeat(10_000_000)} (export "run") (call $f)))`,
    { f: [[], [], () => profiler?.sample(store, 0)] },
    world({ epochInterruption: true }),
  );
  expect(engine).toBeDefined();
  store.setEpochDeadline(10);
  profiler = new GuestProfiler('p', 1, [['m', module]]);
  call('run');
  const { stacks } = await finish(profiler);
  expect(stacks).toEqual([[`${'x'.repeat(4096)}…`]]);
});

describe('a module', () => {
  it('is known by the hash of its binary', async () => {
    const sha256 = createHash('sha256')
      .update(readFileSync(guestPath('c/parser.wasm')))
      .digest('hex');
    const { json } = await profileGuest('c/parser.wasm');
    expect(json.libs).toMatchObject([
      {
        debugName: json.libs[0].name,
        codeId: sha256,
        breakpadId: `${sha256.slice(0, 32).toUpperCase()}0`,
      },
    ]);
  });

  it('has none once it was serialized', async () => {
    const { engine, store, linker } = world();
    const wat = '(module (import "e" "f" (func $f)) (func (export "run") (call $f)))';
    const module = Module.deserialize(engine, Module.compile(engine, wat).serialize());
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    linker.funcWrap('e', 'f', { params: [], results: [] }, () => profiler.sample(store, 0));
    linker.instantiate(store, module).getFunc(store, 'run').call(store);
    const { json, stacks } = await finish(profiler);
    expect(stacks).toHaveLength(1);
    expect(json.libs).toMatchObject([{ debugName: 'guest', codeId: null, breakpadId: '' }]);
  });
});
