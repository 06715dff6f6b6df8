import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type Caller,
  CallHook,
  type Config,
  Engine,
  Func,
  Instance,
  InterruptHandle,
  Linker,
  Memory,
  Module,
  Store,
  type Table,
  UpdateDeadline,
  WasiConfig,
} from '../../lib/index.js';
import {
  expectMisuse,
  recursionDepth,
  rejection,
  runNode,
  runWithPipe,
  thrownBy,
} from './support.js';

const LIB = new URL('../../dist/index.js', import.meta.url).href;

const WAT = `(module
  (import "env" "get" (func $get (param i32) (result i32)))
  (import "env" "sync" (func $sync (param i32) (result i32)))
  (memory (export "memory") 1 10)
  (func (export "get") (param i32) (result i32) (call $get (local.get 0)))
  (func (export "sync") (param i32) (result i32) (call $sync (local.get 0)))
  (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "trap") unreachable)
  (func (export "spin") (param i32) (result i32)
    (loop $l
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $l (local.get 0)))
    (i32.const 7)))`;

type Fn = (...args: number[]) => unknown;

async function start(
  { get = async (x) => x, sync = (x) => x }: { get?: Fn; sync?: Fn } = {},
  config: Config = {},
  prepare: (store: Store, engine: Engine) => void = () => {},
): Promise<{ engine: Engine; store: Store; instance: Instance; func(name: string): Func }> {
  const engine = new Engine(config);
  const type = { params: ['i32'], results: ['i32'] } as const;
  const linker = new Linker(engine)
    .funcWrapAsync('env', 'get', type, (_, x) => get(x) as Promise<number>)
    .funcWrap('env', 'sync', type, (_, x) => sync(x) as number);
  const store = new Store(engine);
  prepare(store, engine);
  const instance = await linker.instantiateAsync(store, Module.compile(engine, WAT));
  return { engine, store, instance, func: (name) => instance.getFunc(store, name) };
}

const yielding = (store: Store) => {
  store.setEpochDeadline(1);
  store.epochDeadlineAsyncYieldAndUpdate(1);
};

