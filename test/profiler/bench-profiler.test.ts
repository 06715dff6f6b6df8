import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bench, do_not_optimize, run } from 'mitata';
import { Bench } from 'tinybench';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BenchProfiler,
  type BenchProfilerOptions,
  Engine,
  Linker,
  Module,
  Store,
} from '../../lib/index.js';
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

  it('numbers files whose names other benchmarks have, at the same time or before', async () => {
    // Each process is a file of benchmarks.
    const lib = new URL('../../dist/index.js', import.meta.url).href;
    const source = `
      import { BenchProfiler, Engine, Linker, Module, Store } from ${JSON.stringify(lib)};
      const engine = new Engine({ epochInterruption: true });
      const module = Module.compile(engine, '(module (func (export "f")))');
      const store = new Store(engine);
      store.setEpochDeadline(1e9);
      const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
      const options = { enabled: true, directory: ${JSON.stringify(directory)}, log() {} };
      const profiler = new BenchProfiler({ modules: [['m', module]], ...options,
        extensions: ['.json', '.folded'] });
      for (let i = 0; i < 5; i++) {
        const task = profiler.task('sort', store);
        task.start();
        f.call(store);
        task.stop();
      }`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', source]);
    await Promise.all([run(), run()]);
    await run();
    const bases = ['sort', ...Array.from({ length: 14 }, (_, i) => `sort-${i + 2}`)];
    expect(readdirSync(directory).sort()).toEqual(
      bases.flatMap((base) => [`${base}.json`, `${base}.folded`]).sort(),
    );
    for (const base of bases) {
      const text = readFileSync(join(directory, `${base}.json`), 'utf8');
      expect(JSON.parse(text).meta.product).toBe('sort');
    }
  });

  it('attaches nothing when off', () => {
    const profiled = profiler({ enabled: false });
    expect(profiled.vitest('spin', store)).toEqual({});
    expect(profiled.tinybench('spin', store)).toEqual({});
    expect(profiled.mitata('spin', store, work)).toBe(work);
    expect(profiled.task('spin', store)).toBeUndefined();
    expect(existsSync(directory)).toBe(false);
  });

  it('says of each task that it can’t be sampled', () => {
    const profiled = profiler({ sampler: 'epoch' });
    const other = new Store(new Engine());
    expect(profiled.vitest('one', other)).toEqual({});
    expect(profiled.tinybench('two', other)).toEqual({});
    expect(profiled.mitata('three', other, work)).toBe(work);
    expect(profiler({ everyFuel: 1000 }).task('four', other)).toBeUndefined();
    expect(log).toEqual([
      ...['one', 'two', 'three'].map(
        (name) => `${name}: NOT PROFILED: the engine needs epochInterruption: true`,
      ),
      expect.stringMatching(/^four: NOT PROFILED: .*fuel/),
    ]);
  });

  it('says of each task that it has no samples', () => {
    const task = profiler().task('empty', store);
    task?.start();
    task?.stop();
    expect(log).toEqual([expect.stringMatching(/^empty: NO SAMPLES: /)]);
  });

  describe('with a baseline', () => {
    const fueled = new Engine({ consumeFuel: true });
    const text = `(module
      (func $first (param $i i32) (loop $l
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
      (func $second (param $i i32) (loop $l
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
      (func (export "f") (param i32 i32)
        (call $first (local.get 0)) (call $second (local.get 1))))`;
    const both = Module.compile(fueled, text);
    const limited = new Store(fueled);
    limited.setFuel(2n ** 60n);
    const f = new Linker(fueled).instantiate(limited, both).getFunc(limited, 'f');
    const run = (options: Partial<BenchProfilerOptions>, times: number, second: number) => {
      const modules = [['both', both]] as const;
      const task = profiler({ modules, everyFuel: 10_000, ...options }).task('sort', limited);
      task?.start();
      for (let i = 0; i < times; i++) f.call(limited, 100_000, second);
      task?.stop();
      return log.splice(0).slice(1);
    };
    const kept = () => join(directory, 'baseline', 'sort.json');

    it('tells which functions are another part of the task, however often that ran', () => {
      expect(run({ baseline: 'write' }, 50, 100_000)).toEqual([`sort: baseline → ${kept()}`]);
      expect(run({ baseline: 'compare' }, 35, 100_000)).toEqual([
        'sort: beside the baseline: nothing changed beyond the noise of sampling',
      ]);
      expect(run({ baseline: 'compare' }, 35, 150_000)).toEqual([
        expect.stringMatching(
          /^sort: beside the baseline: (second 50\.\d% → 60\.\d%|first (49|50)\.\d% → 40\.\d%), (first|second) [^,()]*%$/,
        ),
      ]);
    });

    it('doesn’t replace one, and needs one of the same kind', () => {
      expect(run({ baseline: 'compare' }, 5, 9)).toEqual([
        `sort: NOT COMPARED: there is no baseline ${kept()}; GUEST_PROFILE=baseline writes it`,
      ]);
      run({ baseline: 'write' }, 5, 9);
      const before = readFileSync(kept());
      expect(run({ baseline: 'write' }, 5, 100_000)).toEqual([
        `sort: NOT KEPT as the baseline: ${kept()} is there already, remove it first`,
      ]);
      expect(readFileSync(kept())).toEqual(before);
      expect(run({ baseline: 'compare', everyFuel: 20_000 }, 5, 9)).toEqual([
        'sort: NOT COMPARED: the baseline was sampled by fuel, each 10,000, this by fuel, each 20,000',
      ]);
    });

    it('says that no module that ran is listed', () => {
      const stranger = Module.compile(fueled, '(module (func (export "g")))');
      const modules = [['stranger', stranger]] as const;
      const task = profiler({ modules, everyFuel: 10_000 }).task('strange', limited);
      task?.start();
      f.call(limited, 100_000, 100_000);
      task?.stop();
      expect(log).toEqual([
        expect.stringMatching(
          /^strange: NO SAMPLES of the modules, of \d+ in all: are they listed\?/,
        ),
      ]);
    });

    it('says that times are noisy', () => {
      const lines: string[][] = [];
      for (const baseline of ['write', 'compare'] as const) {
        const task = profiler({ baseline }).task('spin', store);
        task?.start();
        for (let i = 0; i < 10; i++) work();
        task?.stop();
        lines.push(log.splice(0));
      }
      expect(lines[1]?.at(-1)).toMatch(/^spin: beside the baseline: .* \(by time: .*\)$/);
    });

    it('does as the environment says', () => {
      const before = process.env['GUEST_PROFILE'];
      try {
        process.env['GUEST_PROFILE'] = 'baseline';
        expect(run({}, 5, 9)).toEqual([`sort: baseline → ${kept()}`]);
        process.env['GUEST_PROFILE'] = 'compare';
        expect(run({}, 5, 9)[0]).toContain('nothing changed');
        process.env['GUEST_PROFILE'] = '1';
        expect(run({}, 5, 9)).toEqual([]);
      } finally {
        if (before === undefined) delete process.env['GUEST_PROFILE'];
        else process.env['GUEST_PROFILE'] = before;
      }
    });
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
    [() => profiler({ everyFuel: 9 }), 'ERR_OUT_OF_RANGE'],
    [() => profiler({ baseline: 'keep' as never }), 'ERR_INVALID_ARG_VALUE'],
    [() => profiler({ extensions: ['.svg'] }), 'ERR_OUT_OF_RANGE'],
    [() => profiler({ extensions: '.json' as never }), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler().task(7 as never, store), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler().task('x', {} as never), 'ERR_INVALID_ARG_TYPE'],
    [() => profiler().mitata('x', store, 7 as never), 'ERR_INVALID_ARG_TYPE'],
  ])('refuses wrong arguments: %#', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
