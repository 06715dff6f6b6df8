import type { NativeRef, NativeStore } from '../generated/native.js';
import { native } from '../native.js';
import { CALL_HOOKS, type CallHook } from './call-hook.js';
import { Caller } from './caller.js';
import { checkFunction, checkInteger, checkOneOf } from './check.js';
import { Engine } from './engine.js';
import { late, misuse, outOfRange, WRAP_EXCEPTION, wrongType } from './errors.js';
import type { ExnRef } from './exn-ref.js';
import { guardReceivers, isObject } from './internal.js';
import { InterruptHandle } from './interrupt-handle.js';
import { checkFuel, checkLimiter, type ResourceLimiter } from './limiter.js';
import { UpdateDeadline } from './update-deadline.js';
import { WasiConfig } from './wasi-config.js';
import { WeakValues } from './weak-values.js';

/** A store, or what a host function of one was handed. Mirrors `wasmtime::AsContextMut`. */
export type Storelike = Store | Caller;

/**
 * Holds instances and what belongs to them. Usable from its own callbacks; in one thread only. Mirrors
 * `wasmtime::Store`.
 *
 * Every method throws a TypeError `ERR_DISPOSED` once the store was disposed.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ consumeFuel: true });
 * const store = new Store(engine);
 * store.setFuel(1000);
 * const module = Module.compile(engine, '(module (func (export "f")))');
 * new Linker(engine).instantiate(store, module).getFunc(store, 'f').call(store);
 * console.log(store.getFuel() < 1000); // true
 * store.dispose();
 * ```
 */
