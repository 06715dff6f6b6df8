import type { NativeEngine, NativeEpochTicker, NativeShare } from '../generated/native.js';
import { native } from '../native.js';
import { checkBytes, checkBytesOrWat, checkInteger, checkObject } from './check.js';
import { type Config, checkConfig } from './config.js';
import { EpochTicker } from './epoch-ticker.js';
import { misuse, wrongType } from './errors.js';

/** @internal A share in a ticker for recorders; released once. */
export interface RecorderTicks {
  readonly native: NativeEpochTicker;
  missed(): number;
  release(): void;
}

/** Stands for an engine in a message to another thread. */
export interface SharedEngine {
  /** The number under which other threads find the engine. */
  readonly sharedEngine: number;
}

/** This thread's engines by the numbers that they are shared under: modules of one need the same object. */
const shared = new Map<number, WeakRef<Engine>>();

/** Compiles modules, and ticks the epoch of the code that it compiled. Mirrors `wasmtime::Engine`. */
export class Engine {
  readonly #native: NativeEngine;
  /** Those that tick: a ticker whose handle nobody kept must not stop when that is collected. */
  readonly #tickers = new Set<EpochTicker>();
  #share: NativeShare | undefined;
  /** Tickers of recorders by their interval: one serves all stores. */
  readonly #recorderTickers = new Map<number, { ticker: NativeEpochTicker; users: number }>();

  /**
   * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number out of
   * range, WasmtimeError (`ERR_ENGINE_CONFIG`) for options that don't go together.
   */
  constructor(config: Config = {}) {
    this.#native =
      config instanceof native.NativeEngine ? config : new native.NativeEngine(checkConfig(config));
  }

  /**
   * What another thread makes the same engine of, with {@link Engine.fromShared}: send it with
   * `postMessage` or as `workerData`. Good as long as this object lives.
   */
  share(): SharedEngine {
    this.#share ??= native.NativeShare.engine(this.#native);
    shared.set(this.#share.id, new WeakRef(this));
    return { sharedEngine: this.#share.id };
  }

  /**
   * The engine that another thread of this process has shared: its epoch is the same.
   *
   * @throws TypeError `ERR_NOT_SHARED` when it isn't shared any more.
   */
  static fromShared(token: SharedEngine): Engine {
    const id = checkInteger(
      'token.sharedEngine',
      checkObject('token', token)['sharedEngine'],
      0,
      2 ** 32 - 1,
    );
    const known = shared.get(id)?.deref();
    if (known !== undefined) return known;
    const taken = native.takeSharedEngine(id);
    if (taken === null) throw misuse('ERR_NOT_SHARED', 'the engine is not shared any more');
    const engine = new Engine(taken as Config);
    shared.set(id, new WeakRef(engine));
    return engine;
  }

  /** Moves the epoch on by one tick. Mirrors `Engine::increment_epoch`. */
  incrementEpoch(): void {
    this.#native.incrementEpoch();
  }

  /** Whether compiled code is for the Pulley interpreter. Mirrors `Engine::is_pulley`. */
  get isPulley(): boolean {
    return this.#native.isPulley();
  }

  /**
   * Compiles a module to bytes for {@link Module.deserialize}, also for another `target`. Mirrors
   * `Engine::precompile_module`.
   *
   * @throws WasmtimeError `ERR_INVALID_MODULE`, with Wasmtime's message.
   */
  precompileModule(bytesOrWat: Uint8Array | ArrayBuffer | string): Uint8Array {
    return this.#native.precompileModule(checkBytesOrWat(bytesOrWat));
  }

  /**
   * Compiles a component to bytes for {@link Component.deserialize}, also for another `target`. Mirrors
   * `Engine::precompile_component`.
   *
   * @throws WasmtimeError `ERR_INVALID_COMPONENT`, with Wasmtime's message.
   */
  precompileComponent(bytesOrWat: Uint8Array | ArrayBuffer | string): Uint8Array {
    return this.#native.precompileComponent(checkBytesOrWat(bytesOrWat));
  }

  /**
   * Equal for engines that can run each other's serialized modules. Mirrors
   * `Engine::precompile_compatibility_hash`.
   */
  get precompileCompatibilityHash(): string {
    return this.#native.precompileCompatibilityHash();
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
    const ticker = new EpochTicker(this.#native, intervalMs, () => this.#tickers.delete(ticker));
    this.#tickers.add(ticker);
    return ticker;
  }

  /** @internal */
  static native(what: string, engine: Engine): NativeEngine {
    if (!(engine instanceof Engine)) throw wrongType(what, 'an Engine', engine);
    return engine.#native;
  }

  /** @internal A share in the ticker for recorders with that interval. */
  static recorderTicks(engine: Engine, intervalMs: number): RecorderTicks {
    const tickers = engine.#recorderTickers;
    const shared = tickers.get(intervalMs) ?? {
      ticker: native.NativeEpochTicker.startForRecorders(engine.#native, intervalMs),
      users: 0,
    };
    tickers.set(intervalMs, shared);
    shared.users++;
    return {
      native: shared.ticker,
      missed: () => shared.ticker.missed(),
      release: () => {
        shared.users--;
        if (shared.users > 0) return;
        shared.ticker.stop();
        tickers.delete(intervalMs);
      },
    };
  }

  /** @internal */
  static hasEpochs(engine: Engine): boolean {
    return engine.#native.epochInterruption;
  }

  /** @internal */
  static isGuestDebug(engine: Engine): boolean {
    return engine.#native.guestDebug;
  }
}
