import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type AsyncComponentHostFunction,
  CallHook,
  Component,
  type ComponentHostFunction,
  type ComponentInstance,
  ComponentLinker,
  Engine,
  Store,
  Trap,
  UpdateDeadline,
} from '../../lib/index.js';
import { LIBC, OPTIONS } from '../runtime/component/support.js';
import { ENDINGS, expectProgram, runWasiComponentAsync } from './guests.js';
import { OraclePair, Tally } from './oracle-pair.js';

const { total, count } = new Tally();

afterAll(() => {
  console.log(
    `oracle, asynchronous calls of components: ${total.samples} samples, ${total.frames} frames (deepest ` +
      `stack ${total.deepest}) and ${total.markers} markers equal upstream's; so do ${total.recorded} of recorders`,
  );
  expect(total.samples).toBeGreaterThan(1000);
});

/**
 * `outer(n)` pauses, has the host call n levels of `outer` of other instances, and pauses; its parts are two
 * components, of which one calls the other. `greet` sends a string there and back.
 */
const GUEST = `(component
  (import "bump" (func $bump))
  (import "pause" (func $pause))
  (import "call" (func $call (param "n" u32) (result u32)))
  (import "name" (func $name (param "x" string) (result string)))
  (component $inner
    (import "bump" (func $bump))
    (import "pause" (func $pause))
    (core func $bump (canon lower (func $bump)))
    (core func $pause (canon lower (func $pause)))
    (core module $inner
      (import "" "bump" (func $bump))
      (import "" "pause" (func $pause))
      (func $leaf (loop))
      (func $inner (export "inner") (param i32) (result i32)
        (call $bump)
        (call $leaf)
        (call $pause)
        (call $leaf)
        (local.get 0)))
    (core instance $m (instantiate $inner
      (with "" (instance (export "bump" (func $bump)) (export "pause" (func $pause))))))
    (func (export "inner") (param "x" u32) (result u32) (canon lift (core func $m "inner"))))
  (instance $inner (instantiate $inner (with "bump" (func $bump)) (with "pause" (func $pause))))
  (component $outer
    (import "bump" (func $bump))
    (import "call" (func $call (param "n" u32) (result u32)))
    (import "name" (func $name (param "x" string) (result string)))
    (import "inner" (func $inner (param "x" u32) (result u32)))
    ${LIBC}
    (core func $bump (canon lower (func $bump)))
    (core func $call (canon lower (func $call)))
    (core func $name (canon lower (func $name) ${OPTIONS}))
    (core func $inner (canon lower (func $inner)))
    (core module $outer
      (import "" "bump" (func $bump))
      (import "" "call" (func $call (param i32) (result i32)))
      (import "" "name" (func $name (param i32 i32 i32)))
      (import "" "inner" (func $inner (param i32) (result i32)))
      (func $again (loop))
      (func $outer (export "outer") (param i32) (result i32)
        (call $bump)
        (drop (call $inner (local.get 0)))
        (if (local.get 0) (then
          (drop (call $call (i32.sub (local.get 0) (i32.const 1))))))
        (call $bump)
        (call $again)
        (call $inner (local.get 0)))
      (func $greet (export "greet") (param i32 i32) (result i32)
        (call $name (local.get 0) (local.get 1) (i32.const 16))
        (call $bump)
        (call $again)
        (i32.const 16))
      (func $after (loop))
      (func $post (export "post") (param i32) (call $after))
      (func $trap (export "trap") (drop (call $inner (i32.const 1))) unreachable))
    (core instance $m (instantiate $outer (with "" (instance
      (export "bump" (func $bump)) (export "call" (func $call)) (export "name" (func $name))
      (export "inner" (func $inner))))))
    (func (export "outer") (param "n" u32) (result u32) (canon lift (core func $m "outer")))
    (func (export "greet") (param "x" string) (result string)
      (canon lift (core func $m "greet") ${OPTIONS} (post-return (core func $m "post"))))
    (func (export "trap") (canon lift (core func $m "trap"))))
  (instance $outer (instantiate $outer (with "bump" (func $bump)) (with "call" (func $call))
    (with "name" (func $name)) (with "inner" (func $inner "inner"))))
  (export "outer" (func $outer "outer"))
  (export "greet" (func $outer "greet"))
  (export "trap" (func $outer "trap")))`;

/** A component in text format, sampled at the first function or loop after its host calls `bump`. */
class BumpComponent {
  readonly engine = new Engine({ epochInterruption: true });
  readonly store = new Store(this.engine);
  readonly component = Component.compile(this.engine, GUEST);
  readonly pair = new OraclePair(this.engine, [], this.component);
  readonly linker = new ComponentLinker(this.engine);

  constructor(
    { yields, recorder = true }: { yields: boolean; recorder?: boolean },
    hosts: Readonly<Record<string, AsyncComponentHostFunction>> = {},
    sync: Readonly<Record<string, ComponentHostFunction>> = {},
  ) {
    const { store } = this;
    store.setEpochDeadline(1);
    store.epochDeadlineCallback((store) => {
      this.pair.sample(store);
      return yields ? UpdateDeadline.yield(1) : UpdateDeadline.continue(1);
    });
    store.callHook((store, kind) => this.pair.callHook(store, kind));
    if (recorder) this.pair.attach(store);
    const root = this.linker.root();
    root.funcNew('bump', () => this.bump());
    const all = {
      pause: () => turn(),
      name: async (_: unknown, x: string) => x,
      call: async (_: unknown, n: number) => n,
      ...hosts,
    };
    for (const [name, host] of Object.entries(all)) {
      if (!(name in sync)) root.funcNewAsync(name, host);
    }
    for (const [name, host] of Object.entries(sync)) root.funcNew(name, host);
  }

