import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import {
  type AsyncHostFunction,
  Component,
  ComponentLinker,
  type Config,
  Engine,
  type Extern,
  Func,
  type HostFunction,
  type Instance,
  Linker,
  Module,
  Store,
  Trap,
  UpdateDeadline,
  type ValType,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';
import { type Compared, OraclePair, type Tally } from './oracle-pair.js';

/** The path of a guest under test/guests. */
export function guestPath(name: string): string {
  return fileURLToPath(new URL(`../guests/${name}`, import.meta.url));
}

/** A host function for a text guest: its type and what it does. */
type Host = readonly [
  params: ValType[],
  results: ValType[],
  fn: HostFunction<ValType[], ValType[]>,
];

/** One that may return a promise. */
type AsyncHost = readonly [
  params: ValType[],
  results: ValType[],
  fn: AsyncHostFunction<ValType[], ValType[]>,
];

/** How a {@link BumpGuest} is sampled. */
export interface BumpOptions extends Config {
  /** False where the test samples at other places than epoch deadlines; or no host calls, but samples. */
  readonly recorder?: boolean | 'samples';
  /** The guest, in an asynchronous call, is suspended after each sample. */
  readonly yields?: boolean;
}

/** A guest in text format, sampled wherever it asks for it with `env.bump_epoch`. */
export class BumpGuest {
  readonly engine: Engine;
  readonly linker: Linker;
  readonly store: Store;
  readonly modules: [string, Module][] = [];
  readonly #stores: Store[] = [];
  readonly #recorder: boolean | 'samples';
  readonly #yields: boolean;
  #pair: OraclePair | undefined;

  constructor({ recorder = true, yields = false, ...config }: BumpOptions = {}) {
    this.#recorder = recorder;
    this.#yields = yields;
    this.engine = new Engine({ epochInterruption: true, ...config });
    this.linker = new Linker(this.engine);
    this.host('bump_epoch', [[], [], () => this.engine.incrementEpoch()]);
    this.store = this.newStore();
  }

  /** A store that samples at each deadline, and tells the profilers of its host calls. */
  newStore(): Store {
    const store = new Store(this.engine);
    store.setEpochDeadline(1);
    store.epochDeadlineCallback((store) => {
      this.pair.sample(store);
      return this.#yields ? UpdateDeadline.yield(1) : UpdateDeadline.continue(1);
    });
    store.callHook((store, kind) => this.pair.callHook(store, kind));
    this.#stores.push(store);
    if (this.#pair) this.#attach(this.#pair, store);
    return store;
  }

  /** The profilers, begun at first use: when all modules are loaded. */
  get pair(): OraclePair {
    return this.#pair ?? this.#begin();
  }

  #begin(): OraclePair {
    const pair = new OraclePair(this.engine, this.modules);
    for (const store of this.#stores) this.#attach(pair, store);
    this.#pair = pair;
    return pair;
  }

  #attach(pair: OraclePair, store: Store): void {
    if (this.#recorder) pair.attach(store, this.#recorder === true);
  }

  host(name: string, [params, results, fn]: Host): this {
    this.linker.funcWrap('env', name, { params, results }, fn);
    return this;
  }

  hostAsync(name: string, [params, results, fn]: AsyncHost): this {
    this.linker.funcWrapAsync('env', name, { params, results }, fn);
    return this;
  }

  define(name: string, item: Extern): this {
    this.linker.define(this.store, 'env', name, item);
    return this;
  }

  load(name: string, wat?: string): Module {
    const module =
      wat === undefined
        ? Module.fromFile(this.engine, guestPath(name))
        : Module.compile(this.engine, wat);
    this.modules.push([name, module]);
    return module;
  }

  instantiate(module: Module, store = this.store): Instance {
    // Begins the profiles, before any code runs.
    void this.pair;
    return this.linker.instantiate(store, module);
  }

  async instantiateAsync(module: Module, store = this.store): Promise<Instance> {
    void this.pair;
    return await this.linker.instantiateAsync(store, module);
  }

  /** Loads and instantiates a guest of one module. */
  start(name: string, wat?: string): Instance {
    return this.instantiate(this.load(name, wat));
  }

  async startAsync(name: string, wat?: string): Promise<Instance> {
    return await this.instantiateAsync(this.load(name, wat));
  }

  func(params: ValType[], results: ValType[], fn: HostFunction<ValType[], ValType[]>): Func {
    return Func.wrap(this.store, { params, results }, fn);
  }
}

/** What a program that ran left. */
export interface WasiRun {
  readonly pair: OraclePair;
  readonly stdout: string;
  readonly error: unknown;
}

/** Modes of the programs that end in each way, and what comes out of them. */
export const ENDINGS = [
  ['exit-deep', WasiExit],
  ['trap', Trap],
  ['out-of-bounds', Trap],
  ['stack-overflow', Trap],
] as const;

/** That a program came to its end, with samples and marks of host calls that equal upstream's. */
export async function expectProgram(
  { pair, stdout, error }: WasiRun,
  count: Tally['count'],
): Promise<Compared> {
  if (error !== undefined && !(error instanceof WasiExit && error.exitCode === 0)) throw error;
  expect(stdout).toMatch(/checksum=[0-9a-f]{8}\n$/);
  const compared = count(await pair.compare());
  expect(compared.samples).toBeGreaterThan(100);
  expect(compared.markers).toBeGreaterThan(2 * compared.samples);
  return compared;
}

/** Runs a WASI program, sampled by the clock every `intervalMs`. */
export function runWasi(name: string, args: readonly string[], intervalMs: number): WasiRun {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.fromFile(engine, guestPath(name));
  const pair = new OraclePair(engine, [[name, module]]);
  const { store, end, fail } = startSampled(engine, pair, [name, ...args], intervalMs);
  try {
    const instance = new Linker(engine).addWasi().instantiate(store, module);
    instance.getFunc(store, '_start').call(store);
  } catch (thrown) {
    fail(thrown);
  }
  return end();
}

/** As {@link runWasi}, on a fiber that is suspended after each sample. */
export async function runWasiAsync(
  name: string,
  args: readonly string[],
  intervalMs: number,
): Promise<WasiRun> {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.fromFile(engine, guestPath(name));
  const pair = new OraclePair(engine, [[name, module]]);
  const { store, end, fail } = startSampled(engine, pair, [name, ...args], intervalMs, true);
  try {
    const instance = await new Linker(engine).addWasiAsync().instantiateAsync(store, module);
    await instance.getFunc(store, '_start').callAsync(store);
  } catch (thrown) {
    fail(thrown);
  }
  return end();
}

/** The same of a command of preview 2, a component. */
export function runWasiComponent(
  name: string,
  args: readonly string[],
  intervalMs: number,
): WasiRun {
  const engine = new Engine({ epochInterruption: true });
  const component = Component.fromFile(engine, guestPath(name));
  const pair = new OraclePair(engine, [], component);
  const { store, end, fail } = startSampled(engine, pair, [name, ...args], intervalMs);
  try {
    const instance = new ComponentLinker(engine).addWasi().instantiate(store, component);
    instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).call(store);
  } catch (thrown) {
    fail(thrown);
  }
  return end();
}

/** The same in an asynchronous call, which is suspended at each sample. */
export async function runWasiComponentAsync(
  name: string,
  args: readonly string[],
  intervalMs: number,
): Promise<WasiRun> {
  const engine = new Engine({ epochInterruption: true });
  const component = Component.fromFile(engine, guestPath(name));
  const pair = new OraclePair(engine, [], component);
  const { store, end, fail } = startSampled(engine, pair, [name, ...args], intervalMs, true);
  try {
    const linker = new ComponentLinker(engine).addWasiAsync();
    const instance = await linker.instantiateAsync(store, component);
    await instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).callAsync(store);
  } catch (thrown) {
    fail(thrown);
  }
  return end();
}

function startSampled(
  engine: Engine,
  pair: OraclePair,
  args: readonly string[],
  intervalMs: number,
  yields = false,
) {
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args, stdout: 'capture', stderr: 'capture' }));
  pair.attach(store);
  store.setEpochDeadline(1);
  store.epochDeadlineCallback((store) => {
    pair.sample(store, 0.25);
    return yields ? UpdateDeadline.yield(1) : UpdateDeadline.continue(1);
  });
  store.callHook((store, kind) => pair.callHook(store, kind));
  const ticker = engine.startEpochTicker(intervalMs);
  let error: unknown;
  return {
    store,
    fail: (thrown: unknown) => {
      error = thrown;
    },
    end: (): WasiRun => {
      ticker.dispose();
      const stdout = Buffer.from(store.wasiOutput('stdout') ?? []).toString();
      return { pair, stdout, error };
    },
  };
}
