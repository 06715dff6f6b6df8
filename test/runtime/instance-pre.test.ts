import { expect, test } from 'vitest';
import {
  Engine,
  Global,
  InstancePre,
  Linker,
  Module,
  Store,
  WasmtimeError,
} from '../../lib/index.js';
import { expectError, expectMisuse } from './support.js';

const WAT = `(module (import "env" "n" (func $n (result i32)))
  (func (export "f") (result i32) (call $n)))`;

test('resolves imports once, for instances in any store', () => {
  const engine = new Engine();
  const linker = new Linker(engine);
  let n = 0;
  linker.funcWrap('env', 'n', { params: [], results: ['i32'] }, () => ++n);
  const module = Module.compile(engine, WAT);
  const pre = linker.instantiatePre(module);
  expect(pre).toBeInstanceOf(InstancePre);
  expect(pre.module).toBe(module);
  for (const expected of [1, 2, 3]) {
    const store = new Store(engine);
    expect(pre.instantiate(store).getFunc(store, 'f').call(store)).toBe(expected);
  }
});

test('refuses what is missing, at once', () => {
  const engine = new Engine();
  expectError(WasmtimeError, 'ERR_UNKNOWN_IMPORT', () =>
    new Linker(engine).instantiatePre(Module.compile(engine, WAT)),
  );
});

test('refuses other stores than that of an imported item, other engines, disposed stores', () => {
  const engine = new Engine();
  const store = new Store(engine);
  const global = Global.create(store, { content: 'i32', mutable: false }, 7);
  const module = Module.compile(
    engine,
    '(module (import "env" "g" (global $g i32)) (func (export "f") (result i32) (global.get $g)))',
  );
  const pre = new Linker(engine).define(store, 'env', 'g', global).instantiatePre(module);
  expect(pre.instantiate(store).getFunc(store, 'f').call(store)).toBe(7);
  expectMisuse('ERR_WRONG_STORE', () => pre.instantiate(new Store(engine)));
  expectMisuse('ERR_WRONG_ENGINE', () => pre.instantiate(new Store(new Engine())));
  store.dispose();
  expectMisuse('ERR_DISPOSED', () => pre.instantiate(store));
});
