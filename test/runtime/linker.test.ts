import { describe, expect, it } from 'vitest';
import {
  Func,
  Global,
  Linker,
  Memory,
  Module,
  Store,
  Table,
  WasiConfig,
  WasmtimeError,
} from '../../lib/index.js';
import { expectError, expectMisuse, guestPath, guestText, start, world } from './support.js';

const NOTHING = { params: [], results: [] } as const;

describe('a linker', () => {
  it('gives a module all that it imports', () => {
    const { engine, linker, store } = world();
    const memory = Memory.create(store, { minimum: 1 });
    const table = Table.create(store, { element: 'funcref', minimum: 2 });
    const counter = Global.create(store, { content: 'i32', mutable: true }, 1);
    const step = Global.create(store, { content: 'i32', mutable: false }, 3);
    linker
      .funcWrap('env', 'bump_epoch', NOTHING, () => {})
      .define(store, 'env', 'memory', memory)
      .define(store, 'env', 'table', table)
      .define(store, 'env', 'counter', counter)
      .define(store, 'env', 'step', step);
    const module = Module.compile(engine, guestText('wat/imported-memory.wat'));
    const instance = linker.instantiate(store, module);
    expect(instance.getFunc(store, 'run').call(store, 4)).toBe(13);
    expect(counter.get(store)).toBe(13);
    expect([...new Uint32Array(memory.read(store, 0, 20).buffer)]).toEqual([4, 7, 10, 13, 0]);
    expect(table.get(store, 1)).toBeInstanceOf(Func);
  });

  it('links modules with one another', () => {
    const { engine, linker, store } = world();
    linker.funcWrap('env', 'bump_epoch', NOTHING, () => {});
    const compile = (name: string) => Module.compile(engine, guestText(name));
    const lib = linker.instantiate(store, compile('wat/two-modules-lib.wat'));
    linker.instance(store, 'lib', lib);
    const main = linker.instantiate(store, compile('wat/two-modules-main.wat'));
    expect(main.getFunc(store, 'squares').call(store, 10)).toBe(285);
    expect(main.getFunc(store, 'deep').call(store, 7)).toBe(7);
  });

  it('serves many stores with the same host functions', () => {
    const { engine, linker } = world();
    const stores: Store[] = [];
    linker.funcWrap('env', 'host', NOTHING, ({ store }) => stores.push(store));
    const module = Module.compile(
      engine,
      '(module (import "env" "host" (func $h)) (func (export "run") (call $h)))',
    );
    const [first, second] = [new Store(engine), new Store(engine)];
    for (const store of [first, second, first]) {
      linker.instantiate(store, module).getFunc(store, 'run').call(store);
    }
    expect(stores).toEqual([first, second, first]);
    expect(stores[1]).toBe(second);
  });

  it('takes any names', () => {
    const { engine, linker, store } = world();
    const names = ['', ' ', '☃', '__proto__', 'constructor', '\0', '"'];
    for (const [i, name] of names.entries()) {
      linker.funcWrap(name, name, { params: [], results: ['i32'] }, () => i);
    }
    const imports = names.map((name, i) => {
      const text = `"${[...Buffer.from(name)].map((b) => `\\${b.toString(16).padStart(2, '0')}`).join('')}"`;
      return `(import ${text} ${text} (func $f${i} (result i32)))
        (export ${text} (func $f${i}))`;
    });
    // Imports come first in a text.
    const lines = imports.flatMap((pair) => pair.split('\n'));
    const wat = `(module ${lines.filter((l) => l.includes('import')).join(' ')}
      ${lines.filter((l) => l.includes('export')).join(' ')})`;
    const instance = linker.instantiate(store, Module.compile(engine, wat));
    expect(Object.keys(instance.exports(store)).toSorted()).toEqual(names.toSorted());
    for (const [i, name] of names.entries()) {
      expect(instance.getFunc(store, name).call(store)).toBe(i);
    }
  });
});

