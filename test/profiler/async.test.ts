import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  Engine,
  FinishedProfile,
  GuestProfiler,
  Linker,
  LiveProfiler,
  Module,
  type RecorderOptions,
  Store,
  threadCpuTime,
} from '../../lib/index.js';
import { readProfile } from './support.js';

const GUEST = `(module
  (import "host" "wait" (func $wait (param i32)))
  (func $spin (param i32) (loop $again
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
    (br_if $again (local.get 0))))
  (func (export "spin") (param i32) (call $spin (local.get 0)))
  (func $run (export "run") (param i32 i32)
    (call $spin (local.get 0))
    (call $wait (i32.const 0))
    (call $spin (local.get 1)))
  (func (export "nested") (call $wait (i32.const 1)) (call $spin (i32.const 1))))`;

/** Stores of one engine whose guests wait as long as they are told to. */
function guests(wait: (n: number) => Promise<unknown>) {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, GUEST);
  const linker = new Linker(engine).funcWrapAsync(
    'host',
    'wait',
    { params: ['i32'], results: [] },
    (_, n) => wait(n),
  );
  const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
  const start = async (options?: RecorderOptions) => {
    const store = new Store(engine);
    store.setEpochDeadline(2 ** 40);
    const recorder = options && profiler.attach(store, { sampler: 'epoch', ...options });
    const instance = await linker.instantiateAsync(store, module);
    const func = (name: string) => instance.getFunc(store, name);
    return { store, recorder, spin: func('spin'), run: func('run'), nested: func('nested') };
  };
  return { engine, profiler, start };
}

/** Burns `ms` of this thread's CPU time, in turns of the event loop. */
async function burn(ms: number): Promise<void> {
  const end = threadCpuTime() + ms;
  while (threadCpuTime() < end) await turn();
}

describe('time in which the guest is suspended', () => {
  it('is no CPU time of its samples', async () => {
    const burnt = 400;
    const { profiler, start } = guests(() => burn(burnt));
    const { store, run } = await start({ intervalMs: 1 });
    const before = threadCpuTime();
    await run.callAsync(store, 300_000_000, 300_000_000);
    const used = threadCpuTime() - before;
    const { json } = readProfile(await profiler.finish());
    const { threadCPUDelta, length } = json.threads[0].samples;
    const unit = json.meta.sampleUnits.threadCPUDelta === 'ns' ? 1e6 : 1e3;
    const sum = threadCPUDelta.reduce((sum: number, delta: number) => sum + delta, 0) / unit;
    expect(length).toBeGreaterThan(2);
    expect(sum).toBeGreaterThan(0);
    // CPU time, so that other processes don't count; half is left for what is between the guest and its host.
    expect(sum).toBeLessThan(used - burnt / 2);
  });

  it('has no samples, though ticks come for others', async () => {
    let goOn = () => {};
    const { profiler, start } = guests(() => new Promise<void>((resolve) => (goOn = resolve)));
    const one = await start({ intervalMs: 300 });
    const two = await start({ intervalMs: 300 });
    const call = one.run.callAsync(one.store, 1, 1);
    const progress = GuestProfiler.progress(profiler);
    // The ticker is shared.
    while (progress.read().samples < 2) await two.spin.callAsync(two.store, 10_000_000);
    const before = progress.read().samples;
    goOn();
    await call;
    expect(progress.read().samples).toBe(before);
  });
});

describe('host calls of guests that wait at one time', () => {
  it('end where they end, and are suspended in between', async () => {
    const goOn: (() => void)[] = [];
    const { profiler, start } = guests(() => new Promise<void>((resolve) => goOn.push(resolve)));
    const one = await start({ hostCalls: 'markers' });
    const two = await start({ hostCalls: 'markers' });
    const calls = [one, two].map(({ run, store }) => run.callAsync(store, 1, 1));
    await turn();
    // The one that began first ends first.
    goOn[0]?.();
    await calls[0];
    goOn[1]?.();
    await calls[1];
    const { json } = readProfile(await profiler.finish());
    const { name, phase, startTime, endTime } = json.threads[0].markers;
    const rows = name.map((row: number, i: number) => ({
      name: json.shared.stringArray[row],
      phase: phase[i],
      startMs: startTime[i],
      endMs: endTime[i],
    }));
    const waits = rows.filter((row: { name: string }) => row.name === 'wait');
    const suspended = rows.filter((row: { name: string }) => row.name === 'suspended');
    // Whole, since its end came within the other's; the other's is a pair.
    expect(waits.map((row: { phase: number }) => row.phase)).toEqual([1, 2, 3]);
    expect(suspended.map((row: { phase: number }) => row.phase)).toEqual([1, 1]);
    const [first, second, end] = waits;
    expect(first.endMs).toBeLessThanOrEqual(end.endMs);
    expect(suspended[0].startMs).toBeGreaterThanOrEqual(first.startMs);
    expect(suspended[0].endMs).toBeLessThanOrEqual(first.endMs);
    expect(suspended[1].startMs).toBeGreaterThanOrEqual(second.startMs);
    expect(suspended[1].endMs).toBeLessThanOrEqual(end.endMs);
  });

  it('are the host’s only while it runs', async () => {
    const { profiler, start } = guests(() => burn(200));
    const { store, run } = await start({ intervalMs: 1, hostCalls: 'frames' });
    await run.callAsync(store, 100_000_000, 100_000_000);
    const { stacks, json } = readProfile(await profiler.finish());
    const { startTime, endTime, phase } = json.threads[0].markers;
    const whole = phase.indexOf(1);
    const { time, timeDeltas } = json.threads[0].samples;
    let at = 0;
    const times: number[] = time ?? timeDeltas.map((delta: number) => (at += delta));
    // Within the suspension there is nothing, neither of the guest nor of the host.
    const within = times.filter((ms) => ms > startTime[whole] && ms < endTime[whole]);
    expect(within).toEqual([]);
    expect(stacks.length).toBeGreaterThan(2);
  });
});

