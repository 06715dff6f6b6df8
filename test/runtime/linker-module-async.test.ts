import { expect, test } from 'vitest';
import { type Func, Module, Store, WasiConfig } from '../../lib/index.js';
import { expectMisuse, rejection, world } from './support.js';

/** A counter from a promise; `suffix` makes it a reactor or a command. */
const counter = (suffix: string) => `(module
  (import "env" "step" (func $step (result i32)))
  (global $n (mut i32) (i32.const 0))
  (func $next (export "next") (result i32)
    (global.set $n (i32.add (global.get $n) (call $step))) (global.get $n))
  ${suffix})`;
const REACTOR = counter('(func (export "_initialize") (drop (call $next)))');
const COMMAND = counter('(memory (export "memory") 1) (func (export "_start"))');

function asyncWorld() {
  const all = world();
  let steps = 0;
  all.linker.funcWrapAsync('env', 'step', { params: [], results: ['i32'] }, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    steps++;
    return 1;
  });
  const next = (name: string): Promise<number> =>
    (all.linker.get(all.store, name, 'next') as Func).callAsync(all.store);
  return { ...all, next, steps: () => steps };
}

test('a reactor has one instance, a command one a call, and both may wait', async () => {
  const { engine, linker, store, next, steps } = asyncWorld();
  const reactor = Module.compile(engine, REACTOR);
  expect(await linker.moduleAsync(store, 'reactor', reactor)).toBe(linker);
  expect(steps()).toBe(1);
  await linker.moduleAsync(store, 'command', Module.compile(engine, COMMAND));
  expect(steps()).toBe(1);
  const counts = [];
  for (const name of ['reactor', 'reactor', 'command', 'command']) counts.push(await next(name));
  expect(counts).toEqual([2, 3, 1, 1]);
  expect(await linker.getDefault(store, 'command').callAsync(store)).toBeUndefined();
  expect(linker.get(store, 'command', 'memory')).toBeUndefined();
  expectMisuse('ERR_WRONG_STORE', () => linker.get(new Store(engine), 'reactor', 'next'));
  expectMisuse('ERR_ASYNC_REQUIRED', () => linker.module(store, 'sync', reactor));
});

test('other modules import what it defines', async () => {
  const { engine, linker, store } = asyncWorld();
  await linker.moduleAsync(store, 'command', Module.compile(engine, COMMAND));
  const user = Module.compile(
    engine,
    `(module (import "command" "next" (func $next (result i32)))
      (func (export "twice") (result i32) (i32.add (call $next) (call $next))))`,
  );
  const instance = await linker.instantiateAsync(store, user);
  expect(await instance.getFunc(store, 'twice').callAsync(store)).toBe(2);
});

test('the linker can be used and changed meanwhile', async () => {
  const { engine, linker, store, next } = asyncWorld();
  const defined = linker.moduleAsync(store, 'reactor', Module.compile(engine, REACTOR));
  linker.funcWrap('env', 'other', { params: [], results: [] }, () => {});
  await defined;
  expect(linker.get(store, 'env', 'other')).toBeDefined();
  expect(await next('reactor')).toBe(2);
});

test('definitions that exist already are refused, and replaced where they may be', async () => {
  const { engine, linker, store, next } = asyncWorld();
  const module = Module.compile(engine, REACTOR);
  await linker.moduleAsync(store, 'a', module);
  const link = { name: 'WasmtimeError', code: 'ERR_LINK' };
  expect(await rejection(linker.moduleAsync(store, 'a', module))).toMatchObject(link);
  expect([await next('a'), await next('a')]).toEqual([2, 3]);
  await linker.allowShadowing(true).moduleAsync(store, 'a', module);
  expect(await next('a')).toBe(2);
});

test('what it throws: traps, the very same exception, the reason of its signal, misuses', async () => {
  const { engine, linker, store } = asyncWorld();
  const trapping = Module.compile(engine, '(module (func $s unreachable) (start $s))');
  expect(await rejection(linker.moduleAsync(store, 'a', trapping))).toMatchObject({
    trapCode: 'UnreachableCodeReached',
  });
  const reason = new Error('mine');
  linker.allowShadowing(true);
  linker.funcWrapAsync('env', 'step', { params: [], results: ['i32'] }, async () => {
    throw reason;
  });
  const module = Module.compile(engine, REACTOR);
  expect(await rejection(linker.moduleAsync(store, 'a', module))).toBe(reason);
  linker.funcWrapAsync(
    'env',
    'step',
    { params: [], results: ['i32'] },
    () => new Promise<number>(() => {}),
  );
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = linker.moduleAsync(store, 'a', module, { signal });
  controller.abort(reason);
  expect(await rejection(aborted)).toBe(reason);
  expect(linker.get(store, 'a', 'next')).toBeUndefined();
  const type = { code: 'ERR_INVALID_ARG_TYPE' };
  expect(await rejection(linker.moduleAsync(store, 1 as never, module))).toMatchObject(type);
  expect(await rejection(linker.moduleAsync(store, 'a', {} as never))).toMatchObject(type);
});

test('a WASI command', async () => {
  const { engine, linker, store } = world();
  linker.addWasiAsync();
  const module = Module.compile(
    engine,
    `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start") (call $exit (i32.const 3))))`,
  );
  const missing = { code: 'ERR_NO_WASI' };
  expect(await rejection(linker.moduleAsync(store, 'app', module))).toMatchObject(missing);
  store.setWasi(new WasiConfig());
  await linker.moduleAsync(store, 'app', module);
  const error = await rejection(linker.getDefault(store, 'app').callAsync(store));
  expect(error).toMatchObject({ name: 'WasiExit', exitCode: 3 });
});
