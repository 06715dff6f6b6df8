import type { NativeStore } from '../generated/native.js';
import { native } from '../native.js';
import { CALL_HOOKS, type CallHook } from './call-hook.js';
import { Caller } from './caller.js';
import { checkFunction, checkInteger, checkOneOf } from './check.js';
import { Engine } from './engine.js';
import { misuse, outOfRange, wrongType } from './errors.js';
import { InterruptHandle } from './interrupt-handle.js';
import { checkFuel, checkLimiter, type ResourceLimiter } from './limiter.js';
import { UpdateDeadline } from './update-deadline.js';
import { WasiConfig } from './wasi-config.js';

/** A store, or what a host function of one was handed. Mirrors `wasmtime::AsContextMut`. */
export type Storelike = Store | Caller;

/**
 * Holds instances and what belongs to them. Usable from its own callbacks; in one thread only. Mirrors
 * `wasmtime::Store`.
 *
 * Every method throws a TypeError `ERR_DISPOSED` once the store was disposed.
 */
export class Store {
  /** The engine whose modules it may run. */
  readonly engine: Engine;
  readonly #native: NativeStore;
  readonly #handle: object;
  /** Callbacks that native code holds weakly, so that a store and its callbacks can be collected. */
  readonly #retained = new Set<unknown>();
  readonly #callbacks: { epochDeadline?: unknown; callHook?: unknown; limiter?: unknown } = {};
  /** Kept: the timer of a handle that is collected stops. */
  readonly #kept: { interruptHandle?: InterruptHandle } = {};
  /** The caller of the host function that runs, the newest one. */
  #caller: Caller | undefined;
  #recorder: { end(): void } | undefined;
  #hasWasi = false;

  constructor(engine: Engine) {
    const nativeEngine = Engine.native('engine', engine);
    this.engine = engine;
    this.#native = new native.NativeStore(nativeEngine, this);
    this.#handle = this.#native.handle;
  }

  /**
   * Sets the epoch deadline to `ticks` ticks beyond the current epoch; at first it is reached already.
   * Mirrors `Store::set_epoch_deadline`.
   */
  setEpochDeadline(ticks: number): void {
    this.#native.setEpochDeadline(checkInteger('ticks', ticks));
  }

  /** At the deadline, trap with `Interrupt`: the default. Mirrors `Store::epoch_deadline_trap`. */
  epochDeadlineTrap(): void {
    this.#native.epochDeadlineCallback(null);
    delete this.#callbacks.epochDeadline;
  }

  /**
   * At the deadline, call `callback`, which says how to go on. What it throws unwinds the guest and
   * comes out of the outer call. Mirrors `Store::epoch_deadline_callback`.
   */
  epochDeadlineCallback(callback: (store: Store) => UpdateDeadline): void {
    checkFunction('callback', callback);
    const dispatch = (store: object) => UpdateDeadline.encode(callback(store as Store));
    this.#native.epochDeadlineCallback(dispatch);
    this.#callbacks.epochDeadline = dispatch;
  }

  /**
   * At the deadline, yield to the event loop, then go on until `ticks` ticks beyond the epoch of that
   * time. From then on only asynchronous calls enter the store. Mirrors
   * `Store::epoch_deadline_async_yield_and_update`.
   */
  epochDeadlineAsyncYieldAndUpdate(ticks: number): void {
    this.#native.epochDeadlineAsyncYieldAndUpdate(checkInteger('ticks', ticks));
    delete this.#callbacks.epochDeadline;
  }

  /**
   * Calls `hook` at each transition between guest and host, `null` for none. What it throws unwinds the
   * guest. While it runs, no hook is called. Mirrors `Store::call_hook`.
   */
  callHook(hook: ((store: Store, kind: CallHook) => void) | null): void {
    if (hook === null) {
      this.#native.callHook(null);
      delete this.#callbacks.callHook;
      return;
    }
    checkFunction('hook', hook);
    const dispatch = (store: object, kind: number) => {
      hook(store as Store, CALL_HOOKS[kind] as CallHook);
    };
    this.#native.callHook(dispatch);
    this.#callbacks.callHook = dispatch;
  }

  /**
   * Sets how much fuel the guest may use before it traps with `OutOfFuel`; none at first. Mirrors
   * `Store::set_fuel`.
   *
   * @throws WasmtimeError `ERR_FUEL` unless the engine has `consumeFuel`.
   */
  setFuel(fuel: number | bigint): void {
    this.#native.setFuel(checkFuel(fuel));
  }

  /** The fuel that is left. Mirrors `Store::get_fuel`. */
  getFuel(): bigint {
    return this.#native.getFuel();
  }

