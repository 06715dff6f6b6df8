import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine, Linker, Module, Store, WasmtimeError } from '../../lib/index.js';
import { expectError, expectMisuse, guestPath } from './support.js';

const engine = new Engine();
const directory = mkdtempSync(join(tmpdir(), 'module-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const MAGIC = [0, 0x61, 0x73, 0x6d];
const EMPTY_MODULE = Uint8Array.of(...MAGIC, 1, 0, 0, 0);

/** `Module.compile` gets the bytes, `Module.fromFile` a file of them. */
const BAD: [string, Uint8Array, RegExp][] = [
  ['empty', new Uint8Array(0), /expected at least one module field/],
  ['the magic number alone', Uint8Array.from(MAGIC), /unexpected end-of-file/],
  ['three bytes of the magic number', Uint8Array.from(MAGIC.slice(0, 3)), /unexpected character/],
  ['version 2', Uint8Array.of(...MAGIC, 2, 0, 0, 0), /unknown binary version/],
  [
    'a component',
    Uint8Array.of(...MAGIC, 0x0d, 0, 1, 0),
    /expected a WebAssembly module but was given a WebAssembly component/,
  ],
  ['text of a component', Buffer.from('(component)'), /given a WebAssembly component/],
  ['a truncated section', Uint8Array.of(...EMPTY_MODULE, 1, 5, 1), /unexpected end/],
  ['an unknown section', Uint8Array.of(...EMPTY_MODULE, 99, 0), /malformed section id/],
  ['a body of the wrong type', Buffer.from('(module (func (result i32)))'), /type mismatch/],
  ['no WebAssembly', Buffer.from('<html></html>'), /expected `\(`/],
  ['text of no known word', Buffer.from('(module (fun))'), /expected valid module field/],
  ['text that is not UTF-8', Uint8Array.of(0x28, 0xff, 0xfe, 0x29), /valid utf-8/],
  ['text with NUL', Buffer.from('(module)\0'), /unexpected character/],
];

describe('not a module', () => {
  it.each(BAD)('%s', (name, bytes, message) => {
    const path = file(`${name.replaceAll(' ', '-')}.wasm`, bytes);
    for (const compile of [
      () => Module.compile(engine, bytes),
      () =>
        Module.compile(
          engine,
          bytes.buffer.slice(bytes.byteOffset).slice(0, bytes.length) as ArrayBuffer,
        ),
      () => Module.fromFile(engine, path),
    ]) {
      const error = expectError(WasmtimeError, 'ERR_INVALID_MODULE', compile);
      expect(error.name).toBe('WasmtimeError');
      expect(error.message).toMatch(message);
      expect(error.frames).toEqual([]);
    }
    // The engine lives on.
    Module.compile(engine, EMPTY_MODULE);
  });

  it('every truncation of a real one', () => {
    const whole = readFileSync(guestPath('c/parser-stripped.wasm'));
    Module.compile(engine, whole);
    for (let length = 1; length < whole.length; length += 1 + (whole.length >> 6)) {
      expectError(WasmtimeError, 'ERR_INVALID_MODULE', () =>
        Module.compile(engine, whole.subarray(0, length)),
      );
    }
  });

  it('the message says where in a text', () => {
    const error = expectError(WasmtimeError, 'ERR_INVALID_MODULE', () =>
      Module.compile(engine, '(module\n  (func (call $nobody)))'),
    );
    expect(error.message).toBe(
      [
        'unknown func: failed to find name `$nobody`',
        '     --> <anon>:2:15',
        '      |',
        '    2 |   (func (call $nobody)))',
        '      |               ^',
      ].join('\n'),
    );
  });

  it.each(['nowhere.wasm', '.', 'nul\0.wasm'])('a file that cannot be read: %j', (name) => {
    const error = expectError(WasmtimeError, 'ERR_INVALID_MODULE', () =>
      Module.fromFile(engine, `${directory}/${name}`),
    );
    expect(error.message).toContain('failed to read from');
  });

  it('an URL that is no file', () => {
    expectMisuse('ERR_INVALID_URL_SCHEME', () =>
      Module.fromFile(engine, new URL('http://localhost/a.wasm')),
    );
  });
});

describe('a module', () => {
  it.each([
    ['bytes', EMPTY_MODULE],
    ['a view of bytes', Buffer.concat([Buffer.alloc(3), EMPTY_MODULE]).subarray(3)],
    ['an ArrayBuffer', EMPTY_MODULE.buffer],
    ['text', '(module)'],
    ['bytes of text', Buffer.from('(module (; ☃ ;))')],
  ])('from %s', (_, source) => {
    const module = Module.compile(engine, source);
    expect(module).toBeInstanceOf(Module);
    expect(module.engine).toBe(engine);
    expect(module.name).toBeUndefined();
    expect(module.imports).toEqual([]);
    expect(module.exports).toEqual([]);
  });

  it('from a path or a URL', () => {
    const path = file('snow ☃.wat', '(module $snow)');
    expect(Module.fromFile(engine, path).name).toBe('snow');
    expect(Module.fromFile(engine, pathToFileURL(path)).name).toBe('snow');
  });

  it('is not changed by what happens to its bytes', () => {
    const bytes = Uint8Array.from(EMPTY_MODULE);
    const module = Module.compile(engine, bytes);
    bytes.fill(0xff);
    new Linker(engine).instantiate(new Store(engine), module);
  });

  it('has a name, imports and exports with their types', () => {
    const module = Module.compile(
      engine,
      `(module $named
        (import "a" "func" (func (param i32 i64 f32 f64 v128 funcref externref) (result i32 i64)))
        (import "a" "memory" (memory 1 2))
        (import "" "" (global (mut i64)))
        (import "a" "table" (table 1 funcref))
        (func (export "f"))
        (memory (export "m64") i64 3)
        (memory (export "shared") 1 2 shared)
        (global (export "g") f64 (f64.const 0))
        (table (export "t") 1 5 externref)
        (tag (export "tag"))
        (func (export "any") (param anyref) (result (ref func)) (unreachable)))`,
    );
    expect(module.name).toBe('named');
    expect(module.imports).toEqual([
      {
        module: 'a',
        name: 'func',
        type: {
          kind: 'func',
          params: ['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref'],
          results: ['i32', 'i64'],
        },
      },
      {
        module: 'a',
        name: 'memory',
        type: {
          kind: 'memory',
          minimum: 1,
          maximum: 2,
          shared: false,
          index64: false,
          pageSize: 65_536,
        },
      },
      { module: '', name: '', type: { kind: 'global', content: 'i64', mutable: true } },
      {
        module: 'a',
        name: 'table',
        type: { kind: 'table', element: 'funcref', minimum: 1, maximum: undefined, index64: false },
      },
    ]);
    expect(module.exports).toEqual([
      { name: 'f', type: { kind: 'func', params: [], results: [] } },
      {
        name: 'm64',
        type: {
          kind: 'memory',
          minimum: 3,
          maximum: undefined,
          shared: false,
          index64: true,
          pageSize: 65_536,
        },
      },
      {
        name: 'shared',
        type: {
          kind: 'memory',
          minimum: 1,
          maximum: 2,
          shared: true,
          index64: false,
          pageSize: 65_536,
        },
      },
      { name: 'g', type: { kind: 'global', content: 'f64', mutable: false } },
      {
        name: 't',
        type: { kind: 'table', element: 'externref', minimum: 1, maximum: 5, index64: false },
      },
      { name: 'tag', type: { kind: 'tag', params: [] } },
      { name: 'any', type: { kind: 'func', params: ['anyref'], results: ['(ref func)'] } },
    ]);
  });

  it('may be instantiated many times, in many stores', () => {
    const module = Module.compile(
      engine,
      '(module (global $n (mut i32) (i32.const 0)) (func (export "next") (result i32)' +
        ' (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))',
    );
    const linker = new Linker(engine);
    for (const store of [new Store(engine), new Store(engine)]) {
      for (let i = 0; i < 3; i++) {
        const next = linker.instantiate(store, module).getFunc(store, 'next');
        expect([next.call(store), next.call(store)]).toEqual([1, 2]);
      }
    }
  });
});
