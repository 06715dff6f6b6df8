// Asynchronous calls of guests that nothing may suspend: they need no fiber, and are the same to a program.
import { describe, expect, it } from 'vitest';
import {
  type Caller,
  CallHook,
  Engine,
  Func,
  Linker,
  Module,
  Store,
  type Table,
  Trap,
} from '../../lib/index.js';
import { rejection, thrownBy } from './support.js';

const WAT = `(module
  (type $i (func (param i32) (result i32)))
  (import "env" "f" (func $f (type $i)))
  (table (export "table") 1 funcref)
  (func (export "f") (type $i) (call $f (local.get 0)))
  (func (export "pair") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func $deep (export "deep") (call $deep))
  (func (export "trap") unreachable)
  (func (export "indirect") (type $i)
    (call $f (local.get 0)) (drop) (call_indirect (type $i) (local.get 0) (i32.const 0))))`;

const TYPE = { params: ['i32'], results: ['i32'] } as const;

function start(f: (caller: Caller, n: number) => number = (_, n) => n) {
  const engine = new Engine();
  const store = new Store(engine);
  const linker = new Linker(engine).funcWrap('env', 'f', TYPE, f);
  const instance = linker.instantiate(store, Module.compile(engine, WAT));
  return { store, instance, func: (name: string) => instance.getFunc(store, name) };
}

describe('an asynchronous call that nothing may suspend', () => {
  it('gives results of all types', async () => {
    const { store, func } = start();
    const object = {};
    expect(await func('f').callAsync(store, 3)).toBe(3);
    expect(await func('pair').callAsync(store, 1, 2n)).toEqual([2n, 1]);
    expect(await func('same').callAsync(store, object)).toBe(object);
    expect(await func('f').callAsync(store, 4, {})).toBe(4);
    expect(await func('f').callAsync(store, 5, { signal: AbortSignal.timeout(60_000) })).toBe(5);
  });

  it('returns a promise, whatever happens', async () => {
    const thrown = new Error('of the host');
    const { store, func } = start(() => {
      throw thrown;
    });
    expect(await rejection(func('f').callAsync(store, 1))).toBe(thrown);
    expect(await rejection(func('trap').callAsync(store))).toBeInstanceOf(Trap);
    expect(await rejection(func('deep').callAsync(store))).toMatchObject({
      trapCode: 'StackOverflow',
    });
    expect(await rejection(func('f').callAsync(store, 'x'))).toBeInstanceOf(TypeError);
    expect(await rejection(func('f').callAsync(new Store(store.engine), 1))).toMatchObject({
      code: 'ERR_WRONG_STORE',
    });
    const aborted = AbortSignal.abort(thrown);
    expect(await rejection(func('f').callAsync(store, 1, { signal: aborted }))).toBe(thrown);
    expect(await func('pair').callAsync(store, 1, 2n)).toEqual([2n, 1]);
  });

  it('lets its host functions call the guest, but not asynchronously', async () => {
    const refused: Promise<unknown>[] = [];
    const { store, func } = start((caller, n) => {
      if (n === 0) return 0;
      refused.push(rejection(func('f').callAsync(caller, 0)));
      refused.push(rejection(func('f').callAsync(store, 0)));
      return 1 + (func('f').call(caller, n - 1) as number);
    });
    expect(await func('f').callAsync(store, 3)).toBe(3);
    expect(refused).toHaveLength(6);
    for (const error of await Promise.all(refused)) {
      expect(error).toMatchObject({ code: 'ERR_STORE_IN_USE' });
    }
  });

  it('is told of by call hooks', async () => {
    const { store, func } = start();
    const kinds: CallHook[] = [];
    store.callHook((_, kind) => kinds.push(kind));
    await func('f').callAsync(store, 1);
    const { CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm } = CallHook;
    expect(kinds).toEqual([CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm]);
  });

  it('can be suspended from the next one on, when the guest gets an async function in the middle', async () => {
    let once = true;
    const { store, instance, func } = start((caller, n) => {
      if (once) {
        const later = Func.wrapAsync(caller, TYPE, async (_, x) => x + 1);
        (instance.getExport(store, 'table') as Table).set(caller, 0, later);
        once = false;
      }
      return n;
    });
    expect(await rejection(func('indirect').callAsync(store, 1))).toBeInstanceOf(Error);
    expect(await func('indirect').callAsync(store, 1)).toBe(2);
    expect(thrownBy(() => func('f').call(store, 1))).toMatchObject({ code: 'ERR_ASYNC_REQUIRED' });
  });
});
