import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CallHook,
  Engine,
  FinishedProfile,
  GuestProfiler,
  Linker,
  Module,
  type RecorderOptions,
  Store,
  Trap,
  WasiConfig,
  watchMemory,
} from '../../lib/index.js';

const ALL = 2n ** 62n;
const engine = new Engine({ consumeFuel: true });
const parser = Module.compile(engine, readFileSync('test/guests/c/parser.wasm'));

/** A run of the parser, with the fuel that it used. */
function run(options: RecorderOptions = { everyFuel: 10_000 }): {
  profile: FinishedProfile;
  used: bigint;
  calls: number;
} {
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: ['parser', '2'], stdout: 'null' }));
  store.setFuel(ALL);
  let calls = 0;
  store.callHook((_, kind) => {
    if (kind === CallHook.CallingHost) calls++;
  });
  const profiler = new GuestProfiler('parser', 1, [['parser', parser]]);
  profiler.attach(store, options);
  new Linker(engine).addWasi().instantiate(store, parser).getFunc(store, '_start').call(store);
  const used = ALL - store.getFuel();
  return { profile: profiler.finishProfile(), used, calls };
}

/** The stack table and the columns of samples, as the file has them. */
async function hashOf(profile: FinishedProfile): Promise<string> {
  const { shared, threads } = JSON.parse(Buffer.from(await profile.write()).toString());
  const columns = [shared.stackTable, shared.frameTable, shared.funcTable, threads[0].samples];
  return createHash('sha256').update(JSON.stringify(columns)).digest('hex');
}

