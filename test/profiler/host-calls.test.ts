import { describe, expect, it } from 'vitest';
import {
  Engine,
  FinishedProfile,
  Func,
  GuestProfiler,
  Linker,
  Module,
  type RecorderOptions,
  Store,
  watchMemory,
} from '../../lib/index.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { GuestCalls } from '../../lib/profiler/guest-calls.js';
import { hostCallTimes } from '../../lib/profiler/host-calls.js';
import { withHostTime } from '../../lib/profiler/host-time.js';
import { addHostTimeCounter } from '../../lib/profiler/host-time-counter.js';
import { Lanes } from '../../lib/profiler/lanes.js';
import { readProfile } from './support.js';

const GUEST = `(module
  (import "host" "fast" (func $fast))
  (import "host" "slow" (func $slow (param i32)))
  (import "host" "back" (func $back))
  (table funcref (elem $fast))
  (func $spin (param i32) (loop $again
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
    (br_if $again (local.get 0))))
  (func (export "inner") (call $spin (i32.const 30000000)))
  (func $calls (call $fast) (call $slow (i32.const 60)) (call $spin (i32.const 1000)))
  (func $run (export "run") (call $calls) (call_indirect (i32.const 0)))
  (func (export "nested") (call $back)))`;

async function recorded(entry: string, hostCalls: RecorderOptions['hostCalls']) {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, GUEST);
  const store = new Store(engine);
  const linker = new Linker(engine);
  linker.funcWrap('host', 'fast', { params: [], results: [] }, () => {});
  linker.funcWrap('host', 'slow', { params: ['i32'], results: [] }, (_, ms) => {
    const end = performance.now() + Number(ms);
    while (performance.now() < end);
  });
  linker.funcWrap('host', 'back', { params: [], results: [] }, (caller) => {
    const inner = caller.getExport('inner');
    if (inner instanceof Func) inner.call(store);
  });
  const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
  profiler.attach(store, { sampler: 'epoch', hostCalls: hostCalls ?? false });
  const instance = linker.instantiate(store, module);
  instance.getFunc(store, entry).call(store);
  return readProfile(await profiler.finish());
}

describe('the markers of host calls', () => {
  it('have the names of imports, but for an indirect call', async () => {
    const { json, stacks, causes } = await recorded('run', 'markers');
    const { name, phase } = json.threads[0].markers;
    const names = name.map((row: number) => json.shared.stringArray[row]);
    expect(names).toEqual([...['fast', 'fast', 'slow', 'slow', 'hostcall', 'hostcall']]);
    expect(phase).toEqual([2, 3, 2, 3, 2, 3]);
    const { category, data } = json.threads[0].markers;
    expect(data[0]).toMatchObject({ type: 'hostcall', module: 'host', import: 'fast' });
    expect(data[4]).not.toHaveProperty('module');
    const categories = category.map((row: number) => json.meta.categories[row].name);
    expect(categories).toEqual(Array(6).fill('Host call'));
    expect(causes.slice(0, 2)).toEqual([
      ['run', 'calls'],
      ['run', 'calls'],
    ]);
    expect(stacks.flat()).not.toContain('host.slow');
  });

  it('have the names of instructions that Wasmtime does the work of', async () => {
    const engine = new Engine({ epochInterruption: true });
    const module = Module.compile(
      engine,
      `(module (memory 1) (table 1 funcref) (func $f)
        (elem declare func $f)
        (func (export "run")
          (drop (memory.grow (i32.const 1)))
          (drop (table.grow (ref.func $f) (i32.const 1)))))`,
    );
    const store = new Store(engine);
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    store.limiter(watchMemory(profiler));
    profiler.attach(store, { sampler: 'epoch', hostCalls: 'markers' });
    new Linker(engine).instantiate(store, module).getFunc(store, 'run').call(store);
    const { json } = readProfile(await profiler.finish());
    const names = json.threads[0].markers.name.map((row: number) => json.shared.stringArray[row]);
    // What watchMemory tells of the same growth is in the call's own marker.
    expect(names).toEqual(['memory.grow', 'memory.grow', 'table.grow', 'table.grow']);
    expect(json.threads[0].markers.data[0]).toMatchObject({ from: 65_536, to: 131_072 });
  });

  it('have no names in a compiled module without its binary', async () => {
    const engine = new Engine({ epochInterruption: true });
    const guest = '(module (import "host" "f" (func $f)) (func (export "run") (call $f)))';
    const module = Module.deserialize(engine, Module.compile(engine, guest).serialize());
    const store = new Store(engine);
    const linker = new Linker(engine);
    linker.funcWrap('host', 'f', { params: [], results: [] }, () => {});
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    profiler.attach(store, { sampler: 'epoch', hostCalls: 'markers' });
    linker.instantiate(store, module).getFunc(store, 'run').call(store);
    const { json } = readProfile(await profiler.finish());
    const { name } = json.threads[0].markers;
    const names = name.map((row: number) => json.shared.stringArray[row]);
    expect(names).toEqual(['hostcall', 'hostcall']);
  });

  it('are upstream’s when asked for with true', async () => {
    const { json } = await recorded('run', true);
    const names = json.threads[0].markers.name.map((row: number) => json.shared.stringArray[row]);
    expect(new Set(names)).toEqual(new Set(['hostcall']));
  });
});

