import { assert, expect, it } from 'vitest';
import {
  type Config,
  Engine,
  ExnRef,
  Linker,
  Module,
  Store,
  Tag,
  Trap,
  type WasmtimeError,
} from '../../lib/index.js';
import { rejection } from './support.js';

const WAT = `(module
  (import "env" "tag" (tag $t (param i32)))
  (import "env" "host" (func $host))
  (func (export "run") (call $host))
  (func (export "trap") (call $host) unreachable)
  (func (export "catch") (result i32)
    (block $h (result i32) (try_table (catch $t $h) (call $host)) unreachable)))`;

/** A guest whose import throws `exception` before or after the guest was suspended. */
async function throwing(suspended: boolean, config: Config = {}) {
  const engine = new Engine(config);
  const store = new Store(engine);
  const tag = Tag.create(store, ['i32']);
  const exception = ExnRef.create(store, tag, [5]);
  const linker = new Linker(engine)
    .define(store, 'env', 'tag', tag)
    .funcWrapAsync('env', 'host', { params: [], results: [] }, () => {
      if (!suspended) throw exception;
      return new Promise((_, reject) => setImmediate(() => reject(exception)));
    });
  const instance = await linker.instantiateAsync(store, Module.compile(engine, WAT));
  const call = (name: string) => instance.getFunc(store, name).callAsync(store);
  return { store, exception, call };
}

it.each([false, true])(
  'an exception reaches the guest of an async call, suspended: %s',
  async (suspended) => {
    const { store, exception, call } = await throwing(suspended);
    expect(await call('catch')).toBe(5);
    const error = (await rejection(call('run'))) as WasmtimeError;
    expect(error.code).toBe('ERR_WASM_EXCEPTION');
    expect(error.exception?.refEq(store, exception)).toBe(true);
    expect(await call('catch')).toBe(5);
  },
);

it('a core dump comes with the error of an async call', async () => {
  const engine = new Engine({ coredumpOnTrap: true });
  const store = new Store(engine);
  const linker = new Linker(engine).funcWrapAsync(
    'env',
    'host',
    { params: [], results: [] },
    () => new Promise((resolve) => setImmediate(resolve)),
  );
  const wat =
    '(module (import "env" "host" (func $h)) (func (export "run") (call $h) unreachable))';
  const instance = await linker.instantiateAsync(store, Module.compile(engine, wat));
  const run = instance.getFunc(store, 'run').callAsync(store);
  const error = await rejection(run);
  assert(error instanceof Trap);
  expect(error.coreDump?.length).toBeGreaterThan(8);
});
