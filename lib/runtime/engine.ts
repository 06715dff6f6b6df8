import type { NativeConfig, NativeEngine, NativeEpochTicker } from '../generated/native.js';
import { native } from '../native.js';
import { checkBoolean, checkInteger, checkKeys, checkObject, checkOneOf } from './check.js';
import { EpochTicker } from './epoch-ticker.js';
import { wrongType } from './errors.js';

/** How an engine compiles and runs. Mirrors `wasmtime::Config`, whose defaults hold. */
export interface Config {
  /**
   * Compiled code looks at the engine's epoch at function entries and loop headers, and leaves to the
   * store's epoch callback, or traps, when it reaches the store's deadline. Off by default.
   */
  readonly epochInterruption?: boolean;
  /** Compiled code counts fuel. Off by default. */
  readonly consumeFuel?: boolean;
  /** Native debug information for the compiled code. Off by default. */
  readonly debugInfo?: boolean;
  /** Errors carry the WebAssembly frames that were on the stack. On by default. */
  readonly wasmBacktrace?: boolean;
  /** Frames of errors carry file and line, where the module has DWARF. */
  readonly wasmBacktraceDetails?: boolean;
  /** Most frames that an error carries; 20 by default. Samples of a profiler have no limit. */
  readonly wasmBacktraceMaxFrames?: number;
  /**
   * Bytes of stack that WebAssembly may use, 512 KiB by default. JavaScript called from a guest has
   * V8's own limit, about 1 MB from the bottom of the same stack.
   */
  readonly maxWasmStack?: number;
  /** Keep the map from compiled code to wasm offsets, which backtraces need. On by default. */
  readonly generateAddressMap?: boolean;
  /** Compile functions on all cores. On by default. */
  readonly parallelCompilation?: boolean;
  /** Cranelift's effort; `speed` by default. */
  readonly craneliftOptLevel?: 'none' | 'speed' | 'speed-and-size';
  /** Instrument the code for a debugger; no `GuestProfiler` can be had then. Off by default. */
  readonly guestDebug?: boolean;
}

const checks: {
  readonly [K in keyof Required<Config>]: (what: string, value: unknown) => unknown;
} = {
  epochInterruption: checkBoolean,
  consumeFuel: checkBoolean,
  debugInfo: checkBoolean,
  wasmBacktrace: checkBoolean,
  wasmBacktraceDetails: checkBoolean,
  wasmBacktraceMaxFrames: (what, value) => checkInteger(what, value, 1, 2 ** 31),
  // Wasmtime takes any size; 1 GiB is far beyond what an operating system gives a thread.
  maxWasmStack: (what, value) => checkInteger(what, value, 1, 2 ** 30),
  generateAddressMap: checkBoolean,
  parallelCompilation: checkBoolean,
  craneliftOptLevel: (what, value) =>
    checkOneOf(what, value, ['none', 'speed', 'speed-and-size'] as const),
  guestDebug: checkBoolean,
};

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
    checkObject('config', config);
    checkKeys('config', config, Object.keys(checks));
    const checked: Record<string, unknown> = {};
    for (const [key, check] of Object.entries(checks)) {
      const value = config[key as keyof Config];
      if (value !== undefined) checked[key] = check(`config.${key}`, value);
    }
    this.#native = new native.NativeEngine(checked as NativeConfig);
    this.#guestDebug = config.guestDebug ?? false;
    this.#epochInterruption = config.epochInterruption ?? false;
  }

  /** Moves the epoch on by one tick. Mirrors `Engine::increment_epoch`. */
  incrementEpoch(): void {
    this.#native.incrementEpoch();
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