describe('host time', () => {
  it('is samples of the import, under the stack that called it', async () => {
    const { stacks, json } = await recorded('run', 'frames');
    const host = stacks.filter((stack) => stack.at(-1) === 'host.slow');
    // 60 ms, one a millisecond: ticks that a busy machine missed are filled in.
    expect(host.length).toBeGreaterThan(50);
    expect(host.length).toBeLessThanOrEqual(stacks.length);
    expect(new Set(host.map((stack) => stack.join()))).toEqual(new Set(['run,calls,host.slow']));
    const categories = json.meta.categories.map(({ name }: { name: string }) => name);
    expect(categories).toContain('Host');
    const func = json.shared.funcTable.name.findIndex(
      (row: number) => json.shared.stringArray[row] === 'host.slow',
    );
    const frame = json.shared.frameTable.func.indexOf(func);
    expect(json.shared.frameTable.lib[frame]).toBe(-1);
    expect(json.shared.frameTable.address[frame]).toBe(-1);
    expect(categories[json.shared.frameTable.category[frame]]).toBe('Host');
  });

  it('leaves what the guest does when it is called back to the guest', async () => {
    const { stacks } = await recorded('nested', 'frames');
    // Ticks that the machine missed count as the host's, and one may fall on a function's entry.
    const under = (leaf: string) => stacks.filter((stack) => stack.at(-1) === leaf).map(String);
    expect(new Set(under('spin'))).toEqual(new Set(['nested,inner,spin']));
    for (const host of under('host.back')) expect(host).toBe('nested,host.back');
  });
});

