import type { NativeEngine, NativeEpochTicker } from '../generated/native.js';
import { native } from '../native.js';
import { checkDuration } from './check.js';
import { checkInternal, guardReceivers, type INTERNAL, isObject } from './internal.js';

/** A native thread that ticks an engine's epoch, from {@link Engine.startEpochTicker}. */
export class EpochTicker {
  /** The asked interval in milliseconds. */
  readonly intervalMs: number;
  readonly #native: NativeEpochTicker;
  readonly #stopped: () => void;

  /** @internal */
  constructor(key: typeof INTERNAL, engine: NativeEngine, intervalMs: number, stopped: () => void) {
    checkInternal(key, new.target);
    this.intervalMs = checkDuration('intervalMs', intervalMs, 0.05, 60_000);
    this.#native = native.NativeEpochTicker.start(engine, intervalMs);
    this.#stopped = stopped;
  }

  /** Ticks so far. */
  get ticks(): number {
    return this.#native.ticks();
  }

  /** Ticks that the operating system let no time for: each of them was one interval without a tick. */
  get missedTicks(): number {
    return this.#native.missed();
  }

  /** Stops ticking. Once more does nothing. */
  dispose(): void {
    this.#native.stop();
    this.#stopped();
  }

  /** {@link EpochTicker.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  static is(value: unknown): value is EpochTicker {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(EpochTicker, (value) => #native in value);
  }
}
