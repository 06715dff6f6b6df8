import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine, GuestProfiler, Linker, Module, Store, watchMemory } from '../../lib/index.js';
import { openProfile } from '../readers/profiler-cli.js';
import { readProfile } from './support.js';

const directory = mkdtempSync(join(tmpdir(), 'annotations-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function profiler(): GuestProfiler {
  const module = Module.compile(new Engine(), '(module (func (export "f")))');
  let now = 0;
  return new GuestProfiler('guest', 1, [['guest', module]], {
    clock: { wall: () => 1000, monotonic: () => now++ },
  });
}

describe('addMarker and addCounter', () => {
  it('are what the Firefox Profiler shows', async () => {
    const recording = profiler();
    recording.addMarker('request', {
      ...{ startMs: 1, endMs: 3.5 },
      data: { path: '/a', bytes: 512, cached: false },
    });
    recording.addMarker('request', {
      startMs: 4,
      endMs: 5,
      data: { path: '/b', bytes: 1, cached: true },
    });
    recording.addMarker('tick', { startMs: 4.5 });
    const fuel = recording.addCounter('fuel', { description: 'what is left', graph: 'level' });
    for (const value of [100, 60, 10]) fuel.sample(value);
    recording.addCounter('heap', { unit: 'bytes', color: 'orange' }).sample(65_536);
    const path = join(directory, 'a.json');
    await recording.finish(path);
    await using reader = await openProfile(path);
    const markers = await reader.markers();
    expect(markers.map(({ name, start, duration }) => [name, start, duration])).toEqual([
      ['request', 1, 2.5],
      ['request', 4, 1],
      ['tick', 4.5, undefined],
    ]);
    const { counters } = await reader.query('counter', 'list');
    expect(counters).toMatchObject([
      { name: 'fuel', label: 'fuel', graphType: 'line-accumulated' },
      { name: 'heap', unit: 'bytes', category: 'Memory' },
    ]);
  });

  it('count in steps', async () => {
    const recording = profiler();
    const clients = recording.addCounter('clients', { graph: 'steps' });
    recording.addCounter('none', { graph: 'steps' });
    for (const value of [3, 5, 1]) clients.sample(value);
    const { json } = readProfile(await recording.finish());
    const [counter, none] = json.counters;
    expect(counter.display.graphType).toBe('line-accumulated');
    const [first, ...others] = counter.samples.time;
    expect(others.map((time: number) => Math.round(time - first))).toEqual([1, 1, 2, 2, 3]);
    expect(counter.samples.count).toEqual([3, 0, 2, 0, -4, 0]);
    expect(none.samples.length).toBe(0);
  });

  it('have a schema for each set of fields', async () => {
    const recording = profiler();
    recording.addMarker('a', { data: { n: 1 } });
    recording.addMarker('b', { data: { n: 2 } });
    recording.addMarker('c', { data: { n: 'text' } });
    recording.addMarker('d');
    const { json } = readProfile(await recording.finish());
    const types = json.threads[0].markers.data.map(({ type }: { type: string }) => type);
    expect(types).toEqual(['user', 'user', 'user-2', 'user-3']);
    expect(json.meta.markerSchema[1]).toMatchObject({
      name: 'user',
      tableLabel: 'n: {marker.data.n}',
      fields: [{ key: 'n', format: 'decimal' }],
    });
  });

  it.each([
    [(p: GuestProfiler) => p.addMarker(7 as never), 'ERR_INVALID_ARG_TYPE'],
    [(p: GuestProfiler) => p.addMarker('a', null as never), 'ERR_INVALID_ARG_TYPE'],
    [(p: GuestProfiler) => p.addMarker('a', { at: 1 } as never), 'ERR_INVALID_ARG_VALUE'],
    [(p: GuestProfiler) => p.addMarker('a', { startMs: 2, endMs: 1 }), 'ERR_OUT_OF_RANGE'],
    [(p: GuestProfiler) => p.addMarker('a', { startMs: Number.NaN }), 'ERR_OUT_OF_RANGE'],
    [(p: GuestProfiler) => p.addMarker('a', { data: { type: 1 } }), 'ERR_OUT_OF_RANGE'],
    [(p: GuestProfiler) => p.addMarker('a', { data: { '{x}': 1 } }), 'ERR_OUT_OF_RANGE'],
    [(p: GuestProfiler) => p.addMarker('a', { data: { x: [] as never } }), 'ERR_INVALID_ARG_TYPE'],
    [(p: GuestProfiler) => p.addMarker('a', { data: { x: Infinity } }), 'ERR_INVALID_ARG_TYPE'],
    [
      (p: GuestProfiler) => p.addMarker('a', { formats: { x: 'kg' as never } }),
      'ERR_INVALID_ARG_VALUE',
    ],
    [(p: GuestProfiler) => p.addCounter(7 as never), 'ERR_INVALID_ARG_TYPE'],
    [(p: GuestProfiler) => p.addCounter('a', { unit: 'kg' as never }), 'ERR_INVALID_ARG_VALUE'],
    [(p: GuestProfiler) => p.addCounter('a', { color: 'pink' as never }), 'ERR_INVALID_ARG_VALUE'],
    [(p: GuestProfiler) => p.addCounter('a').sample('1' as never), 'ERR_INVALID_ARG_TYPE'],
    [(p: GuestProfiler) => p.addCounter('a').sample(Number.NaN), 'ERR_OUT_OF_RANGE'],
  ])('refuse wrong arguments: %#', (call, code) => {
    expect(() => call(profiler())).toThrow(expect.objectContaining({ code }));
  });

  it('end with the profile', async () => {
    const recording = profiler();
    expect(recording.recording).toBe(true);
    await recording.finish();
    expect(recording.recording).toBe(false);
    for (const call of [() => recording.addMarker('a'), () => recording.addCounter('a')]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_PROFILER_FINISHED' }));
    }
  });
});

describe('watchMemory', () => {
  const GROWS = `(module (memory (export "memory") 1)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;

  it('writes down each growth, and leaves limits as they are', async () => {
    const engine = new Engine();
    const module = Module.compile(engine, GROWS);
    const store = new Store(engine);
    const recording = new GuestProfiler('guest', 1, [['guest', module]]);
    const asked: number[] = [];
    const inner = {
      memorySize: 10 * 65_536,
      memoryGrowing: (_: number, desired: number) => asked.push(desired) > 0 && desired < 400_000,
    };
    store.limiter(watchMemory(recording, inner));
    const instance = new Linker(engine).instantiate(store, module);
    const grow = instance.getFunc(store, 'grow');
    expect([grow.call(store, 2), grow.call(store, 5), grow.call(store, 100)]).toEqual([1, -1, -1]);
    const { json } = readProfile(await recording.finish());
    const { name, data } = json.threads[0].markers;
    expect(name.map((row: number) => json.shared.stringArray[row])).toEqual([
      ...['memory.grow', 'memory.grow refused', 'memory.grow refused'],
    ]);
    expect(data[0]).toMatchObject({ from: 65_536, to: 196_608 });
    const schema = json.meta.markerSchema.find(({ name }: { name: string }) => name === 'user');
    expect(schema.fields).toMatchObject([{ format: 'bytes' }, { format: 'bytes' }]);
    // Steps: the size before at each growth, and the last one at the end.
    expect(json.counters[0].samples.count).toEqual([65_536, 0, 131_072, 0]);
    const { time } = json.counters[0].samples;
    expect(time[1]).toBe(time[2]);
    expect(time[3]).toBeCloseTo(json.meta.profilingEndTime - json.meta.profilingStartTime, 5);
    expect(asked).toEqual([65_536, 196_608, 524_288]);
    // The profile is over, the limits are not.
    expect(grow.call(store, 1)).toBe(3);
    expect(grow.call(store, 7)).toBe(-1);
  });

  it('lets a refusal trap that is to trap', () => {
    const engine = new Engine();
    const module = Module.compile(engine, GROWS);
    const store = new Store(engine);
    const recording = new GuestProfiler('guest', 1, [['guest', module]]);
    const limits = { memorySize: 2 * 65_536, trapOnGrowFailure: true };
    store.limiter(watchMemory(recording, limits));
    const grow = new Linker(engine).instantiate(store, module).getFunc(store, 'grow');
    expect(grow.call(store, 1)).toBe(1);
    expect(() => grow.call(store, 1)).toThrow('forcing trap when growing memory');
  });

  it('checks the limiter', () => {
    const recording = new GuestProfiler('guest', 1, []);
    expect(() => watchMemory(recording, { memorySize: -1 })).toThrow('limiter.memorySize');
    expect(() => watchMemory(recording, { memory: 1 } as object)).toThrow("no option 'memory'");
  });
});