  /**
   * Yields to the event loop each time that the guest has used `interval` of its fuel; `null` for never. From
   * then on only asynchronous calls enter the store. Mirrors `Store::fuel_async_yield_interval`.
   *
   * @throws WasmtimeError `ERR_FUEL` unless the engine has `consumeFuel`, RangeError for 0.
   */
  fuelAsyncYieldInterval(interval: number | bigint | null): void {
    const fuel = interval === null ? null : checkFuel(interval);
    if (fuel === 0n) throw outOfRange('interval', 'an integer from 1', interval);
    this.#native.fuelAsyncYieldInterval(fuel);
  }

  /**
   * Limits what instances of this store may allocate from now on. Mirrors `Store::limiter`.
   *
   * @throws TypeError `ERR_STORE_IN_USE` in the store's own callbacks.
   */
  limiter(limiter: ResourceLimiter): void {
    const { limits, memoryGrowing, tableGrowing } = checkLimiter(limiter);
    this.#native.limiter(limits, memoryGrowing, tableGrowing);
    this.#callbacks.limiter = [memoryGrowing, tableGrowing];
  }

  /** Collects the garbage of the store's GC heap now. Mirrors `Store::gc`. */
  gc(): void {
    this.#native.gc();
  }

  /**
   * Gives WASI programs of this store their arguments, streams and directories.
   *
   * @throws WasmtimeError `ERR_WASI_CONFIG` for a file or directory that can't be opened.
   */
  setWasi(config: WasiConfig): void {
    this.#native.setWasi(WasiConfig.native('config', config));
    this.#hasWasi = true;
  }

  /**
   * What the guest has written so far to a stream that the `WasiConfig` captures; undefined when it
   * isn't captured.
   */
  wasiOutput(stream: 'stdout' | 'stderr'): Uint8Array | undefined {
    const descriptor =
      checkOneOf('stream', stream, ['stdout', 'stderr'] as const) === 'stdout' ? 1 : 2;
    return this.#native.wasiOutput(descriptor) ?? undefined;
  }

  /**
   * Lets `handle` end this store's guest: with a trap `Interrupt` at its next epoch deadline, or out of
   * a WASI call that waits.
   */
  setInterruptHandle(handle: InterruptHandle): void {
    this.#native.setInterruptHandle(InterruptHandle.native('handle', handle));
    this.#kept.interruptHandle = handle;
  }

  /**
   * Frees all that the store holds. Once more does nothing.
   *
   * @throws TypeError `ERR_STORE_IN_USE` while the store runs WebAssembly.
   */
  dispose(): void {
    this.#native.dispose();
    this.#recorder?.end();
    this.#retained.clear();
    delete this.#kept.interruptHandle;
    delete this.#callbacks.epochDeadline;
    delete this.#callbacks.callHook;
    delete this.#callbacks.limiter;
  }

  /** {@link Store.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal The store behind a store or a caller. */
  static of(what: string, store: Storelike): Store {
    if (store instanceof Store) return store;
    // Throws once the callback has ended.
    if (store instanceof Caller) return store.store;
    throw wrongType(what, 'a Store or a Caller', store);
  }

  /** @internal */
  static native(store: Store): NativeStore {
    return store.#native;
  }

  /** @internal For {@link HotFunctions}. */
  static handle(store: Store): object {
    return store.#handle;
  }

  /** @internal The native store of `store`, which must be the one that the object belongs to. */
  static nativeOwner(owner: Store, store: Storelike): NativeStore {
    if (Store.of('store', store) !== owner) {
      throw misuse('ERR_WRONG_STORE', 'the object belongs to another store');
    }
    return owner.#native;
  }

  /** @internal Makes `caller` the newest one; returns the one before. */
  static setCaller(store: Store, caller: Caller | undefined): Caller | undefined {
    const before = store.#caller;
    store.#caller = caller;
    return before;
  }

  /** @internal */
  static isNewestCaller(store: Store, caller: Caller): boolean {
    return store.#caller === caller;
  }

  /** @internal Keeps `value` alive as long as the store. */
  static retain(store: Store, value: unknown): void {
    store.#retained.add(value);
  }

  /** @internal Keeps a recorder alive until the store is disposed, which ends it. */
  static retainRecorder(store: Store, recorder: { end(): void }): void {
    store.#recorder = recorder;
  }

  /** @internal */
  static releaseRecorder(store: Store): void {
    store.#recorder = undefined;
  }

  /** @internal */
  static hasWasi(store: Store): boolean {
    return store.#hasWasi;
  }
}
