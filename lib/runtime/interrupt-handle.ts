import { constants } from 'node:os';
import type { NativeInterruptHandle } from '../generated/native.js';
import { native } from '../native.js';
import { checkDuration } from './check.js';
import { misuse, wrongType } from './errors.js';
import { guardReceivers, isObject } from './internal.js';

/** Why a guest was interrupted: by the program, by its timer, or by a signal to the process. */
export type InterruptReason = 'triggered' | 'timeout' | NodeJS.Signals;

const TRIGGERED = 1000;
const TIMEOUT = 1001;

/** Those that end a process whatever it does, and those that its own code and Wasmtime's traps raise. */
const UNCATCHABLE: readonly string[] = [
  'SIGKILL',
  'SIGSTOP',
  'SIGILL',
  'SIGFPE',
  'SIGSEGV',
  'SIGBUS',
  'SIGTRAP',
];

/**
 * Ends a guest that holds the JavaScript thread: after a time, or at a signal such as Ctrl-C. Given to
 * stores with {@link Store.setInterruptHandle}; they trap with `Interrupt` at their next epoch deadline,
 * out of a WASI call that waits, or out of `memory.atomic.wait32` and `wait64`. It stays triggered.
 * Deadlines come with ticks: of {@link Engine.startEpochTicker}, or of a recorder.
 *
 * @example
 * ```js
 * import { Engine, InterruptHandle, Linker, Module, Store, UpdateDeadline } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ epochInterruption: true });
 * const store = new Store(engine);
 * const module = Module.compile(engine, '(module (func (export "forever") (loop (br 0))))');
 * const forever = new Linker(engine).instantiate(store, module).getFunc(store, 'forever');
 * // Each tick is a deadline, at which the guest goes on unless the handle was triggered.
 * const ticker = engine.startEpochTicker(1);
 * store.setEpochDeadline(1);
 * store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
 * const handle = new InterruptHandle();
 * store.setInterruptHandle(handle);
 * handle.triggerAfter(10);
 * try {
 *   forever.call(store);
 * } catch (error) {
 *   console.log(error.trapCode, handle.reason); // Interrupt timeout
 * } finally {
 *   handle.dispose();
 *   ticker.dispose();
 * }
 * ```
 */
export class InterruptHandle {
  readonly #native: NativeInterruptHandle = new native.NativeInterruptHandle();

  /** Interrupts the stores now: from one of their callbacks. */
  trigger(): void {
    this.#native.trigger(TRIGGERED);
  }

  /** Interrupts the stores after `delayMs` milliseconds, from a native thread. */
  triggerAfter(delayMs: number): void {
    // 100 days: any longer is meant as 'never'.
    this.#native.triggerAfter(checkDuration('delayMs', delayMs, 0, 8.64e9), TIMEOUT);
  }

  /**
   * Interrupts the stores at the first of these signals, for instance `SIGINT` and `SIGTERM`. The
   * second one, or one after {@link InterruptHandle.dispose}, does what it would have done without this:
   * it ends the process, unless JavaScript or another handle listens. Not on Windows.
   */
  triggerOnSignals(...signals: readonly NodeJS.Signals[]): void {
    this.#listen(signals, 1);
  }

  /** @internal As {@link InterruptHandle.triggerOnSignals}; the second signal does nothing either. */
  static triggerOnTwoSignals(handle: InterruptHandle, ...signals: readonly NodeJS.Signals[]): void {
    handle.#listen(signals, 2);
  }

  #listen(signals: readonly NodeJS.Signals[], patience: number): void {
    const numbers = signals.map((signal) => {
      const number = typeof signal === 'string' ? constants.signals[signal] : undefined;
      if (number === undefined) throw wrongType('signals', "a signal's name", signal);
      if (UNCATCHABLE.includes(signal)) {
        throw misuse('ERR_INVALID_ARG_VALUE', `signals: nobody can wait for ${signal}`);
      }
      return number;
    });
    this.#native.triggerOnSignals(numbers, patience);
  }

  /** Why it was triggered first, undefined when it wasn't. */
  get reason(): InterruptReason | undefined {
    const reason = this.#native.reason();
    if (reason === null) return undefined;
    if (reason === TRIGGERED) return 'triggered';
    if (reason === TIMEOUT) return 'timeout';
    const signal = Object.entries(constants.signals).find(([, number]) => number === reason);
    return (signal?.[0] as NodeJS.Signals | undefined) ?? 'triggered';
  }

  /** Stops the timer and stops listening to signals. */
  dispose(): void {
    this.#native.dispose();
  }

  /** {@link InterruptHandle.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  static native(what: string, handle: InterruptHandle): NativeInterruptHandle {
    if (!InterruptHandle.is(handle)) throw wrongType(what, 'an InterruptHandle', handle);
    return handle.#native;
  }

  /** @internal */
  static is(value: unknown): value is InterruptHandle {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(InterruptHandle, (value) => #native in value);
  }
}
