// Guests that hold their thread for good, and what must end them all the same.
import { describe, expect, it } from 'vitest';
import {
  Engine,
  InterruptHandle,
  Linker,
  Module,
  SharedMemory,
  Store,
  Trap,
} from '../../lib/index.js';
import { runNode, thrownBy } from '../runtime/support.js';

const WAITS = `(module
  (import "h" "m" (memory 1 1 shared))
  (func (export "wait32") (param i64) (result i32)
    (memory.atomic.wait32 (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "wait64") (param i64) (result i32)
    (memory.atomic.wait64 (i32.const 8) (i64.const 0) (local.get 0)))
  (func (export "unaligned") (result i32)
    (memory.atomic.wait32 (i32.const 1) (i32.const 0) (i64.const -1)))
  (func (export "beyond") (result i32)
    (memory.atomic.wait32 (i32.const 65536) (i32.const 0) (i64.const -1)))
  (func (export "other") (result i32)
    (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1))))`;

/** In a Worker: what holds it, as a function body that has the library as `lib`. */
const HOLDERS = {
  'a loop': `
    const engine = new lib.Engine({ epochInterruption: true });
    const store = new lib.Store(engine);
    store.setEpochDeadline(1e9);
    const module = lib.Module.compile(engine, '(module (func (export "f") (loop $l (br $l))))');
    const f = new lib.Linker(engine).instantiate(store, module).getFunc(store, 'f');
    ready();
    f.call(store);`,
  'a loop that is sampled': `
    const engine = new lib.Engine({ epochInterruption: true });
    const store = new lib.Store(engine);
    store.setEpochDeadline(1e9);
    const module = lib.Module.compile(engine, '(module (func (export "f") (loop $l (br $l))))');
    const profiler = new lib.GuestProfiler('p', 1, [['m', module]]);
    profiler.attach(store, { hostCalls: 'frames' });
    const f = new lib.Linker(engine).instantiate(store, module).getFunc(store, 'f');
    ready();
    f.call(store);`,
  'a loop of an asynchronous call': `
    const engine = new lib.Engine({ epochInterruption: true });
    const store = new lib.Store(engine);
    store.setEpochDeadline(1e9);
    const module = lib.Module.compile(engine, '(module (func (export "f") (loop $l (br $l))))');
    const f = new lib.Linker(engine).instantiate(store, module).getFunc(store, 'f');
    ready();
    await f.callAsync(store);`,
  'a loop that calls JavaScript': `
    const engine = new lib.Engine({ epochInterruption: true });
    const store = new lib.Store(engine);
    store.setEpochDeadline(1e9);
    const module = lib.Module.compile(engine, '(module (import "h" "f" (func $h)) (func (export "f") (loop $l (call $h) (br $l))))');
    const linker = new lib.Linker(engine);
    linker.funcWrap('h', 'f', { params: [], results: [] }, () => {});
    const f = linker.instantiate(store, module).getFunc(store, 'f');
    ready();
    f.call(store);`,
  'a sleep of preview 1': `
    const engine = new lib.Engine();
    const store = new lib.Store(engine);
    store.setWasi(new lib.WasiConfig({}));
    const module = lib.Module.compile(engine, SLEEP);
    const f = new lib.Linker(engine).addWasi().instantiate(store, module).getFunc(store, 'f');
    ready();
    f.call(store);`,
  'a wait for a notification': `
    const engine = new lib.Engine({ wasmThreads: true, sharedMemory: true });
    const memory = lib.SharedMemory.create(engine, { minimum: 1, maximum: 1, shared: true });
    const store = new lib.Store(engine);
    const module = lib.Module.compile(engine, WAITS);
    const f = new lib.Linker(engine).define(store, 'h', 'm', memory).instantiate(store, module).getFunc(store, 'wait32');
    ready();
    f.call(store, -1n);`,
  'a wait in a start function': `
    const engine = new lib.Engine({ wasmThreads: true, sharedMemory: true });
    const store = new lib.Store(engine);
    const module = lib.Module.compile(engine, '(module (memory 1 1 shared) (func $f (drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const -1)))) (start $f))');
    ready();
    new lib.Linker(engine).instantiate(store, module);`,
  'a wait of JavaScript’s': `
    const engine = new lib.Engine({ wasmThreads: true, sharedMemory: true });
    const memory = lib.SharedMemory.create(engine, { minimum: 1, maximum: 1, shared: true });
    ready();
    memory.atomicWait('i32', 0, 0n);`,
};

/** A relative sleep of a hundred days. */
const SLEEP = `(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "f")
    (i64.store (i32.const 24) (i64.const 8640000000000000))
    (i32.store (i32.const 16) (i32.const 1))
    (drop (call $poll (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512)))))`;