describe('definitions', () => {
  it('twice of one name are refused, until shadowing is allowed', () => {
    const parts = world();
    const { linker, store } = parts;
    const define = (n: number) =>
      linker.funcWrap('env', 'n', { params: [], results: ['i32'] }, () => n);
    define(1);
    const error = expectError(WasmtimeError, 'ERR_LINK', () => define(2));
    expect(error.message).toBe('import of `env::n` defined twice');
    const n = Global.create(store, { content: 'i32', mutable: false }, 3);
    expectError(WasmtimeError, 'ERR_LINK', () => linker.define(store, 'env', 'n', n));
    expect(linker.allowShadowing(true)).toBe(linker);
    define(4);
    const wat = '(module (import "env" "n" (func $n (result i32))) (export "n" (func $n)))';
    expect(start(wat, {}, parts).call('n')).toBe(4);
    linker.allowShadowing(false);
    expectError(WasmtimeError, 'ERR_LINK', () => define(5));
    // A refused one has changed nothing.
    expect(start(wat, {}, parts).call('n')).toBe(4);
  });

  it('of WASI twice are refused, and leave shadowing as it was', () => {
    const { linker } = world();
    linker.addWasi();
    expectError(WasmtimeError, 'ERR_LINK', () => linker.addWasi());
    expectError(WasmtimeError, 'ERR_LINK', () =>
      linker.funcWrap('wasi_snapshot_preview1', 'fd_write', NOTHING, () => {}),
    );
    linker.allowShadowing(true).addWasi();
    linker.funcWrap('wasi_snapshot_preview1', 'fd_write', NOTHING, () => {});
  });

  it('of types that change later hold as they were', () => {
    const parts = world();
    const type = { params: ['i32'] as 'i32'[], results: ['i32'] as 'i32'[] };
    parts.linker.funcWrap('env', 'f', type, (_, n) => n as number);
    type.params.push('i32');
    type.results.length = 0;
    const guest = start(
      `(module (import "env" "f" (func $f (param i32) (result i32)))
        (func (export "f") (param i32) (result i32) (call $f (local.get 0))))`,
      {},
      parts,
    );
    expect(guest.call('f', 6)).toBe(6);
  });
});

describe('instantiate', () => {
  it.each([
    ['(func)', 'unknown import: `env::absent` has not been defined'],
    ['(memory 1)', 'unknown import: `env::absent` has not been defined'],
  ])('without an import %s', (type, message) => {
    const { engine, linker, store } = world();
    const module = Module.compile(engine, `(module (import "env" "absent" ${type}))`);
    const error = expectError(WasmtimeError, 'ERR_UNKNOWN_IMPORT', () =>
      linker.instantiate(store, module),
    );
    expect(error.message).toBe(message);
    // And then with it.
    linker.funcWrap('env', 'absent', NOTHING, () => {});
    if (type === '(func)') linker.instantiate(store, module);
  });

  it('with imports of other types', () => {
    const { engine, linker, store } = world();
    const global = Global.create(store, { content: 'i32', mutable: false }, 1);
    const memory = Memory.create(store, { minimum: 1 });
    const table = Table.create(store, { element: 'funcref', minimum: 1 });
    linker
      .funcWrap('env', 'func', { params: ['i32'], results: [] }, () => {})
      .define(store, 'env', 'global', global)
      .define(store, 'env', 'memory', memory)
      .define(store, 'env', 'table', table);
    for (const [name, type] of [
      ['func', '(func)'],
      ['func', '(func (param i64))'],
      ['func', '(func (param i32) (result i32))'],
      ['func', '(memory 1)'],
      ['global', '(global i64)'],
      ['global', '(global (mut i32))'],
      ['global', '(func)'],
      ['memory', '(memory 2)'],
      ['memory', '(memory 1 1)'],
      ['table', '(table 2 funcref)'],
      ['table', '(table 1 externref)'],
    ]) {
      const module = Module.compile(engine, `(module (import "env" "${name}" ${type}))`);
      const error = expectError(WasmtimeError, 'ERR_INSTANTIATE', () =>
        linker.instantiate(store, module),
      );
      expect(error.message).toMatch(`incompatible import type for \`env::${name}\`\n\nCaused by:`);
    }
    linker.instantiate(
      store,
      Module.compile(engine, '(module (import "env" "func" (func (param i32))))'),
    );
  });

  it('a WASI module in a store without a WasiConfig', () => {
    const { engine, linker, store } = world();
    linker.addWasi();
    const module = Module.fromFile(engine, guestPath('c/endings.wasm'));
    const error = expectMisuse('ERR_NO_WASI', () => linker.instantiate(store, module));
    expect(error.message).toMatch(
      /^the module imports wasi_snapshot_preview1\.\w+: give the store a WasiConfig with setWasi$/,
    );
    // Other modules need none.
    linker.instantiate(store, Module.compile(engine, '(module)'));
    store.setWasi(new WasiConfig());
    linker.instantiate(store, module);
  });

  it('a WASI module without WASI', () => {
    const { engine, store } = world();
    store.setWasi(new WasiConfig());
    const module = Module.fromFile(engine, guestPath('c/endings.wasm'));
    expectError(WasmtimeError, 'ERR_UNKNOWN_IMPORT', () =>
      new Linker(engine).instantiate(store, module),
    );
  });

  it('more memory than there is', () => {
    expectError(WasmtimeError, 'ERR_INSTANTIATE', () => start('(module (memory i64 0x100000000))'));
  });
});
