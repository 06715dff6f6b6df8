// Many guests at once that wait, call one another, fail, are aborted and profiled, by chance; and what of that
// stays in memory.
import { describe, expect, it } from 'vitest';
import {
  type Caller,
  Component,
  type ComponentInstance,
  ComponentLinker,
  Engine,
  GuestProfiler,
  Store,
} from '../../../lib/index.js';
import { assertProfileIntegrity } from '../../support/profile-integrity.js';
import { seededRandom } from '../../support/random.js';
import { runNode, USED_MEMORY } from '../support.js';
import { turn, yielding } from './async-support.js';

/** One component calls another, which asks the host with a string, both ways. */
const GUEST = `(component
  (import "ask" (func $ask (param "n" u32) (result u32)))
  (component $inner
    (import "ask" (func $ask (param "n" u32) (result u32)))
    (core func $ask (canon lower (func $ask)))
    (core module $inner
      (import "" "ask" (func $ask (param i32) (result i32)))
      (func $inner (export "run") (param i32) (result i32)
        (local $i i32)
        (local.set $i (i32.const 2000))
        (loop $l
          (local.set $i (i32.sub (local.get $i) (i32.const 1)))
          (br_if $l (local.get $i)))
        (if (i32.eq (local.get 0) (i32.const 99)) (then unreachable))
        (call $ask (local.get 0))))
    (core instance $i (instantiate $inner (with "" (instance (export "ask" (func $ask))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
  (instance $inner (instantiate $inner (with "ask" (func $ask))))
  (component $outer
    (import "run" (func $run (param "n" u32) (result u32)))
    (core func $run (canon lower (func $run)))
    (core module $outer
      (import "" "run" (func $run (param i32) (result i32)))
      (func $outer (export "run") (param i32) (result i32) (call $run (local.get 0))))
    (core instance $i (instantiate $outer (with "" (instance (export "run" (func $run))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
  (instance $outer (instantiate $outer (with "run" (func $inner "run"))))
  (export "run" (func $outer "run")))`;

class Expected extends Error {}

/** A store with as many instances as calls may be deep. */
class Guest {
  readonly store: Store;
  readonly #pick: (below: number) => number;
  readonly #linker: ComponentLinker;
  readonly #kept: Promise<void>[] = [];
  #instances: ComponentInstance[] = [];
  asked = 0;
  failed = 0;

  constructor(engine: Engine, seed: number) {
    this.store = new Store(engine);
    yielding(this.store);
    this.#pick = seededRandom(seed);
    this.#linker = new ComponentLinker(engine);
    this.#linker.root().funcNewAsync('ask', (caller, n) => this.#ask(caller, n));
  }

  async start(component: Component): Promise<this> {
    for (let i = 0; i < 5; i++) {
      this.#instances.push(await this.#linker.instantiateAsync(this.store, component));
    }
    return this;
  }

