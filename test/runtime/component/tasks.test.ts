import { describe, expect, it } from 'vitest';
import {
  Component,
  type ComponentInstance,
  ComponentLinker,
  Engine,
  GuestProfiler,
  Store,
  UpdateDeadline,
} from '../../../lib/index.js';
import { expectMisuse, rejection, thrownBy } from '../support.js';
import { startAsync, turn } from './async-support.js';
import { startComponent } from './support.js';

/** A component that calls another within: 0 traps there, 1 spins, all else asks the host. */
const NESTED = `(component
  (import "get" (func $get (param "x" u32) (result u32)))
  (component $inner
    (import "get" (func $get (param "x" u32) (result u32)))
    (core func $get (canon lower (func $get)))
    (core module $m
      (import "" "get" (func $get (param i32) (result i32)))
      (func (export "run") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (if (i32.eq (local.get 0) (i32.const 1)) (then (loop $l (br $l))))
        (call $get (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "get" (func $get))))))
    (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run"))))
  (component $outer
    (import "run" (func $run (param "x" u32) (result u32)))
    (core func $run (canon lower (func $run)))
    (core module $m
      (import "" "run" (func $run (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (call $run (local.get 0)))
      (func (export "deep") (param i32) (result i32)
        (local i64 i64 i64 i64)
        (if (local.get 0) (then
          (drop (call 2 (i32.sub (local.get 0) (i32.const 1))))))
        (local.get 0)))
    (core instance $i (instantiate $m (with "" (instance (export "run" (func $run))))))
    (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run")))
    (func (export "deep") (param "x" u32) (result u32) (canon lift (core func $i "deep"))))
  (instance $inner (instantiate $inner (with "get" (func $get))))
  (instance $outer (instantiate $outer (with "run" (func $inner "run"))))
  (export "run" (func $outer "run"))
  (export "deep" (func $outer "deep")))`;

const LEFT = { name: 'Trap', trapCode: 'CannotEnterComponent' };
const REASON = new Error('mine');

/** Overwrites what calls have left on the stack. */
const overwrite = (depth = 200): number => (depth === 0 ? 0 : 1 + overwrite(depth - 1));

describe('a call that ends while one component calls another within', () => {
  it('by a trap, in synchronous calls', async () => {
    const { store, instance, call, linker, component } = startComponent(NESTED, {
      get: (_, x) => x,
    });
    const other = linker.instantiate(store, component);
    expect(call('run', 5)).toBe(5);
    expect(thrownBy(() => call('run', 0))).toMatchObject({ trapCode: 'UnreachableCodeReached' });
    for (let i = 0; i < 20; i++) {
      overwrite();
      for (const made of [instance, other]) {
        const run = made.getFunc(store, 'run');
        expect(thrownBy(() => run.call(store, 5))).toMatchObject(LEFT);
        expect(await rejection(run.callAsync(store, 5))).toMatchObject(LEFT);
      }
    }
  });

  it('by a trap, in asynchronous calls', async () => {
    const { store, instance, call, linker, component } = await startAsync({
      wat: NESTED,
      hosts: { get: async (_, x) => x },
    });
    const other = await linker.instantiateAsync(store, component);
    expect(await call('run', 5)).toBe(5);
    const trap = { trapCode: 'UnreachableCodeReached' };
    expect(await rejection(call('run', 0))).toMatchObject(trap);
    for (let i = 0; i < 20; i++) {
      // Another store's guest has the stack that the guest had.
      const busy = await startAsync({ wat: NESTED, hosts: { get: async (_, x) => x } });
      expect(await busy.call('deep', 1000)).toBe(1000);
      for (const made of [instance, other]) {
        const run = made.getFunc(store, 'run');
        expect(await rejection(run.callAsync(store, 5))).toMatchObject(LEFT);
      }
    }
  });

  it('by a signal, while it spins or waits', async () => {
    for (const x of [1, 2]) {
      const { call } = await startAsync({
        wat: NESTED,
        hosts: { get: () => new Promise(() => {}) },
        config: { epochInterruption: true },
        prepare: (store) => store.setEpochDeadline(1_000_000),
      });
      const controller = new AbortController();
      setTimeout(() => controller.abort(REASON), 5);
      expect(await rejection(call('run', x, { signal: controller.signal }))).toBe(REASON);
      await turn();
      expect(await rejection(call('run', 5))).toMatchObject(LEFT);
    }
  });

  it('by a trap that the host function around it catches', async () => {
    let others: ComponentInstance[] = [];
    const errors: unknown[] = [];
    const guest = await startAsync({
      wat: NESTED,
      hosts: {
        get: async (caller, x) => {
          if (x !== 7) return x;
          await turn();
          const [first, second] = others as [ComponentInstance, ComponentInstance];
          errors.push(await rejection(first.getFunc(caller, 'run').callAsync(caller, 0)));
          overwrite();
          errors.push(await rejection(second.getFunc(caller, 'run').callAsync(caller, 5)));
          errors.push(thrownBy(() => second.getFunc(caller, 'run').call(caller, 5)));
          return 70;
        },
      },
    });
    const make = () => guest.linker.instantiateAsync(guest.store, guest.component);
    others = [await make(), await make()];
    // The guest around goes on.
    expect(await guest.call('run', 7)).toBe(70);
    expect(errors).toMatchObject([{ trapCode: 'UnreachableCodeReached' }, LEFT, LEFT]);
    expect(await rejection(guest.call('run', 5))).toMatchObject(LEFT);
  });

  it('leaves other stores alone', async () => {
    const broken = await startAsync({ wat: NESTED, hosts: { get: async (_, x) => x } });
    await rejection(broken.call('run', 0));
    const whole = await startAsync({ wat: NESTED, hosts: { get: async (_, x) => x } });
    expect(await whole.call('run', 5)).toBe(5);
  });
});