describe('withHostTime', () => {
  /** Stacks by letters: `a`, `b` the guest's, `h` under `a` the host's; `.` none. */
  function filled(
    samples: [number, string][],
    calls: [number, number][],
    endMs = 10,
    callBacks: [number, number][] = [],
  ): string {
    const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
    const { strings, funcs, frames, stacks } = profile;
    const guest = (name: string) =>
      name === '.'
        ? NO_STACK
        : stacks.intern(
            NO_STACK,
            frames.intern({ func: funcs.intern({ name: strings.intern(name) }) }),
          );
    const thread = profile.addThread({ name: 'p' });
    for (const [time, name] of samples) thread.samples.push(guest(name), time, 1);
    for (const [start, end] of calls) {
      const kind = { name: strings.intern('h') };
      thread.markers.pushIntervalStart(kind, start, guest('a'));
      thread.markers.pushIntervalEnd(kind, end);
    }
    thread.end(endMs);
    const guestCalls = new GuestCalls();
    for (const [start, end] of callBacks) {
      const row = 2 * calls.findIndex(([from, to]) => from < start && end < to) + 1;
      guestCalls.push(1, row, start, true);
      guestCalls.push(1, row, end, false);
    }
    const kind = { name: strings.intern('h') };
    const lanes = new Lanes(thread.markers, kind, () => kind);
    const times = hostCallTimes(profile, thread, lanes, guestCalls);
    const result = withHostTime(profile, thread, times);
    const total = [...result.cpuDelta.segments()].flatMap((part) => [...part]);
    expect(total.reduce((sum, cpu) => sum + cpu, 0)).toBeCloseTo(samples.length, 9);
    return Array.from({ length: result.length }, (_, row) => {
      const stack = result.stack.get(row);
      if (stack === NO_STACK) return '.';
      return strings.get(funcs.name.get(frames.func.get(stacks.frame.get(stack))));
    }).join('');
  }

  it.each([
    [
      'no call',
      [
        [1, 'a'],
        [2, 'a'],
      ],
      [],
      'aa',
    ],
    [
      'a call between ticks',
      [
        [1, 'a'],
        [2, 'a'],
      ],
      [[1.2, 1.8]],
      'aa',
    ],
    [
      'a call over one tick',
      [
        [1, 'a'],
        [2.6, 'b'],
        [3, 'b'],
      ],
      [[1.5, 2.5]],
      'ahb',
    ],
    [
      'a call over four',
      [
        [1, 'a'],
        [5.6, 'b'],
        [6, 'b'],
      ],
      [[1.5, 5.5]],
      'ahhhhb',
    ],
    [
      'two calls',
      [
        [1, 'a'],
        [3.6, 'b'],
      ],
      [
        [1.5, 2.2],
        [2.8, 3.5],
      ],
      'ahh',
    ],
    [
      'a call that calls the guest back',
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'b'],
        [4.6, 'a'],
      ],
      [[1.5, 4.5]],
      'abbh',
    ],
    ['a call before the first sample', [[3.6, 'b']], [[0.5, 3.5]], 'hhh'],
    [
      'a sample without a frame',
      [
        [1, '.'],
        [2, '.'],
      ],
      [],
      '..',
    ],
    ['no sample at all', [], [[0.5, 3.5]], 'hhh'],
  ] as [string, [number, string][], [number, number][], string][])(
    '%s',
    (_, samples, calls, expected) => {
      expect(filled(samples, calls, samples.at(-1)?.[0] ?? 4)).toBe(expected);
    },
  );

  it('leaves ticks that were missed in what the host called back to the guest', () => {
    // Between 2.2 and 4.2, in the guest, no tick came through.
    const samples: [number, string][] = [
      [1, 'a'],
      [2.3, 'b'],
      [5.8, 'a'],
    ];
    expect(filled(samples, [[1.5, 5.7]])).toBe('abhhh');
    expect(filled(samples, [[1.5, 5.7]], 10, [[2.2, 4.8]])).toBe('ahh');
  });

  it('goes on to the end of what never came back', () => {
    expect(filled([[1, 'a']], [[1.5, 4.5]], 4.6)).toBe('ahhh');
  });
});

describe('hostCallTimes', () => {
  /** Marks: `(` and `)` a host call, `[` and `]` a guest call, one a millisecond. */
  function times(marks: string): [number, number][] {
    const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
    const kind = { name: profile.strings.intern('h') };
    const thread = profile.addThread({ name: 'p' });
    const guestCalls = new GuestCalls();
    for (const [timeMs, mark] of [...marks].entries()) {
      if (mark === '(') thread.markers.pushIntervalStart(kind, timeMs, NO_STACK);
      else if (mark === ')') thread.markers.pushIntervalEnd(kind, timeMs);
      else if (mark !== '-') guestCalls.push(1, thread.markers.length, timeMs, mark === '[');
    }
    thread.end(marks.length);
    const lanes = new Lanes(thread.markers, kind, () => kind);
    return hostCallTimes(profile, thread, lanes, guestCalls).map(({ startMs, endMs }) => [
      startMs,
      endMs,
    ]);
  }

  it.each([
    ['', []],
    [
      '-(--)-()',
      [
        [1, 4],
        [6, 7],
      ],
    ],
    [
      '(-[--]-)',
      [
        [0, 2],
        [5, 7],
      ],
    ],
    [
      '(-[-(-)]-)',
      [
        [0, 2],
        [4, 6],
        [7, 9],
      ],
    ],
    [
      '([][])',
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ],
    [
      '([([])])',
      [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
      ],
    ],
    // The recorder came late, or left early.
    ['-)--(-)', [[4, 6]]],
    ['-]-)-()', [[5, 6]]],
    ['(--[-', [[0, 3]]],
    [
      '(--[-(-',
      [
        [0, 3],
        [5, 7],
      ],
    ],
  ] as [string, [number, number][]][])('%s', (marks, expected) => {
    expect(times(marks)).toEqual(expected);
  });
});

