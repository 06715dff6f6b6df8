import type { NativeEngine, NativeEpochTicker, NativeShare } from '../generated/native.js';
import { native } from '../native.js';
import { checkBytes, checkBytesOrWat, checkObject } from './check.js';
import { type CompileOptions, compileAsync, sourceOf } from './compilation.js';
import { type Config, checkConfig } from './config.js';
import { EpochTicker } from './epoch-ticker.js';
import { misuse, wrongType } from './errors.js';
import { guardReceivers, INTERNAL, isObject } from './internal.js';
import { checkToken, takeShared } from './shared-token.js';

/** @internal A share in a ticker for recorders; released once. */
export interface RecorderTicks {
  readonly native: NativeEpochTicker;
  missed(): number;
  release(): void;
}

/** @internal A native object that can let go of its engine. */
export interface Disposed {
  dispose(): void;
}

/** What is in use just now, by a call around this one, is freed when it is collected instead. */
function letGo(made: Disposed | undefined): void {
  try {
    made?.dispose();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** Stands for an engine in a message to another thread. */
export interface SharedEngine {
  /** The number under which other threads find the engine. */
  readonly sharedEngine: number;
}

/** This thread's engines by the numbers that they are shared under: modules of one need the same object. */
const shared = new Map<number, WeakRef<Engine>>();

/**
 * Compiles modules, and ticks the epoch of the code that it compiled. Mirrors `wasmtime::Engine`.
 *
 * @example
 * ```js
 * import { Engine, Module } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ consumeFuel: true, epochInterruption: true });
 * const module = Module.compile(engine, '(module (func (export "f")))');
 * console.log(module.exports[0].name); // f
 * engine.dispose();
 * ```
 */
export class Engine {
  readonly #native: NativeEngine;
  /** Those that tick: a ticker whose handle nobody kept must not stop when that is collected. */
  readonly #tickers = new Set<EpochTicker>();
  #share: NativeShare | undefined;
  #isDisposed = false;
  #isPulley: boolean | undefined;
  #isGuestDebug: boolean | undefined;
  /** What was made for it, and lets go of it with it. */
  #made = new Set<WeakRef<Disposed>>();
  /** How many there may be before those are looked for that were collected. */
  #madeLimit = 64;
  /** Tickers of recorders by their interval: one serves all stores. */
  readonly #recorderTickers = new Map<number, { ticker: NativeEpochTicker; users: number }>();
  /** That of the interval which was used last stays: it rests where no guest runs. */
  #lastRecorderTicker: number | undefined;

  /**
   * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number out of
   * range, WasmtimeError (`ERR_ENGINE_CONFIG`) for options that don't go together, or (`ERR_NO_ADDRESS_SPACE`) where
   * the process has no room for another pool.
   */
  constructor(config: Config = {}) {
    this.#native =
      config instanceof native.NativeEngine ? config : new native.NativeEngine(checkConfig(config));
  }

  /**
   * What another thread makes the same engine of, with {@link Engine.fromShared}: send it with
   * `postMessage` or as `workerData`. Good until it was used, and then as long as this object or one that was made of
   * it lives. What is never used is never freed.
   */
  share(): SharedEngine {
    this.#share ??= native.NativeShare.ofEngine(this.#usable());
    shared.set(this.#share.id, new WeakRef(this));
    return { sharedEngine: this.#share.id };
  }

  /**
   * The engine that another thread of this process has shared: its epoch is the same.
   *
   * @throws TypeError `ERR_NOT_SHARED` when it isn't shared any more.
   */
  static fromShared(token: SharedEngine): Engine {
    const id = checkToken('token.sharedEngine', checkObject('token', token)['sharedEngine']);
    const known = shared.get(id)?.deref();
    if (known !== undefined) return known;
    const { share, taken } = takeShared('engine', id);
    const engine = new Engine(taken as Config);
    engine.#share = share;
    shared.set(id, new WeakRef(engine));
    return engine;
  }

  /**
   * Lets go of the engine, and of all modules, components, linkers and `InstancePre`s that were made for it: with its last
   * store the code is freed, and the pool of one with `poolingAllocator`, which takes a good part of a process's address
   * space. Its stores go on until they are disposed of. Once more does nothing. Mirrors dropping the `Engine`.
   *
   * All that was made for the engine throws TypeError `ERR_DISPOSED` from then on where it is used. What a profiler still
   * records, and what was shared with other threads, keeps the engine.
   */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const ticker of this.#tickers) ticker.dispose();
    this.#lastRecorderTicker = undefined;
    for (const intervalMs of this.#recorderTickers.keys()) this.#stopUnused(intervalMs);
    for (const made of [...this.#made, new WeakRef(this.#native)]) letGo(made.deref());
    this.#made.clear();
    this.#share = undefined;
  }

  /** {@link Engine.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Moves the epoch on by one tick. Mirrors `Engine::increment_epoch`. */
  incrementEpoch(): void {
    this.#usable().incrementEpoch();
  }

  /** Whether compiled code is for the Pulley interpreter. Mirrors `Engine::is_pulley`. */
  get isPulley(): boolean {
    const its = this.#usable();
    this.#isPulley ??= its.isPulley();
    return this.#isPulley;
  }

  /**
   * Compiles a module to bytes for {@link Module.deserialize}, also for another `target`. Mirrors
   * `Engine::precompile_module`.
   *
   * @throws WasmtimeError `ERR_INVALID_MODULE`, with Wasmtime's message.
   */
  precompileModule(bytesOrWat: Uint8Array | ArrayBuffer | string): Uint8Array {
    return this.#usable().precompileModule(checkBytesOrWat(bytesOrWat));
  }

  /**
   * Compiles a component to bytes for {@link Component.deserialize}, also for another `target`. Mirrors
   * `Engine::precompile_component`.
   *
   * @throws WasmtimeError `ERR_INVALID_COMPONENT`, with Wasmtime's message.
   */
  precompileComponent(bytesOrWat: Uint8Array | ArrayBuffer | string): Uint8Array {
    return this.#usable().precompileComponent(checkBytesOrWat(bytesOrWat));
  }

  /**
   * {@link Engine.precompileModule} on other threads, while JavaScript goes on; several at once. The bytes are copied
   * before.
   *
   * @throws as {@link Engine.precompileModule} does, by rejecting; the signal's reason.
   */
  async precompileModuleAsync(
    bytesOrWat: Uint8Array | ArrayBuffer | string,
    options?: CompileOptions,
  ): Promise<Uint8Array> {
    const its = this.#usable();
    const source = sourceOf(bytesOrWat);
    return compileAsync(options, (id) => its.precompileModuleAsync(source, id));
  }

  /**
   * {@link Engine.precompileComponent} on other threads, while JavaScript goes on; several at once. The bytes are copied
   * before.
   *
   * @throws as {@link Engine.precompileComponent} does, by rejecting; the signal's reason.
   */
  async precompileComponentAsync(
    bytesOrWat: Uint8Array | ArrayBuffer | string,
    options?: CompileOptions,
  ): Promise<Uint8Array> {
    const its = this.#usable();
    const source = sourceOf(bytesOrWat);
    return compileAsync(options, (id) => its.precompileComponentAsync(source, id));
  }

  /**
   * Equal for engines that can run each other's serialized modules. Mirrors
   * `Engine::precompile_compatibility_hash`.
   */
  get precompileCompatibilityHash(): string {
    return this.#usable().precompileCompatibilityHash();
  }

  /** What bytes hold that Wasmtime has compiled. Mirrors `Engine::detect_precompiled`. */
  static detectPrecompiled(bytes: Uint8Array | ArrayBuffer): 'module' | 'component' | undefined {
    const found = native.detectPrecompiled(checkBytes('bytes', bytes));
    return (found ?? undefined) as 'module' | 'component' | undefined;
  }

  /**
   * Ticks the epoch every `intervalMs` milliseconds (0.05 to 60,000) from a thread of its own, as
   * nothing in JavaScript can while a guest runs. Dispose the handle to stop; unless you do, it ticks
   * as long as the engine lives.
   */
  startEpochTicker(intervalMs: number): EpochTicker {
    const ticker = new EpochTicker(INTERNAL, this.#usable(), intervalMs, () =>
      this.#tickers.delete(ticker),
    );
    this.#tickers.add(ticker);
    return ticker;
  }

  /** @internal */
  static native(what: string, engine: Engine): NativeEngine {
    if (!Engine.is(engine)) throw wrongType(what, 'an Engine', engine);
    return engine.#usable();
  }

  /** @internal Has `made` let go of the engine when it is disposed of. */
  static own<T extends Disposed>(engine: Engine, made: T): T {
    engine.#usable();
    if (engine.#made.size >= engine.#madeLimit) {
      for (const known of engine.#made) if (known.deref() === undefined) engine.#made.delete(known);
      engine.#madeLimit = 2 * engine.#made.size + 64;
    }
    engine.#made.add(new WeakRef(made));
    return made;
  }

  /** @internal True, or TypeError `ERR_DISPOSED`. */
  static check(engine: Engine): true {
    engine.#usable();
    return true;
  }

  #usable(): NativeEngine {
    if (this.#isDisposed) throw misuse('ERR_DISPOSED', 'the engine was disposed of');
    return this.#native;
  }

  /** @internal A share in the ticker for recorders with that interval. */
  static recorderTicks(engine: Engine, intervalMs: number): RecorderTicks {
    const tickers = engine.#recorderTickers;
    const shared = tickers.get(intervalMs) ?? {
      ticker: native.NativeEpochTicker.startForRecorders(engine.#usable(), intervalMs),
      users: 0,
    };
    tickers.set(intervalMs, shared);
    shared.users++;
    const last = engine.#lastRecorderTicker;
    engine.#lastRecorderTicker = intervalMs;
    if (last !== undefined && last !== intervalMs) engine.#stopUnused(last);
    return {
      native: shared.ticker,
      missed: () => shared.ticker.missed(),
      release: () => {
        shared.users--;
        if (intervalMs !== engine.#lastRecorderTicker) engine.#stopUnused(intervalMs);
      },
    };
  }

  /** Stops the recorders' ticker of that interval, if no recorder uses it. */
  #stopUnused(intervalMs: number): void {
    const shared = this.#recorderTickers.get(intervalMs);
    if (shared === undefined || shared.users > 0) return;
    shared.ticker.stop();
    this.#recorderTickers.delete(intervalMs);
  }

  /** @internal */
  static hasEpochs(engine: Engine): boolean {
    return engine.#native.epochInterruption;
  }

  /** @internal */
  static isGuestDebug(engine: Engine): boolean {
    engine.#isGuestDebug ??= engine.#native.guestDebug;
    return engine.#isGuestDebug;
  }

  /** @internal */
  static is(value: unknown): value is Engine {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Engine, (value) => #native in value);
  }
}