/** Holds a Worker, and once it is held does `end`. */
function holding(holder: string, end: string): string {
  const source = `
    import { parentPort } from 'node:worker_threads';
    const SLEEP = ${JSON.stringify(SLEEP)};
    const WAITS = ${JSON.stringify(WAITS)};
    const ready = () => parentPort.postMessage('ready');
    const lib = await import(process.env.LIB);
    ${holder}`;
  return `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    import 'LIB';
    process.env.LIB = 'LIB';
    const worker = new Worker(${JSON.stringify(source)}, { eval: true });
    worker.on('error', (error) => console.log('error', error));
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, 100));
    ${end}`;
}

describe.each(Object.entries(HOLDERS))('a Worker held by %s', (_, holder) => {
  it('ends when it is terminated', () => {
    expect(runNode(holding(holder, 'console.log(await worker.terminate());'))).toBe('1\n');
  });

  it('ends with the process', () => {
    expect(runNode(holding(holder, "console.log('exits'); process.exit(0);"))).toBe('exits\n');
  });
});

describe.skipIf(process.platform === 'win32')('an InterruptHandle', () => {
  function waiting(handle: InterruptHandle) {
    const engine = new Engine({ wasmThreads: true, sharedMemory: true });
    const memory = SharedMemory.create(engine, { minimum: 1, maximum: 1, shared: true });
    const store = new Store(engine);
    store.setInterruptHandle(handle);
    const module = Module.compile(engine, WAITS);
    const instance = new Linker(engine).define(store, 'h', 'm', memory).instantiate(store, module);
    return (name: string, ...args: bigint[]) => instance.getFunc(store, name).call(store, ...args);
  }

  it.each(['wait32', 'wait64'])('ends %s', (name) => {
    using handle = new InterruptHandle();
    const call = waiting(handle);
    handle.triggerAfter(100);
    const trap = thrownBy(() => call(name, -1n)) as Trap;
    expect(trap).toBeInstanceOf(Trap);
    expect(trap.trapCode).toBe('Interrupt');
    expect(trap.frames.map(({ funcIndex }) => funcIndex)).toEqual([name === 'wait32' ? 0 : 1]);
    expect(handle.reason).toBe('timeout');
  });

  it('leaves waits what they are', () => {
    using handle = new InterruptHandle();
    const call = waiting(handle);
    const outcome = (name: string, ...args: bigint[]) => {
      try {
        return call(name, ...args);
      } catch (error) {
        return (error as Trap).trapCode;
      }
    };
    expect(outcome('wait32', 0n)).toBe(2);
    expect(outcome('wait64', 30_000_000n)).toBe(2);
    expect(outcome('other')).toBe(1);
    expect(outcome('unaligned')).toBe('HeapMisaligned');
    expect(outcome('beyond')).toBe('MemoryOutOfBounds');
  });

  it('ends each command that waits at a signal', () => {
    expect(
      runNode(`import { Engine, InterruptHandle, Linker, Module, Store } from 'LIB';
        const engine = new Engine({ wasmThreads: true, sharedMemory: true });
        const store = new Store(engine);
        const handle = new InterruptHandle();
        store.setInterruptHandle(handle);
        handle.triggerOnSignals('SIGTERM');
        const module = Module.compile(engine, '(module (memory 1 1 shared) (func (export "f") (result i32)' +
          '(memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))');
        const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
        const { spawn } = await import('node:child_process');
        spawn('sh', ['-c', 'sleep 0.2; kill -TERM ' + process.pid], { stdio: 'ignore' });
        try { f.call(store); } catch (error) { console.log(error.trapCode, handle.reason); }`),
    ).toBe('Interrupt SIGTERM\n');
  });

  it('a wait that is notified goes on, from another thread', () => {
    expect(
      runNode(`import { Engine, InterruptHandle, Linker, Module, SharedMemory, Store } from 'LIB';
        import { Worker } from 'node:worker_threads';
        const engine = new Engine({ wasmThreads: true, sharedMemory: true });
        const memory = SharedMemory.create(engine, { minimum: 1, maximum: 1, shared: true });
        const store = new Store(engine);
        store.setInterruptHandle(new InterruptHandle());
        const module = Module.compile(engine, ${JSON.stringify(WAITS)});
        const instance = new Linker(engine).define(store, 'h', 'm', memory).instantiate(store, module);
        process.env.LIB = 'LIB';
        new Worker(\`import { workerData } from 'node:worker_threads';
          const lib = await import(process.env.LIB);
          const memory = lib.SharedMemory.fromShared(workerData);
          while (memory.atomicNotify(0, 1) === 0);\`, { eval: true, workerData: memory.share() });
        console.log(instance.getFunc(store, 'wait32').call(store, -1n));`),
    ).toBe('0\n');
  });
});
