import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { CallHook, type Func, type Instance } from '../../lib/index.js';
import { BumpGuest, ENDINGS, expectProgram, runWasiAsync } from './guests.js';
import { type Compared, Tally } from './oracle-pair.js';

const { total, count } = new Tally();

async function expectSamples(guest: BumpGuest, samples: number): Promise<Compared> {
  const compared = count(await guest.pair.compare());
  expect(compared.samples).toBe(samples);
  return compared;
}

function call(guest: BumpGuest, instance: Instance, name: string, ...args: unknown[]) {
  return instance.getFunc(guest.store, name).callAsync(guest.store, ...args);
}

afterAll(() => {
  console.log(
    `oracle, asynchronous calls: ${total.samples} samples, ${total.frames} frames (deepest stack ` +
      `${total.deepest}) and ${total.markers} markers equal upstream's; so do ${total.recorded} of recorders`,
  );
  expect(total.samples).toBeGreaterThan(1000);
});

describe('programs, sampled by the clock and suspended after each sample', () => {
  it.each([
    ['c/parser.wasm', ['120']],
    ['cpp/raytracer.wasm', ['1200']],
    ['go/pipeline.wasm', ['2000']],
  ])('%s', async (name, args) => {
    await expectProgram(await runWasiAsync(name, args, 0.1), count);
  });

  it.each(ENDINGS)('endings %s', async (mode, kind) => {
    const { pair, error } = await runWasiAsync('c/endings.wasm', [mode], 0.1);
    expect(error).toBeInstanceOf(kind);
    expect(count(await pair.compare()).samples).toBeGreaterThan(0);
  });
});

describe.each([false, true])('sampled where the guest asks, yields: %s', (yields) => {
  it('recursion 10,000 deep', async () => {
    const guest = new BumpGuest({ yields, maxWasmStack: 1 << 20 });
    expect(await call(guest, await guest.startAsync('wat/recursion.wat'), 'run', 10_000)).toBe(
      10_000,
    );
    expect((await expectSamples(guest, 11)).deepest).toBe(10_003);
  });

  it('re-entry, 40 levels: guests on fibers of their own within the one that waits', async () => {
    const guest = new BumpGuest({ yields });
    let inner: Func | undefined;
    guest.host('host_call', [['i32'], ['i32'], (caller, n) => inner?.call(caller, n)]);
    const instance = await guest.startAsync('wat/reentry.wat');
    inner = instance.getFunc(guest.store, 'inner');
    expect(await call(guest, instance, 'outer', 40)).toBe(42);
    expect((await expectSamples(guest, 2 * 42)).deepest).toBeGreaterThan(40);
  });

  it('two stores that take turns while each is suspended', async () => {
    // Upstream can't tell apart whose host calls end.
    const guest = new BumpGuest({ yields, recorder: 'samples' });
    guest.hostAsync('other_store', [['i32'], ['i32'], other]);
    const stores = [guest.store, guest.newStore()];
    const module = guest.load('wat/nested-stores.wat');
    const runs: Func[] = [];
    for (const store of stores) {
      runs.push((await guest.instantiateAsync(module, store)).getFunc(store, 'run'));
    }
    // Suspended before, between and after; each level has a store of its own, but all are open at once.
    async function other(_: unknown, n: unknown): Promise<number> {
      await turn();
      const store = guest.newStore();
      const run = (await guest.instantiateAsync(module, store)).getFunc(store, 'run');
      await turn();
      const levels = await run.callAsync(store, n);
      await turn();
      return levels;
    }
    const both = stores.map((store, i) => runs[i]?.callAsync(store, 5 + i));
    expect(await Promise.all(both)).toEqual([6, 7]);
    const compared = count(await guest.pair.compare());
    // Two of each level at least, and more for the ticks of the others.
    expect(compared.samples).toBeGreaterThanOrEqual(2 * 13);
  });

  it('tail calls, a start function, 1000 samples in loops', async () => {
    const guest = new BumpGuest({ yields });
    const instance = await guest.startAsync('wat/tail-calls.wat');
    for (const name of ['count_down', 'even_odd', 'machine', 'framed']) {
      await call(guest, instance, name, 100_000);
    }
    expect((await expectSamples(guest, 400)).deepest).toBeLessThan(4);
    const start = new BumpGuest({ yields });
    expect(await call(start, await start.startAsync('wat/start.wat'), 'sum')).toBe(4950);
    await expectSamples(start, 11);
    const loops = new BumpGuest({ yields });
    expect(await call(loops, await loops.startAsync('wat/loops.wat'), 'run', 10)).toBe(1000);
    await expectSamples(loops, 1000);
  });
});