  #ask(caller: Caller, n: number): unknown {
    this.asked++;
    if (this.#pick(4) === 0) return n;
    if (this.#pick(40) === 0) throw new Expected('at once');
    return this.#wait(caller, n);
  }

  async #wait(caller: Caller, n: number): Promise<number> {
    for (let step = this.#pick(5); step >= 0; step--) {
      switch (this.#pick(7)) {
        case 0:
        case 1:
          await turn();
          break;
        case 2:
          await undefined;
          break;
        case 3:
        case 4:
          if (n > 0) await this.call(caller, n - 1);
          break;
        case 5: {
          if (n === 0 || this.#pick(4) > 0) break;
          const controller = new AbortController();
          const call = this.call(caller, n - 1, controller.signal);
          if (this.#pick(2) === 0) await turn();
          controller.abort(new Expected('aborted'));
          await call;
          break;
        }
        default:
          // Nobody waits for it: it ends with this function.
          if (n > 0 && this.#pick(8) === 0) {
            this.#kept.push(this.call(caller, n - 1));
            return n;
          }
          if (n === 1 && this.#pick(6) === 0) await this.call(caller, 99);
          if (this.#pick(20) === 0) throw new Expected('later');
      }
    }
    return n;
  }

  /** Calls the guest; what may go wrong is among what is expected, and what it leaves behind. */
  async call(store: Store | Caller, n: number, signal?: AbortSignal): Promise<void> {
    const instance = this.#instances[n === 99 ? 0 : n] as ComponentInstance;
    try {
      const run = instance.getFunc(store, 'run');
      expect(await run.callAsync(store, n, signal ? { signal } : {})).toBe(n);
    } catch (error) {
      const { code, trapCode } = error as { code?: string; trapCode?: string };
      const ended = code === 'ERR_CALLER_ENDED' || code === 'ERR_STORE_IN_USE';
      const trapped = /^(CannotEnterComponent|UnreachableCodeReached)$/.test(trapCode ?? '');
      if (!(error instanceof Expected) && !ended && !trapped) throw error;
      this.failed++;
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#kept);
    this.store.dispose();
  }
}

describe.each([1, 2, 3])('seed %i', (seed) => {
  it('components do all that they may, by chance', async () => {
    const engine = new Engine({ epochInterruption: true });
    const component = Component.compile(engine, GUEST);
    const profiler = GuestProfiler.forComponent('guests', 1, component, []);
    using _ticker = engine.startEpochTicker(1);
    const total = { asked: 0, failed: 0, whole: 0 };
    // A store is of no use once something has gone wrong in it.
    for (let round = 0; round < 8; round++) {
      const guests = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          new Guest(engine, seed * 1000 + round * 20 + i).start(component),
        ),
      );
      for (const { store } of guests.slice(0, 6))
        profiler.attach(store, { sampler: 'epoch', hostCalls: 'frames' });
      const calls = guests.map(async (guest, i) => {
        for (let n = 0; n < 6; n++) {
          const controller = new AbortController();
          const call = guest.call(guest.store, 4, controller.signal);
          if (n === 5 && i % 2 === 0) {
            await turn();
            controller.abort(new Expected('aborted'));
          }
          await call;
        }
      });
      await Promise.all(calls);
      for (const guest of guests) {
        await guest.end();
        total.asked += guest.asked;
        total.failed += guest.failed;
        if (guest.failed === 0) total.whole++;
      }
    }
    expect(total.asked).toBeGreaterThan(400);
    expect(total.failed).toBeGreaterThan(20);
    expect(total.whole).toBeGreaterThan(3);
    assertProfileIntegrity(JSON.parse(Buffer.from(await profiler.finish()).toString()));
  });
});

it.each(['value', 'throw', 'abort'])('asynchronous calls leave memory level: %s', (how) => {
  const output = runNode(
    `
    import { Component, ComponentLinker, Engine, Store } from 'LIB';
    const engine = new Engine();
    const component = Component.compile(engine, \`(component
      (import "get" (func $get (param "x" string) (result u32)))
      (core module $libc (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
      (core instance $libc (instantiate $libc))
      (core func $get (canon lower (func $get) (memory (core memory $libc "memory"))))
      (core module $m
        (import "" "get" (func $get (param i32 i32) (result i32)))
        (func (export "run") (param i32 i32) (result i32) (call $get (local.get 0) (local.get 1))))
      (core instance $m (instantiate $m (with "" (instance (export "get" (func $get))))))
      (func (export "run") (param "x" string) (result u32)
        (canon lift (core func $m "run") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))\`);
    const how = '${how}';
    const text = 'x'.repeat(8192);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const linker = new ComponentLinker(engine);
    linker.root().funcNewAsync('get', async (caller, x) => {
      await undefined;
      if (how === 'throw') throw new Error('expected');
      if (how === 'abort') await new Promise(() => {});
      return x.length;
    });
    const pre = linker.instantiatePre(component);
    const round = async () => {
      const store = new Store(engine);
      const run = (await pre.instantiateAsync(store)).getFunc(store, 'run');
      const controller = new AbortController();
      const call = run.callAsync(store, text, { signal: controller.signal });
      if (how === 'abort') { await undefined; controller.abort(new Error('expected')); }
      const result = await call.catch((error) => error.message);
      if (result !== (how === 'value' ? 8192 : 'expected')) throw new Error('another result: ' + result);
      store.dispose();
    };
    ${USED_MEMORY}
    let before = 0;
    for (let i = 1; i <= 20_000; i++) {
      await round();
      if (i % 100 === 0) await turn();
      // What is garbage piles up otherwise until V8 looks, in Node 24 to some 300 MB.
      if (i % 1000 === 0) gc();
      if (i === 8_000) before = await usedMemory();
    }
    const after = await usedMemory();
    console.log(JSON.stringify({ growth: after - before, used: after }));`,
    { gc: true, timeoutMs: 110_000 },
  );
  const found = JSON.parse(output) as { growth: number; used: number };
  console.log(
    `components, asynchronous, ${how}: ${found.growth.toFixed(1)} MiB more after 12,000 rounds, ` +
      `${found.used.toFixed(0)} MiB in all`,
  );
  // Rounds that leaked their arguments would leave 94 MiB; the process grows by some 20 once.
  expect(found.growth).toBeLessThan(50);
});