describe('while the guest is suspended', () => {
  it.each(['detach', 'finish'])('%s', async (how) => {
    let goOn = () => {};
    const { profiler, start } = guests(() => new Promise<void>((resolve) => (goOn = resolve)));
    const { store, recorder, run, spin } = await start({ intervalMs: 1 });
    const call = run.callAsync(store, 300_000_000, 1_000_000);
    await turn();
    if (how === 'detach') recorder?.detach();
    const { stacks } = readProfile(await profiler.finish());
    const seen = stacks.length;
    expect(recorder?.attached).toBe(false);
    goOn();
    expect(await call).toBeUndefined();
    await spin.callAsync(store, 10);
    expect(seen).toBeGreaterThan(0);
  });

  it.each(['waits', 'yields'])('attach, to a guest that %s', async (how) => {
    let goOn = () => {};
    const { engine, profiler, start } = guests(
      () => new Promise<void>((resolve) => (goOn = resolve)),
    );
    const { store, run, spin } = await start();
    if (how === 'yields') store.epochDeadlineAsyncYieldAndUpdate(1);
    if (how === 'yields') store.setEpochDeadline(1);
    engine.incrementEpoch();
    const call = run.callAsync(store, 1, 200);
    const recorder = profiler.attach(store, { everyEpoch: true, hostCalls: 'markers' });
    const again = new GuestProfiler('other', 1, []);
    expect(() => again.attach(store, { sampler: 'epoch' })).toThrow('has a recorder already');
    if (how === 'yields') await turn();
    goOn();
    await call;
    // It has set a deadline meanwhile, which this tick reaches.
    engine.incrementEpoch();
    await spin.callAsync(store, 1);
    expect(recorder.attached).toBe(true);
    const { stacks, json } = readProfile(await profiler.finish());
    expect(stacks.at(-1)).toEqual(['spin']);
    const { name, phase } = json.threads[0].markers;
    expect(json.shared.stringArray[name[0]]).toBe('suspended');
    expect(phase[0]).toBe(1);
  });

  it('a live profiler begins, and ends', async () => {
    let goOn = () => {};
    const { engine, start } = guests(() => new Promise<void>((resolve) => (goOn = resolve)));
    const { store, run } = await start();
    const live = new LiveProfiler({ modules: [], intervalMs: 1 });
    live.watch(store);
    const call = run.callAsync(store, 1, 1);
    const profile = live.record(5);
    engine.incrementEpoch();
    expect(await profile).toBeInstanceOf(FinishedProfile);
    goOn();
    expect(await call).toBeUndefined();
  });

  it('a signal that ends the guest ends the recorder’s ticks for it', async () => {
    const { profiler, start } = guests(() => new Promise<void>(() => {}));
    const { store, run, spin } = await start({ intervalMs: 1 });
    const controller = new AbortController();
    const call = run.callAsync(store, 1, 1, { signal: controller.signal });
    await turn();
    controller.abort('ended');
    await expect(call).rejects.toBe('ended');
    await spin.callAsync(store, 300_000_000);
    const { stacks } = readProfile(await profiler.finish());
    expect(stacks.at(-1)).toEqual(['spin', 'spin']);
  });

  it('a guest without a deadline goes on to its end', async () => {
    let goOn = () => {};
    const engine = new Engine({ epochInterruption: true });
    const module = Module.compile(engine, GUEST);
    const linker = new Linker(engine).funcWrapAsync(
      'host',
      'wait',
      { params: ['i32'], results: [] },
      () => new Promise<void>((resolve) => (goOn = resolve)),
    );
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    const store = new Store(engine);
    profiler.attach(store, { everyEpoch: true });
    const instance = await linker.instantiateAsync(store, module);
    const call = instance.getFunc(store, 'run').callAsync(store, 1, 1);
    await profiler.finish();
    engine.incrementEpoch();
    goOn();
    expect(await call).toBeUndefined();
  });

  it('a caller may be sampled', async () => {
    const engine = new Engine();
    const module = Module.compile(engine, GUEST);
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    const linker = new Linker(engine).funcWrapAsync(
      'host',
      'wait',
      { params: ['i32'], results: [] },
      async (caller) => {
        await turn();
        profiler.sample(caller, 0);
      },
    );
    const store = new Store(engine);
    const instance = await linker.instantiateAsync(store, module);
    await instance.getFunc(store, 'run').callAsync(store, 1, 1);
    const { stacks } = readProfile(await profiler.finish());
    expect(stacks).toEqual([['run']]);
  });
});
