import { describe, expect, it } from 'vitest';
import {
  Engine,
  GuestProfiler,
  Linker,
  Module,
  type RecorderOptions,
  Store,
} from '../../lib/index.js';
import { Int32Log } from '../../lib/profile/column.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { withHostTime } from '../../lib/profiler/host-time.js';

/** All computing is in `work`; `caller` waits in the host before each time. */
const WAT = `(module
  (import "env" "wait" (func $wait))
  (func $work (param $n i32)
    (loop $next (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $once (export "once") (call $wait) (call $work (i32.const 2000000)))
  (func $caller (export "caller") (param $n i32)
    (loop $next
      (call $wait)
      (call $work (i32.const 2000000))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`;

const cell = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number) => Atomics.wait(cell, 0, 0, ms);
const compute = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

/** Folded stacks and what they weigh, of runs with waits. */
async function weights(
  wait: (ms: number) => unknown,
  weight: 'samples' | 'cpu' | 'wall',
  options: RecorderOptions = {},
  calls = 1,
) {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, WAT);
  const store = new Store(engine);
  const linker = new Linker(engine);
  linker.funcWrap('env', 'wait', { params: [], results: [] }, () => {
    if (calls === 1) wait(5);
  });
  const instance = linker.instantiate(store, module);
  const profiler = new GuestProfiler('guest', 0.5, [['guest', module]]);
  profiler.attach(store, { sampler: 'epoch', ...options });
  if (calls === 1) instance.getFunc(store, 'caller').call(store, 60);
  else {
    for (let i = 0; i < calls; i++) {
      wait(5);
      instance.getFunc(store, 'once').call(store);
    }
  }
  const bytes = await profiler.finish(undefined, { format: 'folded', weight });
  const lines = Buffer.from(bytes).toString().trim().split('\n');
  const entries = lines.map((line) => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), Number(line.slice(at + 1))] as const;
  });
  return (leaf: string) =>
    entries.reduce((sum, [stack, n]) => sum + (stack.split(';').at(-1) === leaf ? n : 0), 0);
}

describe('waits of the guest, sampled at epochs,', () => {
  it.each([
    ['samples', 'sleep', sleep],
    ['cpu', 'sleep', sleep],
    ['wall', 'sleep', sleep],
    ['samples', 'compute', compute],
    ['cpu', 'compute', compute],
    ['wall', 'compute', compute],
  ] as const)('are not its own, by %s: %s', async (weight, _, wait) => {
    const of = await weights(wait, weight);
    expect(of('work')).toBeGreaterThan(0);
    expect(of('caller')).toBeLessThan(of('work') / 3);
  });

  it('are not of the call that comes next', async () => {
    const of = await weights(sleep, 'samples', {}, 60);
    expect(of('work')).toBeGreaterThan(0);
    expect(of('once')).toBeLessThan(of('work') / 3);
  });

  it('are the import’s where frames of the host are asked for', async () => {
    // Far longer than the work, also on a slow machine.
    const of = await weights(() => sleep(40), 'samples', { hostCalls: 'frames' });
    expect(of('env.wait')).toBeGreaterThan(of('work'));
    expect(of('work')).toBeGreaterThan(0);
    expect(of('caller')).toBeLessThan(of('work') / 3);
    const cpu = await weights(sleep, 'cpu', { hostCalls: 'frames' });
    expect(cpu('env.wait')).toBeLessThan(cpu('work'));
  });
});

describe('withHostTime, of samples that are the guest’s own,', () => {
  /** `a` the guest, `h` the host, `.` nobody; CPU milliseconds beside each. */
  function filled(
    samples: readonly (readonly [timeMs: number, name: string, cpuMs: number])[],
    calls: readonly (readonly [startMs: number, endMs: number])[],
  ): string {
    const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
    const { strings, funcs, frames, stacks } = profile;
    const name = (text: string) => {
      const func = funcs.intern({ name: strings.intern(text) });
      return stacks.intern(NO_STACK, frames.intern({ func }));
    };
    const thread = profile.addThread({ name: 'p' });
    const away = new Int32Log();
    for (const [timeMs, who, cpuMs] of samples) {
      const row = thread.samples.push(who === '.' ? NO_STACK : name(who), timeMs, cpuMs);
      if (who === '.') away.push(row);
    }
    const kind = { name: strings.intern('h') };
    const times = calls.map(([startMs, endMs]) => {
      const marker = thread.markers.pushIntervalStart(kind, startMs, name('a'));
      return { startMs, endMs, marker };
    });
    thread.end(samples.at(-1)?.[0] ?? 0);
    const result = withHostTime(profile, thread, times, away);
    return Array.from({ length: result.length }, (_, row) => {
      const stack = result.stack.get(row);
      const func = stack === NO_STACK ? -1 : frames.func.get(stacks.frame.get(stack));
      return `${func < 0 ? '.' : strings.get(funcs.name.get(func))}${result.cpuDelta.get(row)}`;
    }).join(' ');
  }

  it.each([
    [
      'no call',
      [
        [1, 'a', 1],
        [2, 'a', 1],
      ],
      [],
      'a1 a1',
    ],
    [
      'a call over four ticks',
      [
        [1, 'a', 1],
        [5.2, '.', 2],
        [6, 'a', 1],
      ],
      [[1.2, 5.1]],
      'a1 h0.5 h0.5 h0.5 h0.5 a1',
    ],
    [
      'a sample that looks a bit early',
      [
        [1.2, 'a', 1],
        [5, '.', 0],
        [6.1, 'a', 1],
      ],
      [[1.3, 6.05]],
      'a1 h0 h0 h0 h0 a1',
    ],
    [
      'time outside of calls',
      [
        [1, 'a', 1],
        [4, '.', 3],
        [5, 'a', 1],
      ],
      [],
      'a1 .3 a1',
    ],
  ] as [string, [number, string, number][], [number, number][], string][])(
    '%s',
    (_, samples, calls, expected) => {
      expect(filled(samples, calls)).toBe(expected);
    },
  );
});