describe('the counter of host-call time', () => {
  function readings(calls: [number, number][]): [number, number][] {
    const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
    addHostTimeCounter(
      profile,
      calls.map(([startMs, endMs]) => ({ startMs, endMs, marker: 0 })),
    );
    const [counter] = profile.counters;
    return Array.from({ length: counter?.length ?? 0 }, (_, row) => [
      counter?.time.get(row) ?? 0,
      counter?.value.get(row) ?? 0,
    ]);
  }

  it.each([
    ['no call', [], []],
    [
      'within a step',
      [[2.25, 2.75]],
      [
        [2, 0],
        [3, 0.5],
        [3.001, 0.5],
      ],
    ],
    [
      'two in a step',
      [
        [2.25, 2.5],
        [2.5, 2.75],
      ],
      [
        [2, 0],
        [3, 0.5],
        [3.001, 0.5],
      ],
    ],
    [
      'over an edge',
      [[2.5, 3.25]],
      [
        [2, 0],
        [3, 0.5],
        [4, 0.75],
        [4.001, 0.75],
      ],
    ],
    [
      'over many steps',
      [[2.5, 9.25]],
      [
        [2, 0],
        [3, 0.5],
        [9, 6.5],
        [10, 6.75],
        [10.001, 6.75],
      ],
    ],
    [
      'with a pause',
      [
        [0.5, 1],
        [7, 7.5],
      ],
      [
        [0, 0],
        [1, 0.5],
        [2, 0.5],
        [2.001, 0.5],
        [7, 0.5],
        [8, 1],
        [8.001, 1],
      ],
    ],
  ] as [string, [number, number][], [number, number][]][])('%s', (_, calls, expected) => {
    expect(readings(calls)).toEqual(expected);
  });

  it('has a bounded number of readings, and all of the time', () => {
    const calls = Array.from({ length: 100_000 }, (_, i): [number, number] => [
      i / 1000 + 0.0001,
      i / 1000 + 0.0006,
    ]);
    const found = readings(calls);
    expect(found.length).toBeLessThanOrEqual(103);
    expect(found.at(-1)?.[1]).toBeCloseTo(50, 6);
  });

  it('is in a recorded profile, as a rate', async () => {
    const { json } = await recorded('run', 'markers');
    const counter = json.counters.find(({ name }: { name: string }) => name === 'host-call time');
    expect(counter.display).toMatchObject({
      graphType: 'line-rate',
      unit: 'ms',
      tooltipRows: [{ source: 'rate', format: { unit: 'percent' } }],
    });
    const total = counter.samples.count.reduce((sum: number, ms: number) => sum + ms, 0);
    const { startTime, endTime, phase } = json.threads[0].markers;
    let marked = 0;
    for (const [row, kind] of phase.entries()) {
      marked += kind === 3 ? endTime[row] : kind === 2 ? -startTime[row] : 0;
    }
    expect(total).toBeCloseTo(marked, 3);
  });
});

describe('several profiles', () => {
  it('are one, with a thread each', async () => {
    const engine = new Engine();
    const module = Module.compile(engine, '(module (func (export "f")))');
    let wall = 1000;
    const begin = (name: string) =>
      new GuestProfiler(name, 1, [[name, module]], {
        clock: { wall: () => (wall += 500), monotonic: () => 0 },
      });
    const [one, two] = [begin('one'), begin('two')];
    two.addMarker('mine', { startMs: 1, endMs: 2, data: { n: 1 } });
    one.addMarker('other', { startMs: 1, data: { text: 'x' } });
    two.addCounter('fuel').sample(7);
    const profiles = [two, one].map((profiler) => profiler.finishProfile());
    const merged = FinishedProfile.merge(profiles);
    const { json } = readProfile(await merged.write());
    expect(json.meta).toMatchObject({ product: 'one', startTime: 1500 });
    expect(json.threads.map(({ name }: { name: string }) => name)).toEqual(['two', 'one']);
    expect(json.threads[0].markers).toMatchObject({
      startTime: [501],
      endTime: [502],
      data: [{ type: 'user', n: 1 }],
    });
    expect(json.threads[1].markers.data).toEqual([{ type: 'user-1', text: 'x' }]);
    expect(json.counters).toMatchObject([{ name: 'fuel', samples: { count: [7] } }]);
    const again = await FinishedProfile.read(await merged.write(undefined, { format: 'jslb' }));
    expect(await again.write()).toEqual(await merged.write());
  });

  it('are at least one, and profiles', () => {
    expect(() => FinishedProfile.merge([])).toThrow(RangeError);
    expect(() => FinishedProfile.merge([7 as never])).toThrow(TypeError);
    expect(() => FinishedProfile.merge(7 as never)).toThrow(TypeError);
  });
});