  bump(): void {
    this.engine.incrementEpoch();
  }

  instantiate(): Promise<ComponentInstance> {
    return this.linker.instantiateAsync(this.store, this.component);
  }
}

describe.each([false, true])('sampled where the guest asks, yields: %s', (yields) => {
  it('components that call one another, suspended in either', async () => {
    const guest = new BumpComponent({ yields });
    const outer = (await guest.instantiate()).getFunc(guest.store, 'outer');
    for (let i = 0; i < 20; i++) expect(await outer.callAsync(guest.store, 0)).toBe(0);
    const { samples } = count(await guest.pair.compare());
    expect(samples).toBe(20 * 4);
  });

  it('memory that the host asks for, before and after a suspension, and post-return', async () => {
    const guest = new BumpComponent(
      { yields },
      {
        name: async (_, x) => {
          guest.bump();
          await turn();
          guest.bump();
          return `${x}${x}`;
        },
      },
    );
    const greet = (await guest.instantiate()).getFunc(guest.store, 'greet');
    for (let i = 0; i < 20; i++) {
      guest.bump();
      expect(await greet.callAsync(guest.store, 'ä'.repeat(i))).toBe('ä'.repeat(2 * i));
    }
    expect(count(await guest.pair.compare()).samples).toBeGreaterThan(20 * 2);
  });

  it('instances that async host functions call, each suspended in turn, 20 levels', async () => {
    const instances: ComponentInstance[] = [];
    const guest = new BumpComponent(
      { yields, recorder: false },
      {
        call: async (caller, n) => {
          guest.pair.sample(caller);
          await turn();
          guest.pair.sample(caller);
          const outer = instances[n]?.getFunc(caller, 'outer');
          const below = await outer?.callAsync(caller, n);
          guest.pair.sample(caller);
          return below;
        },
      },
    );
    for (let i = 0; i <= 20; i++) instances.push(await guest.instantiate());
    const outer = instances[20]?.getFunc(guest.store, 'outer');
    expect(await outer?.callAsync(guest.store, 20)).toBe(20);
    const compared = count(await guest.pair.compare());
    // Four of each level, and three of each host call.
    expect(compared.samples).toBe(4 * 21 + 3 * 20);
    expect(compared.deepest).toBeGreaterThan(20);
  });

  it('instances that host functions call at once, on fibers of their own, 20 levels', async () => {
    const instances: ComponentInstance[] = [];
    const guest = new BumpComponent(
      { yields },
      {},
      {
        call: (store, n) => instances[n]?.getFunc(store, 'outer').call(store, n),
        pause: () => {},
      },
    );
    for (let i = 0; i <= 20; i++) instances.push(await guest.instantiate());
    const outer = instances[20]?.getFunc(guest.store, 'outer');
    expect(await outer?.callAsync(guest.store, 20)).toBe(20);
    const compared = count(await guest.pair.compare());
    expect(compared.samples).toBe(4 * 21);
    expect(compared.deepest).toBeGreaterThan(20);
  });
});

it('every kind of call hook, while components wait', async () => {
  const guest = new BumpComponent({ yields: true, recorder: false });
  const outer = (await guest.instantiate()).getFunc(guest.store, 'outer');
  const seen = new Set<string>();
  guest.store.callHook((store, kind) => {
    seen.add(kind);
    guest.pair.sample(store);
    guest.pair.callHook(store, kind);
  });
  expect(await outer.callAsync(guest.store, 1)).toBe(1);
  expect([...seen].sort()).toEqual(Object.values(CallHook).sort());
  expect(count(await guest.pair.compare()).samples).toBeGreaterThan(20);
});

it('a trap after a suspension', async () => {
  const guest = new BumpComponent({ yields: true });
  const trap = (await guest.instantiate()).getFunc(guest.store, 'trap');
  await expect(trap.callAsync(guest.store)).rejects.toBeInstanceOf(Trap);
  expect(count(await guest.pair.compare()).samples).toBe(1);
});

it('a guest that is ended where it waits, and modules after it', async () => {
  // The signal has the engine tick by the clock, which a recorder of every epoch would see.
  const guest = new BumpComponent(
    { yields: false, recorder: false },
    { pause: () => new Promise(() => {}) },
  );
  const outer = (await guest.instantiate()).getFunc(guest.store, 'outer');
  const controller = new AbortController();
  const { signal } = controller;
  const ended = expect(outer.callAsync(guest.store, 5, { signal })).rejects.toBe('ended');
  await turn();
  controller.abort('ended');
  await ended;
  // What it leaves behind is no part of the next stack.
  guest.pair.sample(guest.store);
  await guest.instantiate();
  count(await guest.pair.compare());
});

describe('commands, sampled by the clock and suspended after each sample', () => {
  it('parser', async () => {
    await expectProgram(await runWasiComponentAsync('component/parser.wasm', ['120'], 0.1), count);
  });

  it.each([...ENDINGS, ['chatter', undefined] as const])('endings %s', async (mode, kind) => {
    const { pair, error } = await runWasiComponentAsync('component/endings.wasm', [mode], 0.1);
    if (kind === undefined) expect(error).toBeUndefined();
    else expect(error).toBeInstanceOf(kind);
    expect(count(await pair.compare()).markers).toBeGreaterThan(10);
  });
});
