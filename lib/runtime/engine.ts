import type { NativeEngine, NativeEpochTicker } from '../generated/native.js';
import { native } from '../native.js';
import { checkBytes } from './check.js';
import { type Config, checkConfig } from './config.js';
import { EpochTicker } from './epoch-ticker.js';
import { wrongType } from './errors.js';

/** @internal A share in a ticker for recorders; released once. */
export interface RecorderTicks {
  readonly native: NativeEpochTicker;
  missed(): number;
  release(): void;
}

/** Compiles modules, and ticks the epoch of the code that it compiled. Mirrors `wasmtime::Engine`. */
export class Engine {
  readonly #native: NativeEngine;
  readonly #guestDebug: boolean;
  /** Those that tick: a ticker whose handle nobody kept must not stop when that is collected. */
  readonly #tickers = new Set<EpochTicker>();
  readonly #epochInterruption: boolean;
  /** Tickers of recorders by their interval: one serves all stores. */
  readonly #recorderTickers = new Map<number, { ticker: NativeEpochTicker; users: number }>();

  /**
   * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number out of
   * range, WasmtimeError (`ERR_ENGINE_CONFIG`) for options that don't go together.
   */
  constructor(config: Config = {}) {
    this.#native = new native.NativeEngine(checkConfig(config));
    this.#guestDebug = config.guestDebug ?? false;
    this.#epochInterruption = config.epochInterruption ?? false;
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
    const source =
      typeof bytesOrWat === 'string' ? bytesOrWat : checkBytes('bytesOrWat', bytesOrWat);
    return this.#native.precompileModule(source);
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
    return engine.#epochInterruption;
  }

  /** @internal */
  static isGuestDebug(engine: Engine): boolean {
    return engine.#guestDebug;
  }
}
