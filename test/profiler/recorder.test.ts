import { describe, expect, it, vi } from 'vitest';
import type { NativeRecorder } from '../../lib/generated/native.js';
import {
  Engine,
  type EpochTicker,
  GuestProfiler,
  type Instance,
  Linker,
  Module,
  Store,
  Trap,
  threadCpuTime,
  UpdateDeadline,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { Store as StoreClass } from '../../lib/runtime/store.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON.
type Json = any;

/** `spin(n)` makes n epoch checks; `deep(d, n)` makes them below d frames; `host()` calls the host. */
const WAT = `(module $guest
  (import "env" "host" (func $host))
  (func $spin (export "spin") (param $n i32)
    (loop $next
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $deep (export "deep") (param $d i32) (param $n i32)
    (if (local.get $d)
      (then (call $deep (i32.sub (local.get $d) (i32.const 1)) (local.get $n)))
      (else (call $spin (local.get $n)))))
  (func $forever (export "forever") (loop $next (br $next)))
  (func $calls (export "calls") (param $n i32)
    (loop $next
      (call $host)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`;

function setUp(config = {}, host: () => void = () => {}) {
  const engine = new Engine({ epochInterruption: true, ...config });
  const module = Module.compile(engine, WAT);
  const store = new Store(engine);
  const linker = new Linker(engine).funcWrap('env', 'host', { params: [], results: [] }, host);
  const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
  const instance = linker.instantiate(store, module);
  const call = (name: string, ...args: unknown[]) =>
    instance.getFunc(store, name).call(store, ...args);
  return { engine, module, store, linker, profiler, instance, call };
}

async function finish(profiler: GuestProfiler): Promise<Json> {
  const profile = JSON.parse(Buffer.from(await profiler.finish()).toString());
  assertProfileIntegrity(profile);
  return profile;
}

/** Spins until a recorder has sampled. */
function spinFor(instance: Instance, store: Store, ms: number): void {
  const spin = instance.getFunc(store, 'spin');
  for (const end = performance.now() + ms; performance.now() < end; ) spin.call(store, 100_000);
}

describe('attach', () => {
  it('samples at its own interval, with CPU time, in a store without a deadline', async () => {
    const { profiler, store, instance } = setUp();
    const recorder = profiler.attach(store, { sampler: 'epoch', intervalMs: 1 });
    spinFor(instance, store, 1000);
    expect(recorder.attached).toBe(true);
    const profile = await finish(profiler);
    const { samples } = profile.threads[0];
    expect(samples.length).toBeGreaterThan(20);
    const cpuNs = samples.threadCPUDelta.slice(1).reduce((sum: number, ns: number) => sum + ns, 0);
    expect(cpuNs).toBeGreaterThan(1e6);
    expect(recorder.attached).toBe(false);
  });

  it('leaves a deadline where the user set it', () => {
    const { engine, profiler, store, instance, call } = setUp();
    store.setEpochDeadline(2);
    using _recorder = profiler.attach(store, { sampler: 'epoch', intervalMs: 0.05 });
    spinFor(instance, store, 100);
    engine.incrementEpoch();
    call('spin', 1000);
    engine.incrementEpoch();
    expect(() => call('spin', 1000)).toThrow(Trap);
  });

  it("leaves the user's callback its own ticks", () => {
    const { engine, profiler, store, instance, call } = setUp();
    let calls = 0;
    store.setEpochDeadline(1);
    store.epochDeadlineCallback(() => {
      calls++;
      return UpdateDeadline.continue(2);
    });
    using _recorder = profiler.attach(store, { sampler: 'epoch', intervalMs: 0.05 });
    for (let tick = 1; tick <= 7; tick++) {
      engine.incrementEpoch();
      spinFor(instance, store, 5);
    }
    expect(calls).toBe(4);
    call('spin', 1000);
    expect(calls).toBe(4);
  });

  it('gives a store that never had a deadline its trap back when it is detached', () => {
    const { profiler, store, call } = setUp();
    const recorder = profiler.attach(store, { sampler: 'epoch' });
    call('spin', 1000);
    recorder.detach();
    recorder.detach();
    expect(recorder.attached).toBe(false);
    expect(() => call('spin', 1000)).toThrow(Trap);
  });

  it('takes at most one sample after a long host call, whose CPU time it tells of', async () => {
    let ticker: EpochTicker | undefined;
    const { engine, profiler, store, call } = setUp({}, () => {
      for (const end = threadCpuTime() + 20; threadCpuTime() < end; );
      // The thread that ticks reads the clock, and may have to wait for a processor.
      const { ticks = 0 } = ticker ?? {};
      while (ticker !== undefined && ticker.ticks < ticks + 3);
    });
    ticker = engine.startEpochTicker(0.5);
    profiler.attach(store, { sampler: 'epoch', intervalMs: 0.5 });
    call('calls', 3);
    const { samples } = (await finish(profiler)).threads[0];
    // At most one as the guest begins, one after each call, and one more for a tick right after it.
    expect(samples.length).toBeLessThanOrEqual(8);
    expect(Math.max(...samples.threadCPUDelta)).toBeGreaterThan(10e6);
    ticker.dispose();
  });

  it('marks host calls, and not its own', async () => {
    const { profiler, store, call } = setUp();
    profiler.attach(store, { sampler: 'epoch', intervalMs: 1000, hostCalls: true });
    native.benchPeer(StoreClass.native(store), 'nothing', true);
    call('calls', 10);
    call('spin', 20);
    const { markers, samples } = (await finish(profiler)).threads[0];
    expect(samples.length).toBeGreaterThan(10);
    expect(markers.length).toBe(20);
  });

  it('records more than the ring holds', async () => {
    const { profiler, store, call } = setUp();
    profiler.attach(store, { sampler: 'epoch', intervalMs: 1000 });
    native.benchPeer(StoreClass.native(store), 'nothing', true);
    call('deep', 100, 100_000);
    const profile = await finish(profiler);
    expect(profile.threads[0].samples.length).toBeGreaterThan(100_000);
    expect(depthOf(profile, profile.threads[0].samples.stack.at(-1))).toBe(102);
  });

  it('loses nothing below a stack too deep for JavaScript', async () => {
    const { profiler, store, call } = setUp({ maxWasmStack: 3 << 20 });
    profiler.attach(store, { sampler: 'epoch', intervalMs: 1000 });
    native.benchPeer(StoreClass.native(store), 'nothing', true);
    // Each walks 30,000 frames. The ring is full after some hundreds.
    call('deep', 30_000, 5_000);
    const profile = await finish(profiler);
    const { stack } = profile.threads[0].samples;
    expect(stack.length).toBeGreaterThan(35_000);
    expect(depthOf(profile, stack.at(-1))).toBe(30_002);
  });

  it('of one profiler serves several stores, one of them within the other', async () => {
    const inner = { call: (_: string, __: number): unknown => undefined };
    const outer = setUp({}, () => inner.call('spin', 100));
    const store = new Store(outer.engine);
    const instance = outer.linker.instantiate(store, outer.module);
    inner.call = (name, n) => instance.getFunc(store, name).call(store, n);
    for (const each of [outer.store, store]) {
      outer.profiler.attach(each, { sampler: 'epoch', intervalMs: 1000 });
      native.benchPeer(StoreClass.native(each), 'nothing', true);
    }
    outer.call('calls', 10);
    const profile = await finish(outer.profiler);
    const depths = profile.threads[0].samples.stack.map((row: number) => depthOf(profile, row));
    // Each store shows its own frames alone.
    expect(Math.max(...depths)).toBe(1);
    expect(depths.length).toBeGreaterThan(1000);
  });

  it('refuses what it cannot do', async () => {
    const { engine, module, profiler, store } = setUp();
    for (const intervalMs of [0, -1, 0.04, 1001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => profiler.attach(store, { sampler: 'epoch', intervalMs })).toThrow(RangeError);
    }
    expect(() => profiler.attach(store, { sampler: 'epoch', interval: 1 } as object)).toThrow(
      TypeError,
    );
    expect(() => profiler.attach({} as Store)).toThrow(TypeError);
    const recorder = profiler.attach(store, { sampler: 'epoch' });
    const other = new GuestProfiler('other', 1, [['guest', module]]);
    expect(() => other.attach(store, { sampler: 'epoch' })).toThrow(
      expect.objectContaining({ code: 'ERR_RECORDER_ATTACHED' }),
    );
    recorder.detach();
    other.attach(store, { sampler: 'epoch' });
    store.dispose();
    expect(() => profiler.attach(store, { sampler: 'epoch' })).toThrow(
      expect.objectContaining({ code: 'ERR_DISPOSED' }),
    );
    await finish(other);
    expect(() => other.attach(new Store(engine), { sampler: 'epoch' })).toThrow(
      expect.objectContaining({ code: 'ERR_PROFILER_FINISHED' }),
    );
    const without = new Store(new Engine());
    expect(() => profiler.attach(without, { sampler: 'epoch' })).toThrow(
      expect.objectContaining({ code: 'ERR_NO_EPOCHS' }),
    );
  });
});

/** Frames of a stack. */
function depthOf(profile: Json, stack: number): number {
  const { prefixOffset } = profile.shared.stackTable;
  let depth = 1;
  for (let row = stack; prefixOffset[row] !== 0; row -= prefixOffset[row]) depth++;
  return depth;
}

it('a full ring that is read where JavaScript’s stack ends counts each sample once', async () => {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(
    engine,
    `(module (import "env" "host" (func $host))
      (func (export "run") (param i32)
        (loop $again
          (call $host)
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if $again (local.get 0)))))`,
  );
  const store = new Store(engine);
  const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
  store.setEpochDeadline(0);
  store.epochDeadlineCallback(() => UpdateDeadline.continue(0));
  const attach = vi.spyOn(native.NativeRecorder.prototype, 'attach');
  profiler.attach(store, { everyEpoch: true });
  const recorder = attach.mock.contexts[0] as NativeRecorder;
  attach.mockRestore();
  const linker = new Linker(engine);
  linker.funcWrap('env', 'host', { params: [], results: [] }, () => {});
  const run = linker.instantiate(store, module).getFunc(store, 'run');
  let calls = 0;
  // Down to the end of the stack, and a guest on every step of the last ones back up.
  const descend = (depth: number): void => {
    try {
      descend(depth + 1);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (depth % 5 === 0 && calls < 30) {
      try {
        run.call(store, 20_000);
        calls++;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
  };
  descend(0);
  expect(calls).toBe(30);
  const samples = recorder.samples();
  expect(samples).toBeGreaterThan(30 * 19_000);
  const profile = JSON.parse(Buffer.from(await profiler.finish()).toString());
  expect(profile.threads[0].samples.length).toBe(samples);
});