describe('samples from odd places', () => {
  it('every kind of call hook, with suspensions in nested host calls', async () => {
    const guest = new BumpGuest({ recorder: false, yields: true });
    let inner: Func | undefined;
    guest.hostAsync('pause', [[], [], () => turn()]);
    guest.host('host_call', [['i32'], ['i32'], (caller, n) => inner?.call(caller, n)]);
    const instance = await guest.startAsync('nested', TEXT.nested);
    inner = instance.getFunc(guest.store, 'inner');
    const seen = new Set<string>();
    guest.store.callHook((store, kind) => {
      seen.add(kind);
      guest.pair.sample(store);
      guest.pair.callHook(store, kind);
    });
    expect(await call(guest, instance, 'outer', 5)).toBe(5);
    expect([...seen].sort()).toEqual(Object.values(CallHook).sort());
    expect(count(await guest.pair.compare()).samples).toBeGreaterThan(50);
  });

  it('a host function before it is awaited, and after a rejection', async () => {
    const guest = new BumpGuest({ recorder: false });
    guest.hostAsync('pause', [
      [],
      [],
      async (caller) => {
        guest.pair.sample(caller);
        await turn();
        // The guest is suspended; its host function still sees its stack.
        guest.pair.sample(caller);
        throw new Error('rejected');
      },
    ]);
    guest.host('host_call', [['i32'], ['i32'], (_, n) => n]);
    const instance = await guest.startAsync('nested', TEXT.nested);
    await expect(call(guest, instance, 'outer', 5)).rejects.toThrow('rejected');
    guest.pair.sample(guest.store);
    expect(await call(guest, instance, 'leaf', 5)).toBe(5);
    await expect(call(guest, instance, 'outer', 5)).rejects.toThrow('rejected');
    const compared = count(await guest.pair.compare());
    expect(compared).toMatchObject({ samples: 6, frames: 5 });
  });

  it('calls that async host functions make of the guest, each suspended in turn', async () => {
    const guest = new BumpGuest({ recorder: false, yields: true });
    let inner: Func | undefined;
    guest.hostAsync('pause', [[], [], () => turn()]);
    guest.hostAsync('host_call', [
      ['i32'],
      ['i32'],
      async (caller, n) => {
        guest.pair.sample(caller);
        await turn();
        guest.pair.sample(caller);
        const below = await inner?.callAsync(caller, n);
        guest.pair.sample(caller);
        return below as number;
      },
    ]);
    const instance = await guest.startAsync('nested', TEXT.nested);
    inner = instance.getFunc(guest.store, 'inner');
    expect(await call(guest, instance, 'outer', 20)).toBe(20);
    const compared = count(await guest.pair.compare());
    // Three of each host call, and two of each guest that is called.
    expect(compared.samples).toBe(3 * 21 + 2 * 21 + 1);
    expect(compared.deepest).toBeGreaterThan(20);
  });

  it('fuel yields, which are host calls', async () => {
    const guest = new BumpGuest({ recorder: false, consumeFuel: true });
    guest.store.setFuel(2n ** 60n);
    guest.store.fuelAsyncYieldInterval(500);
    let turns = 0;
    guest.store.callHook((store, kind) => {
      if (kind === CallHook.CallingHost) guest.pair.sample(store);
      guest.pair.callHook(store, kind);
      turns++;
    });
    const instance = await guest.startAsync('wat/loops.wat');
    expect(await call(guest, instance, 'run', 10)).toBe(1000);
    expect(turns).toBeGreaterThan(1000);
    count(await guest.pair.compare());
  });

  it('a guest that is ended where it waits', async () => {
    // The signal has the engine tick by the clock, which a recorder of every epoch would see.
    const guest = new BumpGuest({ yields: true, recorder: false });
    const controller = new AbortController();
    guest.hostAsync('pause', [[], [], () => new Promise(() => {})]);
    guest.host('host_call', [['i32'], ['i32'], (_, n) => n]);
    const instance = await guest.startAsync('nested', TEXT.nested);
    const { signal } = controller;
    const ended = expect(
      instance.getFunc(guest.store, 'outer').callAsync(guest.store, 5, { signal }),
    ).rejects.toBe('ended');
    await turn();
    await turn();
    controller.abort('ended');
    await ended;
    // What it leaves behind is no part of the next stack.
    expect(await call(guest, instance, 'leaf', 5)).toBe(5);
    count(await guest.pair.compare());
  });
});

const TEXT = {
  /** `outer(n)`: a pause, n levels of `inner` through the host, which pause each too. */
  nested: `(module $nested
    (import "env" "bump_epoch" (func $bump))
    (import "env" "pause" (func $pause))
    (import "env" "host_call" (func $host (param i32) (result i32)))
    (func $leaf (export "leaf") (param i32) (result i32)
      (call $bump) (loop) (local.get 0))
    (func $inner (export "inner") (param i32) (result i32)
      (call $bump) (loop)
      (if (local.get 0) (then
        (drop (call $host (i32.sub (local.get 0) (i32.const 1))))))
      (call $leaf (local.get 0)))
    (func $outer (export "outer") (param i32) (result i32)
      (call $pause)
      (drop (call $host (local.get 0)))
      (call $pause)
      (call $leaf (local.get 0))))`,
};
