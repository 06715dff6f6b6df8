import { checkInteger } from './check.js';
import { wrongType } from './errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';

const INTERRUPT = -1;
const YIELD = -2;

/**
 * What an epoch deadline callback decides. Mirrors `wasmtime::UpdateDeadline`.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store, UpdateDeadline } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ epochInterruption: true });
 * const store = new Store(engine);
 * let ticks = 0;
 * store.epochDeadlineCallback(() => (++ticks < 3 ? UpdateDeadline.continue(1) : UpdateDeadline.interrupt));
 * store.setEpochDeadline(1);
 * const module = Module.compile(engine, '(module (func (export "forever") (loop (br 0))))');
 * const forever = new Linker(engine).instantiate(store, module).getFunc(store, 'forever');
 * const ticker = engine.startEpochTicker(1);
 * try {
 *   forever.call(store);
 * } catch (error) {
 *   console.log(`${error.trapCode} after ${ticks} ticks`); // Interrupt after 3 ticks
 * } finally {
 *   ticker.dispose();
 * }
 * ```
 */
export class UpdateDeadline {
  /** Trap with `Interrupt`. Mirrors `UpdateDeadline::Interrupt`. */
  static readonly interrupt = new UpdateDeadline(INTERNAL, INTERRUPT);

  readonly #ticks: number;

  private constructor(key: typeof INTERNAL, ticks: number) {
    checkInternal(key, new.target);
    this.#ticks = ticks;
  }

  /** Go on until `ticks` ticks beyond the current epoch. Mirrors `UpdateDeadline::Continue`. */
  static continue(ticks: number): UpdateDeadline {
    return new UpdateDeadline(INTERNAL, checkInteger('ticks', ticks));
  }

  /**
   * In an asynchronous call, yield to the event loop, then go on until `ticks` ticks beyond the epoch of
   * that time. A call that can't be suspended rejects or throws TypeError `ERR_ASYNC_REQUIRED`: a synchronous one, or one in
   * whose middle the callback was set. Mirrors `UpdateDeadline::Yield`.
   */
  static yield(ticks: number): UpdateDeadline {
    return new UpdateDeadline(INTERNAL, YIELD - checkInteger('ticks', ticks));
  }

  /** @internal The form that native code reads: ticks, −1 to interrupt, −2 − ticks to yield. */
  static encode(update: UpdateDeadline): number {
    if (!UpdateDeadline.is(update)) {
      throw wrongType('what the epoch deadline callback returned', 'an UpdateDeadline', update);
    }
    return update.#ticks;
  }

  /** @internal */
  static is(value: unknown): value is UpdateDeadline {
    return isObject(value) && #ticks in value;
  }

  static {
    guardReceivers(UpdateDeadline, (value) => #ticks in value);
  }
}
