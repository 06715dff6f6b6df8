import { fileURLToPath } from 'node:url';
import {
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
  UpdateDeadline,
  type ValType,
  WasiConfig,
} from '../../lib/index.js';
import { OraclePair } from './oracle-pair.js';

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

/** A guest in text format, sampled wherever it asks for it with `env.bump_epoch`. */
export class BumpGuest {
  readonly engine: Engine;
  readonly linker: Linker;
  readonly store: Store;
  readonly modules: [string, Module][] = [];
  readonly #stores: Store[] = [];
  readonly #recorder: boolean;
  #pair: OraclePair | undefined;

  /** `recorder: false` where the test samples at other places than epoch deadlines. */
  constructor({ recorder = true, ...config }: Config & { recorder?: boolean } = {}) {
    this.#recorder = recorder;
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
      return UpdateDeadline.continue(1);
    });
    store.callHook((store, kind) => this.pair.callHook(store, kind));
    this.#stores.push(store);
    if (this.#pair && this.#recorder) this.#pair.attach(store);
    return store;
  }

  /** The profilers, begun at first use: when all modules are loaded. */
  get pair(): OraclePair {
    return this.#pair ?? this.#begin();
  }

  #begin(): OraclePair {
    const pair = new OraclePair(this.engine, this.modules);
    if (this.#recorder) for (const store of this.#stores) pair.attach(store);
    this.#pair = pair;
    return pair;
  }

  host(name: string, [params, results, fn]: Host): this {
    this.linker.funcWrap('env', name, { params, results }, fn);
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

  /** Loads and instantiates a guest of one module. */
  start(name: string, wat?: string): Instance {
    return this.instantiate(this.load(name, wat));
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

/** Runs a WASI program, sampled by the clock every `intervalMs`. */
export function runWasi(name: string, args: readonly string[], intervalMs: number): WasiRun {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.fromFile(engine, guestPath(name));
  const pair = new OraclePair(engine, [[name, module]]);
  return runSampled(engine, pair, [name, ...args], intervalMs, (store) => {
    const instance = new Linker(engine).addWasi().instantiate(store, module);
    instance.getFunc(store, '_start').call(store);
  });
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
  return runSampled(engine, pair, [name, ...args], intervalMs, (store) => {
    const instance = new ComponentLinker(engine).addWasi().instantiate(store, component);
    instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).call(store);
  });
}

function runSampled(
  engine: Engine,
  pair: OraclePair,
  args: readonly string[],
  intervalMs: number,
  run: (store: Store) => void,
): WasiRun {
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args, stdout: 'capture', stderr: 'capture' }));
  pair.attach(store);
  store.setEpochDeadline(1);
  store.epochDeadlineCallback((store) => {
    pair.sample(store, 0.25);
    return UpdateDeadline.continue(1);
  });
  store.callHook((store, kind) => pair.callHook(store, kind));
  const ticker = engine.startEpochTicker(intervalMs);
  let error: unknown;
  try {
    run(store);
  } catch (thrown) {
    error = thrown;
  } finally {
    ticker.dispose();
  }
  const stdout = Buffer.from(store.wasiOutput('stdout') ?? []).toString();
  return { pair, stdout, error };
}