/**
 * An `async` function that returns what the host gives, then goes on: for `turns` turns, and calls `ping` at
 * the end of them.
 */
const BACKGROUND = `(component
  (import "get" (func $get (param "x" u32) (result u32)))
  (import "ping" (func $ping))
  (core func $get (canon lower (func $get)))
  (core func $ping (canon lower (func $ping)))
  (core func $return (canon task.return (result u32)))
  (core module $m
    (import "" "get" (func $get (param i32) (result i32)))
    (import "" "ping" (func $ping))
    (import "" "return" (func $return (param i32)))
    (global $turns (mut i32) (i32.const 0))
    (global $x (mut i32) (i32.const 0))
    (func (export "first") (param i32 i32) (result i32)
      (global.set $turns (local.get 1))
      (call $return (call $get (local.get 0)))
      (if (result i32) (local.get 1) (then (i32.const 1)) (else (i32.const 0))))
    (func (export "last") (param i32 i32) (result i32)
      (global.set $x (local.get 0))
      (global.set $turns (i32.add (local.get 1) (i32.const 1000)))
      (i32.const 1))
    (func (export "callback") (param i32 i32 i32) (result i32)
      (global.set $turns (i32.sub (global.get $turns) (i32.const 1)))
      (if (i32.eqz (global.get $turns)) (then (call $ping) (return (i32.const 0))))
      (if (i32.eq (global.get $turns) (i32.const 1000)) (then
        (call $return (call $get (global.get $x)))
        (return (i32.const 0))))
      (i32.const 1)))
  (core instance $i (instantiate $m (with "" (instance
    (export "get" (func $get)) (export "ping" (func $ping)) (export "return" (func $return))))))
  (func (export "first") async (param "x" u32) (param "turns" u32) (result u32)
    (canon lift (core func $i "first") async (callback (core func $i "callback"))))
  (func (export "last") async (param "x" u32) (param "turns" u32) (result u32)
    (canon lift (core func $i "last") async (callback (core func $i "callback"))))
  (func (export "plain") (param "x" u32) (result u32) (canon lift (core func $i "plain"))))`.replace(
  '(func (export "callback")',
  '(func (export "plain") (param i32) (result i32) (call $get (local.get 0)))\n    (func (export "callback")',
);

