import { describe, expect, it } from 'vitest';
import {
  Engine,
  InterruptHandle,
  Linker,
  Module,
  Store,
  Trap,
  UpdateDeadline,
  WasiConfig,
} from '../../lib/index.js';
import {
  collectUntil,
  guestPath,
  runNode,
  start,
  startBumping,
  thrownBy,
  world,
} from './support.js';

function expectInterrupt(run: () => unknown): void {
  const error = thrownBy(run);
  expect(error).toBeInstanceOf(Trap);
  expect((error as Trap).trapCode).toBe('Interrupt');
}

describe('a trigger', () => {
  it('from the epoch callback ends the guest there, whatever that says', () => {
    using handle = new InterruptHandle();
    let ran = 0;
    const guest = startBumping('wat/loops.wat', (store) => {
      store.setInterruptHandle(handle);
      store.epochDeadlineCallback(() => {
        if (++ran === 3) handle.trigger();
        return UpdateDeadline.continue(1);
      });
    });
    expect(handle.reason).toBeUndefined();
    expectInterrupt(() => guest.call('run', 1));
    expect(ran).toBe(3);
    expect(handle.reason).toBe('triggered');
    // It stays triggered: the callback is not asked again.
    expectInterrupt(() => guest.call('run', 1));
    expect(ran).toBe(3);
  });

  it('from a host function ends the guest at its next deadline', () => {
    using handle = new InterruptHandle();
    const parts = world({ epochInterruption: true });
    parts.store.setInterruptHandle(handle);
    parts.store.setEpochDeadline(1);
    parts.store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
    const guest = start(
      `(module
        (import "env" "host" (func $host))
        (func (export "run") (call $host) (loop)))`,
      {
        host: [
          [],
          [],
          () => {
            handle.trigger();
            parts.engine.incrementEpoch();
          },
        ],
      },
      parts,
    );
    expectInterrupt(() => guest.call('run'));
  });

  it('ends all stores that have the handle, and no others', () => {
    using handle = new InterruptHandle();
    const guests = [true, true, false].map((has) =>
      startBumping('wat/loops.wat', (store) => {
        if (has) store.setInterruptHandle(handle);
        store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
      }),
    );
    for (const guest of guests) guest.call('run', 1);
    handle.trigger();
    handle.trigger();
    const [first, second, third] = guests;
    expectInterrupt(() => first?.call('run', 1));
    expectInterrupt(() => second?.call('run', 1));
    expect(third?.call('run', 1)).toBe(100);
  });

  it('gives way to another handle', () => {
    using old = new InterruptHandle();
    using fresh = new InterruptHandle();
    const guest = startBumping('wat/loops.wat', (store) => {
      store.setInterruptHandle(old);
      store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
    });
    old.trigger();
    expectInterrupt(() => guest.call('run', 1));
    guest.store.setInterruptHandle(fresh);
    guest.call('run', 1);
  });
});

/** `endings.wasm` in a mode that ends late or never. */
function late(mode: string, ...args: string[]) {
  const engine = new Engine({ epochInterruption: true });
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: ['endings', mode, ...args], stdout: 'capture' }));
  store.setEpochDeadline(1);
  store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
  const module = Module.fromFile(engine, guestPath('c/endings.wasm'));
  const instance = new Linker(engine).addWasi().instantiate(store, module);
  return { engine, store, run: () => instance.getFunc(store, '_start').call(store) };
}

