import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  CallHook,
  Component,
  ComponentError,
  type ComponentFunc,
  ComponentInstance,
  ComponentLinker,
  Engine,
  InterruptHandle,
  Store,
} from '../../../lib/index.js';
import { expectMisuse, recursionDepth, rejection } from '../support.js';
import { startAsync, turn, yielding } from './async-support.js';

const REASON = new Error('mine');

describe('the event loop', () => {
  it('fires a 1 ms timer while a guest spins', async () => {
    const config = { epochInterruption: true };
    const { engine, call } = await startAsync({ config, prepare: yielding });
    using _ticker = engine.startEpochTicker(1);
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    expect(await call('spin', 1_800_000_000)).toBe(7);
    clearInterval(timer);
    expect(fired).toBeGreaterThan(20);
  });

  it('goes on at fuel yields', async () => {
    const { call } = await startAsync({
      config: { consumeFuel: true },
      prepare: (store) => {
        store.setFuel(2n ** 60n);
        store.fuelAsyncYieldInterval(10_000);
      },
    });
    let turns = 0;
    let spins = true;
    const again = () => {
      turns++;
      if (spins) setImmediate(again);
    };
    setImmediate(again);
    expect(await call('spin', 1_000_000)).toBe(7);
    spins = false;
    expect(turns).toBeGreaterThan(50);
  });

  it('awaits a socket on loopback', async () => {
    const server = createServer((socket) => socket.end('a word')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { call } = await startAsync({
      hosts: {
        text: async (_, x) => {
          const socket = connect(port, '127.0.0.1');
          let text = x;
          for await (const chunk of socket) text += chunk;
          return text;
        },
      },
    });
    expect(await call('text', 'here is ')).toBe('here is a word');
    server.close();
  });

  it('has 100 guests interleave', async () => {
    const waiting: (() => void)[] = [];
    const all = Array.from({ length: 100 }, async (_, i) => {
      const { call } = await startAsync({
        hosts: {
          get: async (_, x) => {
            await new Promise<void>((resolve) => {
              if (waiting.push(resolve) === 100) for (const goOn of waiting) goOn();
            });
            return x;
          },
        },
      });
      return await call('get', i);
    });
    expect(await Promise.all(all)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});

describe('values', () => {
  it('are what they are in synchronous calls', async () => {
    const { call } = await startAsync({
      hosts: {
        text: async (_, x) => {
          await turn();
          return `${x}${x}☃`;
        },
      },
    });
    for (let i = 0; i < 20; i++) {
      expect(await call('text', 'ä'.repeat(i))).toBe(`${'ä'.repeat(2 * i)}☃`);
    }
  });

  it('of functions that return no promise', async () => {
    const { call } = await startAsync({ hosts: { get: (_, x) => x + 1, text: () => 'at once' } });
    expect(await call('get', 1)).toBe(2);
    expect(await call('text', 'x')).toBe('at once');
  });

  it('of a result: its error is thrown, on both sides', async () => {
    const { call } = await startAsync({
      hosts: {
        check: async (_, x) => {
          await turn();
          if (x === 0) throw new ComponentError('zero');
          return 2 * x;
        },
      },
    });
    expect(await call('check', 4)).toBe(8);
    const error = await rejection(call('check', 0));
    expect(error).toBeInstanceOf(ComponentError);
    expect(error).toMatchObject({ payload: 'zero' });
    // That is no failure of the guest's.
    expect(await call('check', 5)).toBe(10);
  });

  it('and one that is thrown at once', async () => {
    const { call } = await startAsync({
      hosts: {
        check: () => {
          throw new ComponentError('at once');
        },
      },
    });
    expect(await rejection(call('check', 0))).toMatchObject({ payload: 'at once' });
  });
});

describe('an InterruptHandle', () => {
  it.each(['spin', 'get'])('ends a guest in %s', async (name) => {
    const handle = new InterruptHandle();
    const { engine, call } = await startAsync({
      hosts: { get: () => new Promise(() => {}) },
      config: { epochInterruption: true },
      prepare: (store) => {
        yielding(store);
        store.setInterruptHandle(handle);
      },
    });
    using _ticker = engine.startEpochTicker(1);
    const called = call(name, 0);
    setTimeout(() => handle.trigger(), 20);
    expect(await rejection(called)).toMatchObject({ name: 'Trap', trapCode: 'Interrupt' });
  });
});

describe('an AbortSignal', () => {
  it.each(['spin', 'get'])('ends a guest in %s', async (name) => {
    const { call } = await startAsync({
      hosts: { get: () => new Promise(() => {}) },
      config: { epochInterruption: true },
      prepare: (store) => store.setEpochDeadline(1_000_000),
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(REASON), 5);
    expect(await rejection(call(name, 0, { signal: controller.signal }))).toBe(REASON);
    // As after a trap.
    const left = { name: 'Trap', trapCode: 'CannotEnterComponent' };
    expect(await rejection(call('double', 1))).toMatchObject(left);
  });

  it('that is aborted already begins nothing', async () => {
    let calls = 0;
    const { call } = await startAsync({ hosts: { get: () => ++calls } });
    const signal = AbortSignal.abort(REASON);
    expect(await rejection(call('get', 1, { signal }))).toBe(REASON);
    expect(calls).toBe(0);
    expect(await call('get', 1)).toBe(1);
  });

  it('ends an instantiation', async () => {
    const controller = new AbortController();
    const { linker, engine, component } = await startAsync();
    const store = new Store(engine);
    const wait = new ComponentLinker(engine).allowShadowing(true);
    for (const name of ['get', 'text', 'check', 'sync']) {
      wait.root().funcNewAsync(name, () => new Promise(() => {}));
    }
    const signal = AbortSignal.abort(REASON);
    expect(await rejection(wait.instantiateAsync(store, component, { signal }))).toBe(REASON);
    expect(
      await linker.instantiateAsync(store, component, { signal: controller.signal }),
    ).toBeInstanceOf(ComponentInstance);
  });
});

describe('JavaScript called from a guest on a fiber', () => {
  it('has the main stack: it may recurse as deep as elsewhere', async () => {
    const outside = recursionDepth();
    const found: number[] = [];
    const { call } = await startAsync({
      sync: { sync: (_, x) => found.push(recursionDepth()) && x },
    });
    await call('sync', 1);
    expect(found[0]).toBeGreaterThan(outside / 2);
  });

  it('is called by hooks, too', async () => {
    const kinds: string[] = [];
    const { call } = await startAsync({
      hosts: { get: () => turn().then(() => 3) },
      prepare: (store) => store.callHook((_, kind) => kinds.push(kind)),
    });
    expect(await call('get', 1)).toBe(3);
    expect(new Set(kinds)).toEqual(new Set(Object.values(CallHook)));
  });

  it('may call another instance at once, which may not wait for a promise', async () => {
    let other!: ComponentInstance;
    const guest = await startAsync({
      sync: {
        sync: (store, x) => {
          if (x > 100) return other.getFunc(store, 'get').call(store, x);
          return other.getFunc(store, 'double').call(store, x);
        },
      },
    });
    other = await guest.linker.instantiateAsync(guest.store, guest.component);
    expect(await guest.call('sync', 21)).toBe(42);
    const error = await rejection(guest.call('sync', 200));
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_ASYNC_REQUIRED' });
  });

  it('may not call the instance that it was called from', async () => {
    let double!: ComponentFunc;
    const guest = await startAsync({ sync: { sync: (store, x) => double.call(store, x) } });
    double = guest.func('double');
    const error = await rejection(guest.call('sync', 21));
    expect(error).toMatchObject({ name: 'Trap', trapCode: 'CannotEnterComponent' });
  });

  it('may instantiate', async () => {
    const guest = await startAsync({
      sync: {
        sync: (store, x) => {
          const made = guest.linker.allowShadowing(true);
          // What may not wait is made at once.
          for (const name of ['get', 'text', 'check']) made.root().funcNew(name, (_, x) => x);
          const instance = made.instantiate(store, guest.component);
          return instance.getFunc(store, 'double').call(store, x);
        },
      },
    });
    expect(await guest.call('sync', 4)).toBe(8);
  });
});

describe('a caller after an await', () => {
  it('leads to the store, and calls other instances, suspended in turn', async () => {
    let other!: ComponentInstance;
    const order: string[] = [];
    const guest = await startAsync({
      hosts: {
        get: async (caller, x) => {
          order.push(`${x} begins`);
          await turn();
          caller.store.engine.incrementEpoch();
          if (x === 0) return 1;
          const inner = other.getFunc(caller, 'double');
          const doubled = await inner.callAsync(caller, x);
          await turn();
          order.push(`${x} ends`);
          return doubled + inner.call(caller, 1);
        },
      },
    });
    other = await guest.linker.instantiateAsync(guest.store, guest.component);
    expect(await guest.call('get', 20)).toBe(42);
    expect(order).toEqual(['20 begins', '20 ends']);
    expect(caller(guest.store)).toBe('ERR_STORE_IN_USE or nothing');
    expect(await guest.call('get', 0)).toBe(1);
  });

  /** The store is free again. */
  function caller(store: Store): string {
    store.gc();
    return 'ERR_STORE_IN_USE or nothing';
  }

  it('has chains of instances wait for one another', async () => {
    const chain: ComponentInstance[] = [];
    let deepest = 0;
    const guest = await startAsync({
      hosts: {
        get: async (caller, x) => {
          deepest = Math.max(deepest, x);
          await turn();
          const next = chain[x];
          if (next === undefined) return 0;
          return 1 + (await next.getFunc(caller, 'get').callAsync(caller, x + 1));
        },
      },
    });
    for (let i = 0; i < 10; i++) {
      chain.push(await guest.linker.instantiateAsync(guest.store, guest.component));
    }
    expect(await guest.call('get', 0)).toBe(10);
    expect(deepest).toBe(10);
  });

  it('instantiates, has no exports, and ends', async () => {
    let kept: unknown;
    const guest = await startAsync({
      hosts: {
        get: async (caller, x) => {
          kept = caller;
          expect(caller.getExport('memory')).toBeUndefined();
          await turn();
          expect(caller.getExport('memory')).toBeUndefined();
          const made = await guest.linker.instantiateAsync(caller, guest.component);
          return await made.getFunc(caller, 'double').callAsync(caller, x);
        },
      },
    });
    expect(await guest.call('get', 4)).toBe(8);
    expectMisuse('ERR_CALLER_ENDED', () => guest.func('double').call(kept as Store, 1));
  });

  it('keeps the store from everybody else', async () => {
    let settle!: (value: number) => void;
    const guest = await startAsync({
      hosts: { get: () => new Promise((resolve) => (settle = resolve)) },
    });
    const { store, call, func } = guest;
    const double = func('double');
    const called = call('get', 1);
    expectMisuse('ERR_STORE_IN_USE', () => store.gc());
    expectMisuse('ERR_STORE_IN_USE', () => double.call(store, 1));
    expectMisuse('ERR_STORE_IN_USE', () => store.dispose());
    const busy = { code: 'ERR_STORE_IN_USE' };
    expect(await rejection(double.callAsync(store, 1))).toMatchObject(busy);
    const again = guest.linker.instantiateAsync(store, guest.component);
    expect(await rejection(again)).toMatchObject(busy);
    settle(3);
    expect(await called).toBe(3);
    store.dispose();
    expect(await rejection(double.callAsync(store, 1))).toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('ends what the host function has begun and left', async () => {
    let other!: ComponentInstance;
    let left: Promise<unknown> | undefined;
    const guest = await startAsync({
      hosts: {
        get: async (caller, x) => {
          await turn();
          if (x === 0) await new Promise(() => {});
          left = rejection(other.getFunc(caller, 'get').callAsync(caller, 0));
          await turn();
          return 5;
        },
      },
    });
    other = await guest.linker.instantiateAsync(guest.store, guest.component);
    expect(await guest.call('get', 1)).toBe(5);
    expect(await left).toMatchObject({ code: 'ERR_CALLER_ENDED' });
  });
});

describe('errors', () => {
  it.each([
    ['an async host function that throws', 'get', async () => Promise.reject(REASON)],
    [
      'one that throws at once',
      'get',
      () => {
        throw REASON;
      },
    ],
    [
      'a sync one',
      'sync',
      () => {
        throw REASON;
      },
    ],
  ])('%s: the very same value', async (_, name, fn) => {
    const { call } = await startAsync(
      name === 'sync' ? { sync: { sync: fn } } : { hosts: { get: fn } },
    );
    expect(await rejection(call(name, 1))).toBe(REASON);
    const left = { name: 'Trap', trapCode: 'CannotEnterComponent' };
    expect(await rejection(call('double', 2))).toMatchObject(left);
  });

  it.each([undefined, null, 0, 'text'])('a rejection with %o', async (reason) => {
    const { call } = await startAsync({ hosts: { get: () => Promise.reject(reason) } });
    expect(await rejection(call('get', 1))).toBe(reason);
  });

  it('a trap', async () => {
    const { call } = await startAsync();
    const error = await rejection(call('trap'));
    expect(error).toMatchObject({ name: 'Trap', trapCode: 'UnreachableCodeReached' });
  });

  it('a result of another type, an argument, an option', async () => {
    const guest = await startAsync({ hosts: { get: async () => 'x' } });
    const invalid = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    expect(await rejection(guest.call('get', 'x'))).toMatchObject(invalid);
    expect(await rejection(guest.call('get', 1, { signal: 1 }))).toMatchObject(invalid);
    expect(await rejection(guest.call('get'))).toMatchObject({ code: 'ERR_ARGUMENT_COUNT' });
    const error = await rejection(guest.call('get', 1));
    expect(error).toMatchObject({
      ...invalid,
      message: 'result of get: expected a number (u32), got the string "x"',
    });
  });

  it('a synchronous call where an asynchronous one is needed', async () => {
    const { engine, store, linker, component, instance, func } = await startAsync();
    expectMisuse('ERR_ASYNC_REQUIRED', () => func('double').call(store, 1));
    expectMisuse('ERR_ASYNC_REQUIRED', () => linker.instantiate(store, component));
    expectMisuse('ERR_ASYNC_REQUIRED', () => linker.instantiate(new Store(engine), component));
    expect(instance).toBeInstanceOf(ComponentInstance);
    const pre = linker.instantiatePre(component);
    expectMisuse('ERR_ASYNC_REQUIRED', () => pre.instantiate(new Store(engine)));
    const other = new Store(engine);
    const made = await pre.instantiateAsync(other);
    expect(await made.getFunc(other, 'get').callAsync(other, 6)).toBe(6);
  });

  it('imports that nobody has defined, and definitions of what is none', async () => {
    const { engine, store, component } = await startAsync();
    const linker = new ComponentLinker(engine);
    const missing = { name: 'WasmtimeError', code: 'ERR_INSTANTIATE' };
    expect(await rejection(linker.instantiateAsync(store, component))).toMatchObject(missing);
    const root = linker.root();
    expectMisuse('ERR_INVALID_ARG_TYPE', () => root.funcNewAsync(1 as never, () => 1));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => root.funcNewAsync('get', 1 as never));
  });
});

it.each([
  ['a:b/c@1.2.3', 'a:b/c@1.0.0', true],
  ['a:b/c@0.2.3', 'a:b/c@0.2.1', true],
  ['a:b/c@0.2.3', 'a:b/c@0.2.3', true],
  ['a:b/c', 'a:b/c', true],
  ['a:b/c@0.3.0', 'a:b/c@0.2.0', false],
  ['a:b/c@0.0.2', 'a:b/c@0.0.1', false],
  ['a:b/d@1.2.3', 'a:b/c@1.2.3', false],
])('%s, which may wait, is what imports %s: %s', (defined, imported, isAsync) => {
  const engine = new Engine();
  const component = Component.compile(
    engine,
    `(component
      (import "${imported}" (instance $i (export "f" (func (result u32)))))
      (core func $f (canon lower (func $i "f")))
      (core module $m (import "" "f" (func $f (result i32)))
        (func (export "f") (result i32) (call $f)))
      (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
      (func (export "f") (result u32) (canon lift (core func $m "f"))))`,
  );
  const linker = new ComponentLinker(engine);
  linker.instance(defined).funcNewAsync('f', async () => 1);
  if (!isAsync) linker.instance(imported).funcNew('f', () => 2);
  const store = new Store(engine);
  if (isAsync) {
    expectMisuse('ERR_ASYNC_REQUIRED', () => linker.instantiate(store, component));
  } else {
    const instance = linker.instantiate(store, component);
    expect(instance.getFunc(store, 'f').call(store)).toBe(2);
  }
});

it('functions that may not wait can be called asynchronously, and synchronously after', async () => {
  const guest = await startAsync();
  const linker = new ComponentLinker(guest.engine);
  for (const name of ['get', 'text', 'check', 'sync']) linker.root().funcNew(name, (_, x) => x);
  const store = new Store(guest.engine);
  const instance = await linker.instantiateAsync(store, guest.component);
  const get = instance.getFunc(store, 'get');
  expect([await get.callAsync(store, 3), get.call(store, 4)]).toEqual([3, 4]);
});
