import { expect, test } from 'vitest';
import { Func, Global, Memory, Module, Store, Trap, WasmtimeError } from '../../lib/index.js';
import { expectError, expectMisuse, world } from './support.js';

const COUNTER = `(module (global $n (mut i32) (i32.const 0))
  (func (export "next") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`;
const COMMAND = COUNTER.replace(/\)$/, ' (func (export "_start")))');

test('alias and aliasModule give other names to the same items', () => {
  const { engine, linker, store } = world();
  linker.funcWrap('a', 'f', { params: [], results: ['i32'] }, () => 5);
  linker.define(store, 'a', 'g', Global.create(store, { content: 'i32', mutable: true }, 1));
  linker.alias('a', 'f', 'b', 'h').aliasModule('a', 'c');
  for (const [module, name] of [
    ['b', 'h'],
    ['c', 'f'],
  ] as const) {
    expect((linker.get(store, module, name) as Func).call(store)).toBe(5);
  }
  (linker.get(store, 'c', 'g') as Global).set(store, 9);
  expect((linker.get(store, 'a', 'g') as Global).get(store)).toBe(9);
  expectMisuse('ERR_WRONG_STORE', () => linker.get(new Store(engine), 'c', 'g'));
  expectError(WasmtimeError, 'ERR_LINK', () => linker.alias('a', 'none', 'd', 'd'));
  expectError(WasmtimeError, 'ERR_LINK', () => linker.alias('a', 'f', 'b', 'h'));
});

test('iter and get tell what is defined', () => {
  const { linker, store } = world();
  linker.funcWrap('env', 'f', { params: ['i32'], results: [] }, () => undefined);
  linker.define(store, 'env', 'm', Memory.create(store, { minimum: 1 }));
  const found = [...linker.iter(store)].map(([module, name, item]) => [
    module,
    name,
    item.constructor,
  ]);
  expect(found.sort()).toEqual([
    ['env', 'f', Func],
    ['env', 'm', Memory],
  ]);
  expect((linker.get(store, 'env', 'f') as Func).type).toEqual({ params: ['i32'], results: [] });
  expect(linker.get(store, 'env', 'none')).toBeUndefined();
});

test('module: a reactor has one instance, a command one a call', () => {
  const { engine, linker, store } = world();
  linker.module(store, 'reactor', Module.compile(engine, COUNTER));
  linker.module(store, 'command', Module.compile(engine, COMMAND));
  const next = (name: string) => (linker.get(store, name, 'next') as Func).call(store);
  expect([next('reactor'), next('reactor'), next('command'), next('command')]).toEqual([
    1, 2, 1, 1,
  ]);
  expect(linker.getDefault(store, 'command').call(store)).toBeUndefined();
  expect(linker.getDefault(store, 'none').call(store)).toBeUndefined();
  const other = new Store(engine);
  expectMisuse('ERR_WRONG_STORE', () => linker.get(other, 'command', 'next'));
  expectMisuse('ERR_WRONG_STORE', () => linker.get(other, 'reactor', 'next'));
  expectMisuse('ERR_WRONG_STORE', () => [...linker.iter(other)]);
});

test('allowUnknownExports lets a command export memories', () => {
  const { engine, linker, store } = world();
  const module = Module.compile(
    engine,
    '(module (memory (export "m") 1) (func (export "_start")))',
  );
  expectError(WasmtimeError, 'ERR_LINK', () => linker.module(store, 'a', module));
  linker.allowUnknownExports(true).module(store, 'b', module);
});

const UNKNOWN = `(module
  (import "a" "f" (func $f (param i32) (result i64)))
  (import "a" "m" (memory 2))
  (func (export "call") (result i64) (call $f (i32.const 1)))
  (func (export "size") (result i32) memory.size))`;

test('unknown imports trap when they are called', () => {
  const { engine, linker, store } = world();
  const functions = UNKNOWN.replace('(import "a" "m" (memory 2))', '(memory 1)');
  const module = Module.compile(engine, functions);
  const instance = linker.defineUnknownImportsAsTraps(module).instantiate(store, module);
  const { message } = expectError(WasmtimeError, 'ERR_UNKNOWN_IMPORT', () =>
    instance.getFunc(store, 'call').call(store),
  );
  expect(message).toMatch(/unknown import: `a::f`/);
});

test('unknown imports have default values', () => {
  const { engine, linker, store } = world();
  const module = Module.compile(engine, UNKNOWN);
  linker.defineUnknownImportsAsDefaultValues(store, module);
  const instance = linker.instantiate(store, module);
  expect(instance.getFunc(store, 'call').call(store)).toBe(0n);
  expect(instance.getFunc(store, 'size').call(store)).toBe(2);
  expectMisuse('ERR_WRONG_STORE', () => linker.instantiate(new Store(engine), module));
});

test('a module that traps in its start function defines nothing', () => {
  const { engine, linker, store } = world();
  const module = Module.compile(
    engine,
    '(module (func $s unreachable) (start $s) (func (export "f")))',
  );
  expectError(Trap, 'ERR_WASM_TRAP', () => linker.module(store, 'a', module));
  expect(linker.get(store, 'a', 'f')).toBeUndefined();
});