describe('triggerAfter', () => {
  it('ends a guest that spins, at a tick', () => {
    const { engine, store, run } = late('spin');
    using handle = new InterruptHandle();
    using _ticker = engine.startEpochTicker(1);
    store.setInterruptHandle(handle);
    handle.triggerAfter(20);
    expectInterrupt(run);
    expect(handle.reason).toBe('timeout');
  });

  it('ends a guest that sleeps, without any tick', () => {
    const { store, run } = late('sleep', '30000');
    using handle = new InterruptHandle();
    store.setInterruptHandle(handle);
    handle.triggerAfter(20);
    expectInterrupt(run);
    expect(handle.reason).toBe('timeout');
    expect(Buffer.from(store.wasiOutput('stdout') ?? []).toString()).toBe(
      'endings sleep steps=9426000\n',
    );
  });

  it('that came before the guest sleeps ends it at once', () => {
    const { store, run } = late('sleep', '30000');
    using handle = new InterruptHandle();
    store.setInterruptHandle(handle);
    handle.trigger();
    expectInterrupt(run);
  });

  it('does not touch a sleep that is short', () => {
    const { store, run } = late('sleep', '1');
    using handle = new InterruptHandle();
    store.setInterruptHandle(handle);
    handle.triggerAfter(60_000);
    run();
    expect(Buffer.from(store.wasiOutput('stdout') ?? []).toString()).toMatch(/slept ms=1\n$/);
    expect(handle.reason).toBeUndefined();
  });

  it('holds when nobody keeps the handle but the store', async () => {
    const { store, run } = late('sleep', '30000');
    const made = (() => {
      const handle = new InterruptHandle();
      store.setInterruptHandle(handle);
      handle.triggerAfter(500);
      return new WeakRef({});
    })();
    expect(await collectUntil(() => made.deref() === undefined)).toBe(true);
    expectInterrupt(run);
  });

  it('does nothing once disposed, or set anew for later', async () => {
    const disposed = new InterruptHandle();
    disposed.triggerAfter(300);
    disposed.dispose();
    disposed.dispose();
    using later = new InterruptHandle();
    later.triggerAfter(300);
    later.triggerAfter(60_000);
    using after = new InterruptHandle();
    after.triggerAfter(600);
    while (after.reason === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    expect([disposed.reason, later.reason, after.reason]).toEqual([
      undefined,
      undefined,
      'timeout',
    ]);
  });

  it('the first reason stands', () => {
    using handle = new InterruptHandle();
    handle.trigger();
    handle.triggerAfter(0);
    expect(handle.reason).toBe('triggered');
  });
});

describe('triggerOnSignals', () => {
  const child = (body: string) =>
    runNode(`import { InterruptHandle } from 'LIB';
      const wait = async (done) => {
        while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
      };
      ${body}`);

  it('triggers at the first, with its name', () => {
    expect(
      child(`const handle = new InterruptHandle();
        handle.triggerOnSignals('SIGUSR2', 'SIGTERM');
        process.kill(process.pid, 'SIGTERM');
        await wait(() => handle.reason !== undefined);
        console.log(handle.reason);`),
    ).toBe('SIGTERM\n');
  });

  it('a disposed handle leaves the signal what it does by default', () => {
    const error = thrownBy(() =>
      child(`const handle = new InterruptHandle();
        handle.triggerOnSignals('SIGTERM');
        handle.dispose();
        process.kill(process.pid, 'SIGTERM');
        await wait(() => false);`),
    ) as { signal: string };
    expect(error.signal).toBe('SIGTERM');
  });

  it('a handle that was disposed does not spoil the signal for the next', () => {
    expect(
      child(`new InterruptHandle()[Symbol.dispose]();
        const first = new InterruptHandle();
        first.triggerOnSignals('SIGTERM');
        first.dispose();
        const [one, other] = [new InterruptHandle(), new InterruptHandle()];
        one.triggerOnSignals('SIGTERM');
        other.triggerOnSignals('SIGTERM', 'SIGINT');
        process.kill(process.pid, 'SIGTERM');
        await wait(() => one.reason && other.reason);
        console.log(first.reason, one.reason, other.reason);`),
    ).toBe('undefined SIGTERM SIGTERM\n');
  });

  it("JavaScript's own listener has each signal too, and keeps the process", () => {
    expect(
      child(`let heard = 0;
        process.on('SIGTERM', () => heard++);
        const handle = new InterruptHandle();
        handle.triggerOnSignals('SIGTERM');
        process.kill(process.pid, 'SIGTERM');
        await wait(() => handle.reason && heard === 1);
        handle.dispose();
        process.kill(process.pid, 'SIGTERM');
        await wait(() => heard === 2);
        console.log('alive');
        process.exit(0);`),
    ).toBe('alive\n');
  });
});