export class Store {
  /** The engine whose modules it may run. */
  readonly engine: Engine;
  readonly #native: NativeStore;
  readonly #handle: object;
  /** Callbacks that native code holds weakly, so that a store and its callbacks can be collected. */
  readonly #retained = new Set<unknown>();
  /** What was made of its functions, memories …, by what native code knows these by. */
  readonly #items = new WeakValues<object>();
  readonly #callbacks: {
    epochDeadline?: unknown;
    callHook?: unknown;
    limiter?: unknown;
    wasiOutput?: unknown;
    wasiInput?: unknown;
  } = {};
  /** Kept: the timer of a handle that is collected stops. */
  readonly #kept: { interruptHandle?: InterruptHandle } = {};
  /** The caller of the host function that runs, the newest one. */
  #caller: Caller | undefined;
  #recorder: { end(): void } | undefined;
  #hasWasi = false;
  #userHook: ((store: Store, kind: CallHook) => void) | undefined;
  /** While a recorder samples by fuel: what the guest gets at once, and what it hasn't got yet. */
  #fuelSlices:
    | { readonly every: bigint; reserve: bigint; readonly hook: (kind: CallHook) => void }
    | undefined;
  #fuelYields = false;

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
   *
   * @throws TypeError `ERR_ASYNC_REQUIRED` as {@link Func.wrapAsync}.
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
    if (hook !== null) checkFunction('hook', hook);
    this.#setHooks(this.#fuelSlices?.hook, hook ?? undefined);
    this.#userHook = hook ?? undefined;
  }

  /** Native code has one hook: first ours, then the user's. */
  #setHooks(
    own: ((kind: CallHook) => void) | undefined,
    user: ((store: Store, kind: CallHook) => void) | undefined,
  ): void {
    if (own === undefined && user === undefined) {
      this.#native.callHook(null);
      delete this.#callbacks.callHook;
      return;
    }
    const dispatch = (store: object, number: number) => {
      const kind = CALL_HOOKS[number] as CallHook;
      own?.(kind);
      user?.(store as Store, kind);
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
    const all = checkFuel(fuel);
    const slices = this.#fuelSlices;
    if (slices === undefined) {
      this.#native.setFuel(all);
      return;
    }
    const slice = smaller(all, slices.every);
    this.#native.setFuel(slice);
    slices.reserve = all - slice;
  }

  /** The fuel that is left. Mirrors `Store::get_fuel`. */
  getFuel(): bigint {
    return this.#native.getFuel() + (this.#fuelSlices?.reserve ?? 0n);
  }

  /**
   * Yields to the event loop each time that the guest has used `interval` of its fuel; `null` for never. From
   * then on only asynchronous calls enter the store. Mirrors `Store::fuel_async_yield_interval`.
   *
   * @throws WasmtimeError `ERR_FUEL` unless the engine has `consumeFuel`, RangeError for 0, TypeError
   * `ERR_RECORDER_ATTACHED` while a recorder samples by fuel, `ERR_ASYNC_REQUIRED` as {@link Func.wrapAsync}.
   */
  fuelAsyncYieldInterval(interval: number | bigint | null): void {
    const fuel = interval === null ? null : checkFuel(interval);
    if (fuel === 0n) throw outOfRange('interval', 'an integer from 1', interval);
    if (this.#fuelSlices !== undefined) {
      throw misuse('ERR_RECORDER_ATTACHED', 'a recorder samples the store by fuel');
    }
    this.#native.fuelAsyncYieldInterval(fuel);
    this.#fuelYields = fuel !== null;
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

  /**
   * Sets how many bytes of strings and lists the host may copy from a guest in one call of a component's function or of
   * WASI; 128 MiB at first. Mirrors `Store::set_hostcall_fuel`.
   */
  setHostcallFuel(fuel: number): void {
    this.#native.setHostcallFuel(checkInteger('fuel', fuel));
  }

  /** What {@link Store.setHostcallFuel} has set. Mirrors `Store::hostcall_fuel`. */
  getHostcallFuel(): number {
    return this.#native.hostcallFuel();
  }

  /**
   * Sets how many handles of resources the store's components may hold at once; 100,000 at first. One more traps. Mirrors
   * `Store::set_max_component_handles`.
   */
  setMaxComponentHandles(limit: number): void {
    this.#native.setMaxComponentHandles(checkInteger('limit', limit));
  }

  /** What {@link Store.setMaxComponentHandles} has set. Mirrors `Store::max_component_handles`. */
  getMaxComponentHandles(): number {
    return this.#native.maxComponentHandles();
  }

  /** Collects the garbage of the store's GC heap now. Mirrors `Store::gc`. */
  gc(): void {
    this.#native.gc();
  }

  /**
   * Gives WASI programs of this store their arguments, streams and directories.
   *
   * With a stream for stdin only asynchronous calls enter the store from then on.
   *
   * @throws WasmtimeError `ERR_WASI_CONFIG` for a file or directory that can't be opened, TypeError `ERR_ASYNC_REQUIRED` for
   * a stream, as {@link Func.wrapAsync}.
   */
  setWasi(config: WasiConfig): void {
    const nativeConfig = WasiConfig.native('config', config);
    const onOutput = WasiConfig.onOutput(config);
    const feed = WasiConfig.inputFeed(config);
    if (feed !== undefined) this.#native.requireAsync();
    this.#native.setWasi(nativeConfig, onOutput, feed?.native ?? null);
    this.#callbacks.wasiOutput = onOutput;
    this.#callbacks.wasiInput = feed;
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
   * @throws TypeError `ERR_STORE_IN_USE` while the store runs WebAssembly, or an asynchronous call of it is
   * under way.
   */
  dispose(): void {
    this.#native.dispose();
    this.#recorder?.end();
    this.#retained.clear();
    this.#items.clear();
    delete this.#kept.interruptHandle;
    this.#userHook = undefined;
    this.#fuelSlices = undefined;
    delete this.#callbacks.epochDeadline;
    delete this.#callbacks.callHook;
    delete this.#callbacks.limiter;
    delete this.#callbacks.wasiOutput;
    delete this.#callbacks.wasiInput;
  }

  /** {@link Store.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal The exception that an error of native code's carries. */
  [WRAP_EXCEPTION](exception: NativeRef): ExnRef | undefined {
    return late.wrapException?.(exception, this) as ExnRef | undefined;
  }

  /** @internal The store behind a store or a caller. */
  static of(what: string, store: Storelike): Store {
    if (Store.is(store)) return store;
    // Throws once the callback has ended.
    if (Caller.is(store)) return store.store;
    throw wrongType(what, 'a Store or a Caller', store);
  }

  /** @internal As `via` leads to it, which may be a caller after an `await`. */
  static native(store: Store, via: Storelike = store): NativeStore {
    const ofCaller = Caller.is(via) ? Caller.native(via, store.#native) : undefined;
    return ofCaller ?? store.#native;
  }

  /** @internal As {@link Store.native}, for {@link HotFunctions}. */
  static handle(store: Store, via: Storelike = store): object {
    const ofCaller = Caller.is(via) ? Caller.handle(via, store.#native) : undefined;
    return ofCaller ?? store.#handle;
  }

  /** @internal As {@link Store.handle} of the store itself. */
  static ownHandle(store: Store): object {
    return store.#handle;
  }

  /** @internal The native store of `store`, which must be the one that the object belongs to. */
  static nativeOwner(owner: Store, store: Storelike): NativeStore {
    if (Store.of('store', store) !== owner) {
      throw misuse('ERR_WRONG_STORE', 'the object belongs to another store');
    }
    return Store.native(owner, store);
  }

  /** @internal Makes `caller` the newest one; returns the one before. */
  static setCaller(store: Store, caller: Caller | undefined): Caller | undefined {
    const before = store.#caller;
    store.#caller = caller;
    return before;
  }

  /** @internal */
  static isNewestCaller(store: Store, caller: Caller | undefined): boolean {
    return store.#caller === caller;
  }

  /**
   * @internal Has the guest's fuel be given out in slices of `every`, and `hook` called at each transition between
   * guest and host; `null` gives it back whole. Refuses a store that yields at intervals, which are slices too.
   */
  static sliceFuel(store: Store, every: null): void;
  /** @internal */
  static sliceFuel(store: Store, every: bigint, hook: (kind: CallHook) => void): void;
  /** @internal */
  static sliceFuel(store: Store, every: bigint | null, hook?: (kind: CallHook) => void): void {
    if (store.#fuelYields) {
      throw misuse('ERR_FUEL_YIELDS', 'the store yields at fuel intervals, which are slices too');
    }
    const all = store.getFuel();
    const slices = every === null || hook === undefined ? undefined : { every, reserve: 0n, hook };
    store.#setHooks(slices?.hook, store.#userHook);
    store.#fuelSlices = slices;
    store.setFuel(all);
  }

  /** @internal What is left of the slice. */
  static fuelOfSlice(store: Store): bigint {
    return store.#native.getFuel();
  }

  /** @internal Less than what is left of the slice is used up. */
  static useFuelOfSlice(store: Store, fuel: bigint): void {
    store.#native.setFuel(store.#native.getFuel() - fuel);
  }

  /** @internal A slice from what is left, of which `used` counts as used; none when nothing is. */
  static nextFuelSlice(store: Store, used: bigint): void {
    const slices = store.#fuelSlices;
    if (slices === undefined || slices.reserve === 0n) return;
    const { every, reserve } = slices;
    const whole = smaller(reserve, every);
    slices.reserve = reserve - whole;
    store.#native.setFuel(used < whole ? whole - used : 1n);
  }

  /** @internal The object that stands for an item, the same one as long as anything keeps it. */
  static item(store: Store, identity: string, make: () => object): object {
    return store.#items.getOrMake(identity, make);
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
  static hasRecorder(store: Store): boolean {
    return store.#recorder !== undefined;
  }

  /** @internal */
  static releaseRecorder(store: Store): void {
    store.#recorder = undefined;
  }

  /** @internal Its guest waits for JavaScript to give it input. */
  static hasInputStream(store: Store): boolean {
    return store.#callbacks.wasiInput !== undefined;
  }

  /** @internal */
  static hasWasi(store: Store): boolean {
    return store.#hasWasi;
  }

  /** @internal */
  static is(value: unknown): value is Store {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Store, (value) => #native in value);
  }
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
