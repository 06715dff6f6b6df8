import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  Engine,
  Linker,
  Memory,
  Module,
  SharedMemory,
  Store,
  Trap,
  WasmtimeError,
} from '../../lib/index.js';
import { collectUntil, expectError, expectMisuse } from './support.js';

const PAGE = 65_536;
const engine = new Engine({ sharedMemory: true });
const make = () => SharedMemory.create(engine, { minimum: 1, maximum: 3 });

/** Adds to the integer at 0, atomically and not; waits for, and wakes, those at 8. */
const WAT = `(module (import "env" "memory" (memory 1 3 shared))
  (func (export "add") (param i32) (loop $l
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
    (br_if $l (local.get 0))))
  (func (export "wait") (result i32)
    (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1)))
  (func (export "notify") (result i32) (memory.atomic.notify (i32.const 8) (i32.const 9)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1))))`;

function instantiate(memory: SharedMemory) {
  const store = new Store(engine);
  const linker = new Linker(engine).define(store, 'env', 'memory', memory);
  const instance = linker.instantiate(store, Module.compile(engine, WAT));
  return (name: string, ...args: unknown[]) => instance.getFunc(store, name).call(store, ...args);
}

describe('a shared memory', () => {
  it('has a type, and grows', () => {
    const memory = make();
    expect(memory.type).toEqual({
      minimum: 1,
      maximum: 3,
      shared: true,
      index64: false,
      pageSize: PAGE,
    });
    expect([memory.size(), memory.dataSize()]).toEqual([1, PAGE]);
    expect(memory.grow(1)).toBe(1);
    expect(instantiate(memory)('grow')).toBe(2);
    expect(memory.size()).toBe(3);
    expectError(WasmtimeError, 'ERR_MEMORY_GROW', () => memory.grow(1));
  });

  it('is one for the instances of several stores', () => {
    const memory = make();
    const [a, b] = [instantiate(memory), instantiate(memory)];
    a('add', 5);
    b('add', 6);
    expect(memory.atomicLoad('i32', 0)).toBe(11n);
    expect([...memory.read(0, 4)]).toEqual([11, 0, 0, 0]);
    memory.write(PAGE - 2, Uint8Array.of(1, 2));
    expect([...memory.read(PAGE - 3, 3)]).toEqual([0, 1, 2]);
  });

  it('has integers that are read and written as a whole', () => {
    const memory = make();
    expect(memory.atomicExchange('i32', 4, -1n)).toBe(0n);
    expect(memory.atomicLoad('i32', 4)).toBe(0xffff_ffffn);
    expect(memory.atomicLoad('i64', 0)).toBe(0xffff_ffff_0000_0000n);
    expect(memory.atomicCompareExchange('i32', 4, -1n, 7n)).toBe(0xffff_ffffn);
    expect(memory.atomicCompareExchange('i32', 4, -1n, 8n)).toBe(7n);
    expect(memory.atomicExchange('i64', 8, 2n ** 63n)).toBe(0n);
    expect(memory.atomicCompareExchange('i64', 8, -(2n ** 63n), 1n)).toBe(2n ** 63n);
    expect(memory.atomicLoad('i64', 8)).toBe(1n);
  });

  it('exported by a guest', () => {
    const store = new Store(engine);
    const wat = '(module (memory (export "memory") 1 1 shared) (data (i32.const 3) "x"))';
    const instance = new Linker(engine).instantiate(store, Module.compile(engine, wat));
    const memory = instance.getSharedMemory(store, 'memory');
    expect([...memory.read(3, 1)]).toEqual([120]);
    expectMisuse('ERR_NO_EXPORT', () => instance.getMemory(store, 'memory'));
    store.dispose();
    // It belongs to no store.
    expect([...memory.read(3, 1)]).toEqual([120]);
  });

  it('waits', () => {
    const memory = make();
    expect(memory.atomicWait('i32', 8, 1n)).toBe('not-equal');
    expect(memory.atomicWait('i64', 8, 0n, 1)).toBe('timed-out');
    expect(memory.atomicNotify(8)).toBe(0);
    expectError(Trap, 'ERR_WASM_TRAP', () => memory.atomicNotify(PAGE));
    const error = expectError(Trap, 'ERR_WASM_TRAP', () => memory.atomicWait('i64', 4, 0n, 1));
    expect(error.trapCode).toBe('HeapMisaligned');
  });

  it('refuses what does not fit', () => {
    const memory = make();
    for (const offset of [PAGE, PAGE - 2, 2 ** 50]) {
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.atomicLoad('i32', offset));
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.atomicExchange('i64', offset, 1n));
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.read(offset, 3));
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.write(offset, new Uint8Array(3)));
    }
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.atomicLoad('i32', 2));
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.atomicExchange('i32', 0, 2n ** 32n));
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.read(0, Number.MAX_SAFE_INTEGER));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => memory.atomicExchange('i32', 0, 1 as never));
    expectMisuse('ERR_INVALID_ARG_VALUE', () => memory.atomicLoad('i8' as 'i32', 0));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => SharedMemory.create(engine, { minimum: 1 }));
    expectError(WasmtimeError, 'ERR_WASMTIME', () =>
      SharedMemory.create(new Engine(), { minimum: 1, maximum: 1 }),
    );
    const store = new Store(new Engine());
    expectMisuse('ERR_WRONG_ENGINE', () =>
      new Linker(store.engine).define(store, 'env', 'memory', memory),
    );
    const type = { minimum: 1, maximum: 1, shared: true };
    expectMisuse('ERR_SHARED_MEMORY', () => Memory.create(store, type));
  });
});

describe('between Workers', () => {
  const built = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);

  /** Calls an export in a Worker with the same memory; resolves to what it returns. */
  function inWorker(memory: SharedMemory, name: string, ...args: number[]): Promise<unknown> {
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(${built}).then((lib) => {
        const memory = lib.SharedMemory.fromShared(workerData.token);
        const store = new lib.Store(memory.engine);
        const linker = new lib.Linker(memory.engine).define(store, 'env', 'memory', memory);
        const instance = linker.instantiate(store, lib.Module.compile(memory.engine, workerData.wat));
        parentPort.postMessage(
          instance.getFunc(store, workerData.name).call(store, ...workerData.args));
      });`;
    const workerData = { token: memory.share(), wat: WAT, name, args };
    const worker = new Worker(source, { eval: true, workerData });
    return new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  }

  it('no addition is lost', async () => {
    const memory = make();
    await Promise.all([1, 2, 3].map(() => inWorker(memory, 'add', 100_000)));
    expect(memory.atomicLoad('i32', 0)).toBe(300_000n);
  });

  it('a guest that waits is woken from here', async () => {
    const memory = make();
    const waiting = inWorker(memory, 'wait');
    while (memory.atomicNotify(8) === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await waiting).toBe(0);
  });

  it('what nobody shares any more is refused', async () => {
    const token = (() => make().share())();
    const gone = () => {
      try {
        SharedMemory.fromShared(token);
        return false;
      } catch {
        return true;
      }
    };
    expect(await collectUntil(gone)).toBe(true);
    expectMisuse('ERR_NOT_SHARED', () => SharedMemory.fromShared(token));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => SharedMemory.fromShared(null as never));
  });
});
