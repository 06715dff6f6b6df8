import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimFile } from '../formats/claim-file.js';
import { oneLine } from '../formats/terminal-text.js';
import {
  checkArray,
  checkBoolean,
  checkDuration,
  checkFunction,
  checkKeys,
  checkObject,
  checkOneOf,
  checkString,
  DAY_MS,
} from '../runtime/check.js';
import { guardReceivers, INTERNAL, isObject } from '../runtime/internal.js';
import { Store, type Storelike } from '../runtime/store.js';
import { BASELINE_USES, type BaselineUse, TaskBaseline } from './bench-baseline.js';
import { BenchTask } from './bench-task.js';
import type { FinishedProfile } from './finished-profile.js';
import { checkExtension } from './format-options.js';
import { checkEveryFuel } from './fuel-sampler.js';
import { listedCode, type NamedModule } from './named-module.js';
import { type RecorderOptions, samplerOptions } from './recorder.js';
import type { SampleClock, Sampler } from './sampler.js';
import { samplerFor, signalObstacle } from './signal-sampler.js';

/** How a {@link BenchProfiler} profiles. */
export interface BenchProfilerOptions {
  /** Modules that may appear in stacks, with their names. */
  readonly modules: readonly NamedModule[];
  /** Where the files go, `profiles` by default; it is made when there is none. */
  readonly directory?: string;
  /** Milliseconds between two samples, 1 by default. */
  readonly intervalMs?: number;
  /** As in {@link RecorderOptions}: by signals, numbers are those of code without epoch checks. */
  readonly sampler?: Sampler;
  /** As in {@link RecorderOptions}. */
  readonly clock?: SampleClock;
  /**
   * As in {@link RecorderOptions}, in place of `intervalMs`, `sampler` and `clock`: what a baseline is compared with then
   * doesn't depend on what else the machine does.
   */
  readonly everyFuel?: number;
  /**
   * `'write'` keeps each task's profile as its baseline, `baseline/NAME.json` in the directory; `'compare'` tells which
   * functions have another share of the task than they had in it. By default what the environment says:
   * `GUEST_PROFILE=baseline` writes, `GUEST_PROFILE=compare` compares.
   */
  readonly baseline?: BaselineUse;
  /** The ends of the files' names, and so their formats; `['.json']` by default. */
  readonly extensions?: readonly string[];
  /**
   * Whether there are profiles at all. By default when the environment variable `GUEST_PROFILE` is set and
   * not empty. When not, nothing is attached, and tasks are as fast as without.
   */
  readonly enabled?: boolean;
  /** Told the summary of each task; `console.log` by default. */
  readonly log?: (summary: string) => void;
}

/** Hooks of vitest's `bench` and of tinybench, which call them for the warmup too. */
export interface BenchHooks {
  /** Begins the profile of a task. */
  readonly setup?: (task?: unknown, mode?: 'run' | 'warmup') => void;
  /** Ends it, once the task was run. */
  readonly teardown?: (task?: unknown, mode?: 'run' | 'warmup') => void;
}

/** Hooks of a task of tinybench. */
export interface TaskHooks {
  /** Begins the profile of a task. */
  readonly beforeAll?: (mode?: 'run' | 'warmup') => void;
  /** Ends it, once the task was run. */
  readonly afterAll?: (mode?: 'run' | 'warmup') => void;
}

const KEYS = [
  ...['modules', 'directory', 'intervalMs', 'sampler', 'clock', 'everyFuel'],
  ...['baseline', 'extensions', 'enabled', 'log'],
];

/** The environment variable that turns profiles on. */
const VARIABLE = 'GUEST_PROFILE';
/** What it says of baselines. */
const USES: Readonly<Record<string, BaselineUse>> = { baseline: 'write', compare: 'compare' };

/** Of a file, in UTF-16 units, of which file systems take some 80 at least. */
const LONGEST_NAME = 80;

/** Functions of a task that its summary names. */
const NAMED = 3;

/**
 * Profiles the tasks of a benchmark, a file for each:
 *
 * ```ts
 * const profiler = new BenchProfiler({ modules: [['app', module]] });
 * bench('sort', () => sort.call(store), profiler.vitest('sort', store));
 * ```
 *
 * With `GUEST_PROFILE=1 vitest bench` each task's summary is printed, and `profiles/sort.json` opens in
 * the Firefox Profiler. After `GUEST_PROFILE=baseline vitest bench`, `GUEST_PROFILE=compare vitest bench` also tells which
 * functions have become a larger or smaller part of their task: what a harness measures is how long a task takes.
 *
 * @example
 * ```js
 * import { BenchProfiler, Engine, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const module = Module.compile(engine, '(module)');
 * const profiler = new BenchProfiler({ modules: [['sort', module]] });
 * // Of tinybench: bench.add('sort', () => sort.call(store), hooks)
 * const hooks = profiler.tinybench('sort', new Store(engine));
 * ```
 */
export class BenchProfiler {
  readonly #options: Required<
    Omit<BenchProfilerOptions, 'sampler' | 'clock' | 'everyFuel' | 'baseline'>
  >;
  readonly #how: RecorderOptions;
  readonly #baseline: BaselineUse | undefined;