describe('async functions of WIT', () => {
  it('are called by callAsync alone', async () => {
    const guest = await startAsync({
      wat: BACKGROUND,
      hosts: { get: async (_, x) => turn().then(() => x + 1), ping: () => {} },
    });
    expect(guest.func('first').type.async).toBe(true);
    expect(await guest.call('first', 4, 0)).toBe(5);
    expect(await guest.call('last', 4, 3)).toBe(5);
    const { engine, component } = guest;
    const linker = new ComponentLinker(engine);
    linker.root().funcNew('get', (_, x) => x);
    linker.root().funcNew('ping', () => {});
    const store = new Store(engine);
    const first = linker.instantiate(store, component).getFunc(store, 'first');
    expectMisuse('ERR_ASYNC_REQUIRED', () => first.call(store, 1, 0));
    expect(await first.callAsync(store, 1, 0)).toBe(1);
  });

  it('can’t be what a host function is', () => {
    const engine = new Engine();
    const type = '(func async (param "x" u32) (result u32))';
    const linker = new ComponentLinker(engine);
    linker.root().funcNewAsync('later', async (_, x) => x);
    const late = linker.root().instance('i');
    late.funcNewAsync('later', async (_, x) => x);
    for (const [wat, path] of [
      [`(component (import "later" ${type}))`, 'later'],
      [`(component (import "i" (instance (export "later" ${type}))))`, 'i.later'],
    ] as const) {
      const error = thrownBy(() => linker.instantiatePre(Component.compile(engine, wat)));
      expect(error).toMatchObject({
        code: 'ERR_INSTANTIATE',
        message:
          `the component imports ${path}, an async func of WASI 0.3: no host function can be one yet, ` +
          'funcNewAsync neither',
      });
    }
  });

  it('may go on after they have returned, during later calls', async () => {
    let pings = 0;
    const guest = await startAsync({
      wat: BACKGROUND,
      hosts: { get: async (_, x) => x, ping: () => void pings++ },
    });
    const other = await guest.linker.instantiateAsync(guest.store, guest.component);
    expect(await guest.call('first', 1, 3)).toBe(1);
    expect(pings).toBe(0);
    const last = other.getFunc(guest.store, 'last');
    expect(await last.callAsync(guest.store, 2, 10)).toBe(2);
    expect(pings).toBe(1);
  });

  it('that outlive the host function in which they began can not have components called', async () => {
    const errors: unknown[] = [];
    let others: ComponentInstance[] = [];
    const guest = await startAsync({
      wat: BACKGROUND,
      hosts: {
        get: async (caller, x) => {
          if (x !== 7) return x;
          await turn();
          // It goes on for two turns.
          return await others[0]?.getFunc(caller, 'first').callAsync(caller, 1, 2);
        },
        ping: async (caller) => {
          await turn();
          const plain = others[1]?.getFunc(caller, 'plain');
          errors.push(await plain?.callAsync(caller, 4).catch((error) => error));
        },
      },
    });
    const make = () => guest.linker.instantiateAsync(guest.store, guest.component);
    others = [await make(), await make(), await make()];
    expect(await guest.call('plain', 7)).toBe(1);
    expect(errors).toEqual([]);
    expect(await others[2]?.getFunc(guest.store, 'last').callAsync(guest.store, 3, 10)).toBe(3);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ name: 'WasmtimeError', code: 'ERR_COMPONENT_TASKS' });
  });

  it('can be profiled, also what goes on within other calls', async () => {
    const engine = new Engine({ epochInterruption: true });
    const hosts: ComponentInstance[] = [];
    const guest = await startAsync({
      wat: BACKGROUND,
      hosts: {
        get: async (caller, x) => {
          caller.store.engine.incrementEpoch();
          await turn();
          if (x === 0) return 0;
          const first = hosts[x]?.getFunc(caller, 'first');
          return 1 + (await first?.callAsync(caller, x - 1, x));
        },
        ping: async (caller) => {
          caller.store.engine.incrementEpoch();
          await turn();
        },
      },
      config: { epochInterruption: true },
      prepare: (store) => {
        store.setEpochDeadline(1);
        store.epochDeadlineCallback(() => UpdateDeadline.yield(1));
      },
    });
    expect(engine).toBeInstanceOf(Engine);
    for (let i = 0; i < 6; i++) {
      hosts.push(await guest.linker.instantiateAsync(guest.store, guest.component));
    }
    const profiler = GuestProfiler.forComponent('guest', 1, guest.component, []);
    profiler.attach(guest.store, { everyEpoch: true, hostCalls: 'frames' } as never);
    expect(await guest.call('first', 5, 2)).toBe(5);
    const last = guest.func('last');
    expect(await last.callAsync(guest.store, 0, 40)).toBe(0);
    const profile = await profiler.finishProfile();
    expect(profile.hotFunctions().length).toBeGreaterThan(0);
  });

  it('end with their store, which calls nobody', async () => {
    const kinds: string[] = [];
    const guest = await startAsync({
      wat: BACKGROUND,
      hosts: { get: async (_, x) => x, ping: () => {} },
      prepare: (store) => store.callHook((_, kind) => void kinds.push(kind)),
    });
    expect(await guest.call('first', 1, 5)).toBe(1);
    kinds.length = 0;
    guest.store.dispose();
    expect(kinds).toEqual([]);
  });
});
