import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bench, do_not_optimize, run } from 'mitata';
import { Bench } from 'tinybench';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BenchProfiler, type BenchProfilerOptions, Engine, Store } from '../../lib/index.js';
import { spinner } from './spinner.js';

const WORK = 2_000_000;
const { module, store, spin } = spinner();
let parent: string;
let directory: string;
let log: string[];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'bench-'));
  directory = join(parent, 'profiles');
  log = [];
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function profiler(options: Partial<BenchProfilerOptions> = {}): BenchProfiler {
  return new BenchProfiler({
    ...{ modules: [['spinner', module]], enabled: true },
    ...{ directory, log: (line) => log.push(line) },
    ...options,
  });
}

const work = () => spin.call(store, WORK);

describe('BenchProfiler', () => {
  it('writes a profile for each task of tinybench, and a summary', async () => {
    const profiled = profiler({ extensions: ['.json', '.folded'] });
    const harness = new Bench({ time: 60, warmupTime: 10 });
    for (const name of ['first', 'second']) {
      harness.add(name, () => void work(), profiled.tinybench(name, store));
    }
    await harness.run();
    expect(readdirSync(directory).sort()).toEqual([
      ...['first.folded', 'first.json', 'second.folded', 'second.json'],
    ]);
    expect(log).toHaveLength(2);
    expect(log[0]).toMatch(/^first: \d+ samples, \d+% work.* → .*first\.json, .*first\.folded$/);
    expect(harness.tasks[0]?.result).toMatchObject({ state: 'completed' });
  });

  it('writes a profile for a task of mitata', async () => {
    const profiled = profiler();
    bench(
      'spin',
      profiled.mitata('spin', store, () => do_not_optimize(work())),
    );
    await run({ format: 'quiet' });
    expect(log).toHaveLength(1);
    const profile = JSON.parse(readFileSync(join(directory, 'spin.json'), 'utf8'));
    expect(profile.threads[0].samples.length).toBeGreaterThan(10);
  });

  it('hooks into vitest’s bench, but not into its warmup', () => {
    const { setup, teardown } = profiler().vitest('spin', store);
    setup?.({}, 'warmup');
    work();
    teardown?.({}, 'warmup');
    expect(log).toEqual([]);
    setup?.({}, 'run');
    for (let i = 0; i < 30; i++) work();
    teardown?.({}, 'run');
    expect(log).toHaveLength(1);
  });

  it('gives each task a file that a file system takes', () => {
    const profiled = profiler();
    for (const name of ['a/b: c?', 'a b c', '../..', 'Ünïcode', '']) {
      const task = profiled.task(name, store);
      task?.start();
      task?.stop();
      task?.stop();
    }
    expect(readdirSync(directory).sort()).toEqual(
      ['a-b-c.json', 'a-b-c-2.json', 'task.json', 'task-2.json', 'Ünïcode.json'].sort(),
    );
    expect(readdirSync(parent)).toEqual(['profiles']);
  });

  it('attaches nothing when off', () => {
    const profiled = profiler({ enabled: false });
    expect(profiled.vitest('spin', store)).toEqual({});
    expect(profiled.tinybench('spin', store)).toEqual({});
    expect(profiled.mitata('spin', store, work)).toBe(work);
    expect(profiled.task('spin', store)).toBeUndefined();
    expect(existsSync(directory)).toBe(false);
  });

  it('says of each task that its engine has no epochs', () => {
    const profiled = profiler();
    const other = new Store(new Engine());
    expect(profiled.vitest('one', other)).toEqual({});
    expect(profiled.tinybench('two', other)).toEqual({});
    expect(profiled.mitata('three', other, work)).toBe(work);
    expect(log).toEqual(
      ['one', 'two', 'three'].map(
        (name) => `${name}: NOT PROFILED: its engine needs epochInterruption: true`,
      ),
    );
  });

  it('is off unless the environment says', () => {
    const options = { modules: [['spinner', module]] } as const;
    const before = process.env['GUEST_PROFILE'];
    delete process.env['GUEST_PROFILE'];
    expect(new BenchProfiler(options).enabled).toBe(false);
    process.env['GUEST_PROFILE'] = '1';
    expect(new BenchProfiler(options).enabled).toBe(true);
    if (before === undefined) delete process.env['GUEST_PROFILE'];
    else process.env['GUEST_PROFILE'] = before;
  });

  it('drops a recording that is begun again', () => {
    const task = profiler().task('spin', store);
    task?.start();
    task?.start();
    task?.stop();
    expect(log).toHaveLength(1);
  });

  it.each([
    [() => profiler({ directory: 7 as never }), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler({ dir: 'x' } as never), 'ERR_INVALID_ARG_VALUE'],
    [() => profiler({ log: 'x' as never }), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler({ modules: [7] as never }), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler({ intervalMs: 0 }), 'ERR_OUT_OF_RANGE'],
    [() => profiler({ extensions: ['.svg'] }), 'ERR_OUT_OF_RANGE'],
    [() => profiler({ extensions: '.json' as never }), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler().task(7 as never, store), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler().task('x', {} as never), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler().mitata('x', store, 7 as never), 'ERR_INVALID_ARG_TYPE'],
  ])('refuses wrong arguments: %#', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