  /** @throws TypeError for wrong types and unknown options; RangeError for an interval or extension that is none. */
  constructor(options: BenchProfilerOptions) {
    checkKeys('options', checkObject('options', options), KEYS);
    const { modules, directory = 'profiles', intervalMs = 1, extensions = ['.json'] } = options;
    const { enabled = Boolean(process.env[VARIABLE]), log = console.log } = options;
    const { everyFuel, baseline = USES[process.env[VARIABLE] ?? ''] } = options;
    checkString('options.directory', directory);
    checkBoolean('options.enabled', enabled);
    checkFunction('options.log', log);
    listedCode(modules);
    checkDuration('options.intervalMs', intervalMs, Number.MIN_VALUE, DAY_MS);
    for (const [i, extension] of checkArray('options.extensions', extensions).entries()) {
      checkExtension(`options.extensions[${i}]`, extension);
    }
    if (baseline !== undefined) checkOneOf('options.baseline', baseline, BASELINE_USES);
    this.#baseline = baseline;
    const sampled = samplerOptions(options);
    this.#how = everyFuel === undefined ? sampled : { everyFuel: checkEveryFuel(everyFuel) };
    this.#options = { modules, directory, intervalMs, extensions, enabled, log };
  }

  /** Whether tasks are profiled. */
  get enabled(): boolean {
    return this.#options.enabled;
  }

  /** Options for vitest's `bench(name, fn, options)`, or for tinybench's `new Bench(options)`. */
  vitest(name: string, store: Storelike): BenchHooks {
    const task = this.task(name, store);
    if (task === undefined) return {};
    return {
      setup: (_, mode) => {
        if (mode !== 'warmup') task.start();
      },
      teardown: (_, mode) => {
        if (mode !== 'warmup') task.stop();
      },
    };
  }

  /** Options for tinybench's `bench.add(name, fn, options)`. */
  tinybench(name: string, store: Storelike): TaskHooks {
    const task = this.task(name, store);
    if (task === undefined) return {};
    return {
      beforeAll: (mode) => {
        if (mode !== 'warmup') task.start();
      },
      afterAll: (mode) => {
        if (mode !== 'warmup') task.stop();
      },
    };
  }

  /** What mitata's `bench(name, …)` takes in place of `fn`. */
  mitata<T>(name: string, store: Storelike, fn: () => T): (() => T) | (() => Generator<() => T>) {
    checkFunction('fn', fn);
    const task = this.task(name, store);
    if (task === undefined) return fn;
    return function* () {
      task.start();
      yield fn;
      task.stop();
    };
  }

  /**
   * For any other harness: what is between `start` and `stop` is profiled. Undefined when not enabled, and for a store that
   * can't be sampled, which `log` is told: a harness may swallow what a hook throws.
   */
  task(name: string, store: Storelike): BenchTask | undefined {
    checkString('name', name);
    const owner = Store.of('store', store);
    if (!this.enabled) return undefined;
    const { modules, directory, intervalMs, extensions, log } = this.#options;
    const obstacle = this.#obstacle(owner);
    if (obstacle !== undefined) {
      log(`${name}: NOT PROFILED: ${obstacle}`);
      return undefined;
    }
    const base = fileName(name);
    const baseline = this.#baseline && new TaskBaseline(directory, base, this.#baseline);
    let files: string[] | undefined;
    return new BenchTask(
      INTERNAL,
      name,
      owner,
      modules,
      intervalMs,
      this.#how,
      (profile, sampler) => {
        mkdirSync(directory, { recursive: true });
        files ??= claimFiles(directory, base, extensions);
        for (const file of files) profile.writeSync(file);
        log(`${name}: ${summaryOf(profile)} → ${files.join(', ')}`);
        if (sampler === 'epoch' && this.#how.sampler === undefined) {
          log(
            `${name}: SAMPLED AT EPOCHS, which favour some functions: ${signalObstacle(false, owner.engine)}`,
          );
        }
        if (baseline !== undefined) log(`${name}: ${baseline.take(profile)}`);
      },
    );
  }

  /** Why a store can't be sampled as it is to be. */
  #obstacle(store: Store): string | undefined {
    try {
      if (this.#how.everyFuel === undefined) samplerFor(store.engine, this.#how);
      else store.getFuel();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** @internal */
  static is(value: unknown): value is BenchProfiler {
    return isObject(value) && #options in value;
  }

  static {
    guardReceivers(BenchProfiler, (value) => #options in value);
  }
}

/** Names of tasks may have anything in them, and may be alike once that is gone. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, LONGEST_NAME);
  return safe.replace(/^[-.]+|[-.]+$/g, '') || 'task';
}

/**
 * The paths of a task's files, which are made, empty: other tasks of that name, of another benchmark or process at the
 * same time, get numbers.
 */
function claimFiles(directory: string, base: string, extensions: readonly string[]): string[] {
  for (let i = 1; ; i++) {
    const name = i === 1 ? base : `${base}-${i}`;
    const files = extensions.map((extension) => join(directory, `${name}${extension}`));
    if (claimAll(new Set(files))) return files;
  }
}

/** All or none, one after the other: who has the first has the others, so that no two wait for each other. */
function claimAll(files: Iterable<string>): boolean {
  const claimed: string[] = [];
  for (const file of files) {
    if (claimFile(file) === undefined) {
      for (const own of claimed) rmSync(own);
      return false;
    }
    claimed.push(file);
  }
  return true;
}

function summaryOf(profile: FinishedProfile): string {
  const hot = profile.hotFunctions();
  const whole = hot.reduce((sum, { selfSamples }) => sum + selfSamples, 0);
  if (whole === 0) {
    return profile.samples === 0
      ? 'NO SAMPLES: it ran for less than an interval'
      : `NO SAMPLES of the modules, of ${profile.samples.toLocaleString('en-US')} in all: are they listed?`;
  }
  const shares = hot
    .slice(0, NAMED)
    .map(
      ({ name, selfSamples }) => `${((100 * selfSamples) / whole).toFixed(0)}% ${oneLine(name)}`,
    );
  return [`${profile.samples.toLocaleString('en-US')} samples`, ...shares].join(', ');
}