describe('the event loop', () => {
  it('fires a 1 ms timer while a guest spins', async () => {
    const { engine, store, func } = await start({}, { epochInterruption: true }, yielding);
    using _ticker = engine.startEpochTicker(1);
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    const before = performance.now();
    expect(await func('spin').callAsync(store, 1_800_000_000)).toBe(7);
    clearInterval(timer);
    console.log(`${fired} timers in ${(performance.now() - before).toFixed(0)} ms of a guest`);
    expect(fired).toBeGreaterThan(20);
  });

  it('goes on at fuel yields', async () => {
    const { store, func } = await start({}, { consumeFuel: true }, (store) => {
      store.setFuel(2n ** 60n);
      store.fuelAsyncYieldInterval(10_000);
    });
    let turns = 0;
    let spins = true;
    const turn = () => {
      turns++;
      if (spins) setImmediate(turn);
    };
    setImmediate(turn);
    expect(await func('spin').callAsync(store, 1_000_000)).toBe(7);
    spins = false;
    expect(turns).toBeGreaterThan(50);
  });

  it('goes on when the callback says so', async () => {
    let yields = 0;
    const { engine, store, func } = await start({}, { epochInterruption: true }, (store) => {
      store.setEpochDeadline(1);
      store.epochDeadlineCallback(() => {
        yields++;
        engine.incrementEpoch();
        return yields > 20 ? UpdateDeadline.continue(1000) : UpdateDeadline.yield(1);
      });
    });
    engine.incrementEpoch();
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await func('spin').callAsync(store, 1000);
    expect({ yields: yields > 0, turned }).toEqual({ yields: true, turned: true });
  });

  it('awaits a socket on loopback', async () => {
    const server = createServer((socket) => socket.end('42')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { store, func } = await start({
      get: async (x) => {
        const socket = connect(port, '127.0.0.1');
        let text = '';
        for await (const chunk of socket) text += chunk;
        return Number(text) + x;
      },
    });
    expect(await func('get').callAsync(store, 1)).toBe(43);
    server.close();
  });

  it('has 100 guests interleave', async () => {
    // Each waits until all do.
    const waiting: (() => void)[] = [];
    const all = Array.from({ length: 100 }, async (_, i) => {
      const { store, func } = await start({
        get: async (x) => {
          await new Promise<void>((resolve) => {
            if (waiting.push(resolve) === 100) for (const goOn of waiting) goOn();
          });
          return x;
        },
      });
      return await func('get').callAsync(store, i);
    });
    expect(await Promise.all(all)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('goes on while a WASI guest sleeps', async () => {
    const engine = new Engine();
    const linker = new Linker(engine).addWasiAsync();
    const store = new Store(engine);
    store.setWasi(new WasiConfig());
    // One subscription to the monotonic clock (1), 50 ms from now.
    const module = Module.compile(
      engine,
      `(module (import "wasi_snapshot_preview1" "poll_oneoff"
          (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "sleep") (result i32)
          (i32.store (i32.const 16) (i32.const 1))
          (i64.store (i32.const 24) (i64.const 50000000))
          (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))`,
    );
    const instance = await linker.instantiateAsync(store, module);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    expect(await instance.getFunc(store, 'sleep').callAsync(store)).toBe(0);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});

describe('WASI', () => {
  it('has a guest wait for its stdin while the event loop goes on', () => {
    // A process of its own, whose stdin is a pipe.
    const output = runWithPipe(`
          import { Engine, Linker, Module, Store, WasiConfig } from 'LIB';
          const engine = new Engine();
          const linker = new Linker(engine).addWasiAsync();
          const store = new Store(engine);
          store.setWasi(new WasiConfig({ stdin: 'inherit' }));
          const module = Module.compile(engine, \`(module
            (import "wasi_snapshot_preview1" "fd_read"
              (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "read") (result i32)
              (i32.store (i32.const 0) (i32.const 64))
              (i32.store (i32.const 4) (i32.const 32))
              (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
              (i32.load (i32.const 16))))\`);
          const instance = await linker.instantiateAsync(store, module);
          let turns = 0;
          const timer = setInterval(() => { if (++turns === 20) console.log('turns'); }, 1);
          const length = await instance.getFunc(store, 'read').callAsync(store);
          clearInterval(timer);
          const bytes = instance.getMemory(store, 'memory').read(store, 64, length);
          console.log(new TextDecoder().decode(bytes));
          process.exit(0);`);
    expect(output).toBe('turns\nhello\n');
  });
});

describe('an InterruptHandle', () => {
  it.each(['spins', 'waits'])('ends a guest that %s', async (what) => {
    const handle = new InterruptHandle();
    const { engine, store, func } = await start(
      { get: () => new Promise(() => {}) },
      { epochInterruption: true },
      (store) => {
        store.setEpochDeadline(1);
        store.epochDeadlineAsyncYieldAndUpdate(1);
        store.setInterruptHandle(handle);
      },
    );
    using _ticker = engine.startEpochTicker(1);
    const call = func(what === 'spins' ? 'spin' : 'get').callAsync(store, 0);
    setTimeout(() => handle.trigger(), 20);
    expect(await rejection(call)).toMatchObject({ name: 'Trap', trapCode: 'Interrupt' });
  });
});

describe('JavaScript called from a guest on a fiber', () => {
  it('has the main stack: it may recurse as deep as elsewhere', async () => {
    const outside = recursionDepth();
    const found: number[] = [];
    const { store, func } = await start({
      sync: (x) => {
        found.push(recursionDepth());
        return x;
      },
    });
    await func('sync').callAsync(store, 1);
    expect(found[0]).toBeGreaterThan(outside / 2);
  });

  it('may use the store, and call the guest again', async () => {
    let store!: Store;
    let func!: (name: string) => Func;
    let instance!: Instance;
    const parts = await start({
      sync: (x) => {
        instance.getMemory(store, 'memory').write(store, 0, new Uint8Array([x]));
        store.gc();
        return func('double').call(store, x);
      },
    });
    ({ store, func, instance } = parts);
    // A sync call within, in a store that needs async ones.
    expect(await func('sync').callAsync(store, 21)).toBe(42);
    expect([...instance.getMemory(store, 'memory').read(store, 0, 1)]).toEqual([21]);
  });

  it('is called by hooks and limiters, too', async () => {
    const kinds: string[] = [];
    let asked = 0;
    const { store, func } = await start({}, {}, (store) => {
      store.callHook((_, kind) => kinds.push(kind));
      store.limiter({ memoryGrowing: () => ++asked > 0 });
    });
    expect(await func('grow').callAsync(store)).toBe(1);
    expect(asked).toBeGreaterThan(0);
    expect(new Set(kinds)).toEqual(new Set(Object.values(CallHook)));
  });

  it('can not wait for a promise in a call that is synchronous', async () => {
    let func!: (name: string) => Func;
    let store!: Store;
    const parts = await start({ sync: (x) => func('get').call(store, x) });
    ({ store, func } = parts);
    const error = await rejection(func('sync').callAsync(store, 1));
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_ASYNC_REQUIRED' });
    // The store is none the worse.
    expect(await func('get').callAsync(store, 5)).toBe(5);
  });
});

/** Calls `host` in the middle of a guest, and then what lies in the guest's table. */
const HOST_THEN_TABLE = `(module
  (import "env" "host" (func $host))
  (table (export "table") 1 funcref)
  (elem (i32.const 0) func $nothing)
  (func $nothing)
  (func (export "run") (result i32)
    call $host
    (call_indirect (i32.const 0))
    i32.const 7))`;

describe('a store where nothing can suspend a guest', () => {
  const none = { params: [], results: [] } as const;
  const set = (host: (caller: Caller, store: Store, engine: Engine) => void) => {
    const engine = new Engine({ epochInterruption: true, consumeFuel: true });
    const store = new Store(engine);
    store.setFuel(2n ** 40n);
    store.setEpochDeadline(1000);
    const linker = new Linker(engine).funcWrap('env', 'host', none, (caller) =>
      host(caller, store, engine),
    );
    const instance = linker.instantiate(store, Module.compile(engine, HOST_THEN_TABLE));
    return { engine, store, run: instance.getFunc(store, 'run') };
  };

  it('has asynchronous calls begin at once and settle later', async () => {
    const order: string[] = [];
    const { store, run } = set(() => order.push('guest'));
    const call = run.callAsync(store).then((value) => order.push(`settled with ${value}`));
    order.push('called');
    await call;
    expect(order).toEqual(['guest', 'called', 'settled with 7']);
    expect(await run.typed({ params: [], results: ['i32'] }).callAsync(store)).toBe(7);
  });

  it('has its errors reject, and is in use meanwhile', async () => {
    const inner: Promise<unknown>[] = [];
    const { store, run } = set((caller) => {
      inner.push(rejection(run.callAsync(store)), rejection(run.callAsync(caller)));
      throw REASON;
    });
    expect(await rejection(run.callAsync(store))).toBe(REASON);
    expect(await rejection(run.callAsync(store, 1, 2))).toMatchObject({
      code: 'ERR_ARGUMENT_COUNT',
    });
    for (const error of await Promise.all(inner)) {
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_STORE_IN_USE' });
    }
    store.dispose();
    expect(await rejection(run.callAsync(store))).toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('yields where its callback says so', async () => {
    const { engine, store, run } = set(() => engine.incrementEpoch());
    let yields = 0;
    store.epochDeadlineCallback(() => {
      yields++;
      return UpdateDeadline.yield(1000);
    });
    store.setEpochDeadline(1);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    expect(await run.callAsync(store)).toBe(7);
    expect({ yields, turned }).toEqual({ yields: 1, turned: true });
  });

  it('yields in no call that can’t be suspended: its callback is told to be set before', async () => {
    const yields = () => UpdateDeadline.yield(1000);
    const within = set((_, store, engine) => {
      store.epochDeadlineCallback(yields);
      store.setEpochDeadline(1);
      engine.incrementEpoch();
    });
    const refused = { name: 'TypeError', code: 'ERR_ASYNC_REQUIRED' };
    expect(await rejection(within.run.callAsync(within.store))).toMatchObject(refused);
    const { store, run } = set((_, _store, engine) => engine.incrementEpoch());
    store.epochDeadlineCallback(yields);
    store.setEpochDeadline(1);
    expect(thrownBy(() => run.call(store))).toMatchObject(refused);
    // Nothing stays of it.
    store.setEpochDeadline(1000);
    expect(await run.callAsync(store)).toBe(7);
  });

  const asyncLinker = (engine: Engine) =>
    new Linker(engine).funcWrapAsync('env', 'wait', none, async () => {});
  const waysToSuspend: Record<string, (caller: Caller, store: Store, engine: Engine) => unknown> = {
    'Func.wrapAsync': (caller) => {
      const table = caller.getExport('table') as Table;
      table.set(
        caller,
        0,
        Func.wrapAsync(caller, none, async () => {}),
      );
    },
    'Linker.get of an async function': (caller, _, engine) => {
      const table = caller.getExport('table') as Table;
      table.set(caller, 0, asyncLinker(engine).get(caller, 'env', 'wait') as Func);
    },
    epochDeadlineAsyncYieldAndUpdate: (_, store) => store.epochDeadlineAsyncYieldAndUpdate(1),
    fuelAsyncYieldInterval: (_, store) => store.fuelAsyncYieldInterval(1),
    'a stream for stdin': (_, store) => store.setWasi(new WasiConfig({ stdin: Readable.from([]) })),
  };

  it.each(Object.entries(waysToSuspend))('learns before a call: %s', async (_, way) => {
    const parts = set((caller, store, engine) => {
      expectMisuse('ERR_ASYNC_REQUIRED', () => way(caller, store, engine));
    });
    expect(parts.run.call(parts.store)).toBe(7);
    expect(await parts.run.callAsync(parts.store)).toBe(7);
    // Nothing has changed.
    expect(parts.run.call(parts.store)).toBe(7);
  });
});

it('an import that has grown fits, as in a synchronous instantiation', async () => {
  const engine = new Engine();
  const store = new Store(engine);
  const linker = new Linker(engine);
  const memory = Memory.create(store, { minimum: 1 });
  linker.define(store, 'env', 'memory', memory);
  memory.grow(store, 1);
  const module = Module.compile(engine, '(module (import "env" "memory" (memory 2)))');
  expect(linker.instantiate(store, module)).toBeInstanceOf(Instance);
  expect(await linker.instantiateAsync(store, module)).toBeInstanceOf(Instance);
});

describe('errors', () => {
  it.each([
    ['an async host function that throws', 'get', async () => Promise.reject(REASON)],
    ['one that throws at once', 'get', () => thrower()],
    ['a sync one', 'sync', () => thrower()],
  ])('%s: the very same value', async (_, name, fn) => {
    const { store, func } = await start({ [name]: fn });
    expect(await rejection(func(name).callAsync(store, 1))).toBe(REASON);
    expect(await func('double').callAsync(store, 2)).toBe(4);
  });

  it('a trap', async () => {
    const { store, func } = await start();
    const error = await rejection(func('trap').callAsync(store));
    expect(error).toMatchObject({ name: 'Trap', trapCode: 'UnreachableCodeReached' });
  });

  it('a result of another type, an argument, an option', async () => {
    const { store, func } = await start({ get: async () => 'x' });
    const invalid = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    expect(await rejection(func('get').callAsync(store, 1))).toMatchObject(invalid);
    expect(await rejection(func('get').callAsync(store, 'x'))).toMatchObject(invalid);
    expect(await rejection(func('get').callAsync(store, 1, { signal: 1 }))).toMatchObject(invalid);
    const count = { code: 'ERR_ARGUMENT_COUNT' };
    expect(await rejection(func('get').callAsync(store))).toMatchObject(count);
  });

  it('the store is in use while a call is under way', async () => {
    let settle!: (value: number) => void;
    const { store, func, instance } = await start({
      get: () => new Promise((resolve) => (settle = resolve)),
    });
    const [get, double] = [func('get'), func('double')];
    const memory = instance.getMemory(store, 'memory');
    const call = get.callAsync(store, 1);
    expectMisuse('ERR_STORE_IN_USE', () => double.call(store, 1));
    expectMisuse('ERR_STORE_IN_USE', () => memory.read(store, 0, 1));
    expectMisuse('ERR_STORE_IN_USE', () => store.dispose());
    expect(await rejection(get.callAsync(store, 1))).toMatchObject({ code: 'ERR_STORE_IN_USE' });
    settle(3);
    expect(await call).toBe(3);
    store.dispose();
    expect(await rejection(get.callAsync(store, 1))).toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('a synchronous call where an asynchronous one is needed', async () => {
    const { engine, store, func } = await start();
    expectMisuse('ERR_ASYNC_REQUIRED', () => func('double').call(store, 1));
    const linker = new Linker(engine).funcWrapAsync(
      'env',
      'get',
      { params: [], results: [] },
      () => {},
    );
    const module = Module.compile(engine, '(module (import "env" "get" (func)))');
    const other = new Store(engine);
    expectMisuse('ERR_ASYNC_REQUIRED', () => linker.instantiate(other, module));
    expectMisuse('ERR_ASYNC_REQUIRED', () => linker.instantiatePre(module).instantiate(other));
  });
});

describe('AbortSignal', () => {
  it('ends a guest that spins, and needs no yields set up for it', async () => {
    const { store, func } = await start({}, { epochInterruption: true }, (store) =>
      store.setEpochDeadline(2 ** 40),
    );
    const controller = new AbortController();
    setTimeout(() => controller.abort(REASON), 20);
    const call = func('spin').callAsync(store, 0, { signal: controller.signal });
    expect(await rejection(call)).toBe(REASON);
    expect(await func('double').callAsync(store, 4)).toBe(8);
  });

  it('leaves a synchronous call after it as it was', async () => {
    const engine = new Engine({ epochInterruption: true });
    const store = new Store(engine);
    store.setEpochDeadline(2 ** 40);
    const module = Module.compile(
      engine,
      '(module (import "env" "tick" (func $tick)) (func (export "run") (call $tick) (loop)))',
    );
    const tick = () => engine.incrementEpoch();
    const linker = new Linker(engine).funcWrap('env', 'tick', { params: [], results: [] }, tick);
    const run = linker.instantiate(store, module).getFunc(store, 'run');
    await run.callAsync(store, { signal: new AbortController().signal });
    expect(run.call(store)).toBeUndefined();
    store.setEpochDeadline(1);
    expect(() => run.call(store)).toThrow('wasm trap: interrupt');
  });

  it('ends a guest that waits', async () => {
    const { store, func } = await start({ get: () => new Promise(() => {}) });
    const controller = new AbortController();
    const call = func('get').callAsync(store, 1, { signal: controller.signal });
    controller.abort(REASON);
    expect(await rejection(call)).toBe(REASON);
    expect(await func('double').callAsync(store, 4)).toBe(8);
  });

  it('aborted before, or by what the guest calls', async () => {
    const controller = new AbortController();
    const { store, func } = await start({
      sync: (x) => {
        controller.abort(REASON);
        return x;
      },
    });
    const options = { signal: controller.signal };
    expect(await rejection(func('sync').callAsync(store, 1, options))).toBe(REASON);
    expect(await rejection(func('double').callAsync(store, 1, options))).toBe(REASON);
    expect(await func('double').callAsync(store, 1)).toBe(2);
  });
});

describe('the process', () => {
  const script = (rest: string) => `
    import { Engine, Linker, Module, Store } from 'LIB';
    import { Worker } from 'node:worker_threads';
    const engine = new Engine();
    const linker = new Linker(engine).funcWrapAsync('env', 'get', { params: [], results: [] },
      () => new Promise((resolve) => setTimeout(resolve, globalThis.delay ?? 50)));
    const module = Module.compile(engine, \`(module (import "env" "get" (func $f))
      (func (export "f") (call $f)))\`);
    const store = new Store(engine);
    const instance = await linker.instantiateAsync(store, module);
    const call = () => instance.getFunc(store, 'f').callAsync(store);
    ${rest}`;

  it('stays alive for a call and ends after it', () => {
    expect(runNode(script(`call().then(() => console.log('done'));`))).toBe('done\n');
  });

  it('may terminate a Worker with calls pending, one within the other', () => {
    const worker = `
      let f;
      linker.allowShadowing(true).funcWrapAsync('env', 'get', { params: [], results: [] },
        async (caller) => { globalThis.depth = (globalThis.depth ?? 0) + 1;
          if (globalThis.depth < 3) await f.callAsync(caller); else await new Promise(() => {}); });
      const other = new Store(engine);
      other.callHook(() => {});
      f = (await linker.instantiateAsync(other, module)).getFunc(other, 'f');
      globalThis.delay = 1e6;
      void call();
      void f.callAsync(other);
      setTimeout(() => parentPort.postMessage('pending'), 20);`;
    const source = script(worker).replace('{ Worker }', '{ Worker, parentPort }');
    const main = `
      import { Worker } from 'node:worker_threads';
      import { once } from 'node:events';
      for (let i = 0; i < 3; i++) {
        const url = 'data:text/javascript,' + encodeURIComponent(process.env.WORKER);
        const worker = new Worker(new URL(url));
        const [message] = await once(worker, 'message');
        await worker.terminate();
        console.log(message);
      }`;
    const env = { WORKER: source.replaceAll("'LIB'", JSON.stringify(LIB)) };
    expect(runNode(main, { env })).toBe('pending\n'.repeat(3));
  });

  it('may end with an exception while a call is pending', () => {
    const output = runNode(
      script(`process.on('uncaughtException', (error) => { console.log(error.message); process.exit(0); });
        void call(); setTimeout(() => { throw new Error('mine'); }, 10);`),
    );
    expect(output).toBe('mine\n');
  });

  it('collects no store whose call is pending, nor what nobody waits for', () => {
    const output = runNode(
      script(`
        let store2 = new Store(engine);
        const f = (await linker.instantiateAsync(store2, module)).getFunc(store2, 'f');
        const done = f.callAsync(store2);
        store2 = undefined;
        const turn = () => new Promise((resolve) => setImmediate(resolve));
        for (let i = 0; i < 20; i++) { gc(); await turn(); }
        await done;
        console.log('done');`),
      { gc: true },
    );
    expect(output).toBe('done\n');
  });

  it('may exit while a call is pending', () => {
    expect(runNode(script(`void call(); console.log('exit'); process.exit(0);`))).toBe('exit\n');
  });
});

const REASON = { a: 'reason' };

function thrower(): never {
  throw REASON;
}