describe('samples by fuel', () => {
  it('are the same in each run, byte for byte', async () => {
    const hashes = new Set<string>();
    for (let i = 0; i < 100; i++) hashes.add(await hashOf(run().profile));
    expect(hashes.size).toBe(1);
    // In another version of Node too: the first that CI runs leaves its hash for the next.
    const file = process.env['FUEL_HASH'];
    if (file === undefined) return;
    if (!existsSync(file)) writeFileSync(file, [...hashes].join());
    expect([...hashes]).toEqual([readFileSync(file, 'utf8')]);
  }, 120_000);

  it('are as many as the fuel that was used', () => {
    const { profile, used, calls } = run();
    // What is used between two checks, beyond a slice, is nobody's: here less than one part of a hundred.
    const counted = BigInt(profile.samples) * 10_000n;
    expect(counted).toBeLessThanOrEqual(used + BigInt(calls) * 100n);
    expect(counted).toBeGreaterThan((used * 99n) / 100n);
    // The user's own hook sees each.
    expect(calls).toBeGreaterThan(profile.samples);
    const fewer = run({ everyFuel: 100_000 }).profile;
    expect(Math.abs(fewer.samples - profile.samples / 10)).toBeLessThan(fewer.samples / 50);
  });

  it('weigh what they stand for', async () => {
    const { profile } = run();
    const { meta, threads } = JSON.parse(Buffer.from(await profile.write()).toString());
    const [{ samples }] = threads;
    expect(new Set(samples.threadCPUDelta.slice(1))).toEqual(new Set([10_000]));
    const [{ entries }] = meta.extra;
    expect(entries).toContainEqual({
      ...{ label: 'Fuel between samples', format: 'integer', value: 10_000 },
    });
  });

  it('have markers, counters and an end at times of fuel, too', () => {
    const text = `(module (import "h" "note" (func $note)) (memory 1)
      (func (export "f") (local $i i32)
        (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9999))))
        (call $note)
        (drop (memory.grow (i32.const 1)))))`;
    const module = Module.compile(engine, text);
    const recorded = () => {
      const store = new Store(engine);
      store.setFuel(ALL);
      const profiler = new GuestProfiler('f', 1, [['f', module]]);
      store.limiter(watchMemory(profiler));
      profiler.attach(store, { everyFuel: 5000 });
      const linker = new Linker(engine);
      linker.funcWrap('h', 'note', { params: [], results: [] }, () => profiler.addMarker('note'));
      const f = linker.instantiate(store, module).getFunc(store, 'f');
      f.call(store);
      const { intervalMs, threads, counters } = FinishedProfile.model(profiler.finishProfile());
      const [{ samples, markers, endMs } = threads[0] as never] = threads;
      const end = samples.length * 0.005;
      expect(samples.length).toBeGreaterThan(10);
      expect([intervalMs, endMs, samples.time.get(samples.length - 1)]).toEqual([0.005, end, end]);
      const rows = Array.from({ length: markers.length }, (_, row) => markers.startTime.get(row));
      // A note and a growth.
      expect(rows).toEqual([end, end]);
      return counters.map(({ time, length }) => Array.from({ length }, (_, row) => time.get(row)));
    };
    expect(recorded()).toEqual(recorded());
  });

  it('leave the store its fuel, and its limit', () => {
    const text = '(module (func (export "f") (loop $l (br $l))))';
    const module = Module.compile(engine, text);
    const store = new Store(engine);
    const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
    store.setFuel(1_000_000);
    const profiler = new GuestProfiler('loop', 1, [['loop', module]]);
    const recorder = profiler.attach(store, { everyFuel: 10_000 });
    expect(store.getFuel()).toBe(1_000_000n);
    expect(() => f.call(store)).toThrow(Trap);
    expect(store.getFuel()).toBe(0n);
    expect(Math.abs(profiler.finishProfile().samples - 100)).toBeLessThanOrEqual(1);
    expect(recorder.attached).toBe(false);
    store.setFuel(500_000);
    const again = new GuestProfiler('loop', 1, [['loop', module]]);
    const second = again.attach(store, { everyFuel: 100_000 });
    store.setFuel(700_000);
    second.detach();
    expect(store.getFuel()).toBe(700_000n);
    expect(() => f.call(store)).toThrow('all fuel consumed');
  });

  it('come of asynchronous calls too', async () => {
    const text = `(module (import "h" "wait" (func $wait))
      (func (export "f") (local $i i32) (call $wait)
        (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))
        (call $wait)))`;
    const module = Module.compile(engine, text);
    const linker = new Linker(engine);
    linker.funcWrapAsync('h', 'wait', { params: [], results: [] }, () => Promise.resolve());
    const store = new Store(engine);
    store.setFuel(ALL);
    const profiler = new GuestProfiler('f', 1, [['f', module]]);
    profiler.attach(store, { everyFuel: 10_000 });
    const instance = await linker.instantiateAsync(store, module);
    await instance.getFunc(store, 'f').callAsync(store);
    expect(profiler.finishProfile().samples).toBeGreaterThan(50);
  });

  it('refuse what does not go together', () => {
    const store = new Store(engine);
    const profiler = new GuestProfiler('parser', 1, [['parser', parser]]);
    const code = (options: RecorderOptions, of = store): unknown => {
      try {
        profiler.attach(of, options);
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return undefined;
    };
    expect(code({ everyFuel: 999 })).toBe('ERR_OUT_OF_RANGE');
    expect(code({ everyFuel: '1' as never })).toBe('ERR_INVALID_ARG_TYPE');
    expect(code({ everyFuel: 1000, intervalMs: 1 })).toBe('ERR_OUT_OF_RANGE');
    expect(code({ everyFuel: 1000, hostCalls: true })).toBe('ERR_OUT_OF_RANGE');
    expect(code({ everyFuel: 1000 }, new Store(new Engine()))).toBe('ERR_FUEL');
    expect(code({ everyFuel: 1000 })).toBeUndefined();
    expect(code({ everyFuel: 1000 })).toBe('ERR_RECORDER_ATTACHED');
    expect(code({ everyFuel: 2000 }, new Store(engine))).toBe('ERR_OUT_OF_RANGE');
    expect(() => store.fuelAsyncYieldInterval(1000)).toThrow('samples the store by fuel');
    const yielding = new Store(engine);
    yielding.fuelAsyncYieldInterval(1000);
    expect(code({ everyFuel: 1000 }, yielding)).toBe('ERR_FUEL_YIELDS');
  });
});
