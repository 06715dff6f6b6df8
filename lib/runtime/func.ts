import type { NativeFunc } from '../generated/native.js';
import { hot, native } from '../native.js';
import {
  type AsyncCallOptions,
  callAsync,
  callAtOnce,
  checkAsyncCallOptions,
} from './async-calls.js';
import { type AsyncHostFunction, asyncHostDispatch } from './async-func.js';
import { Caller } from './caller.js';
import { checkFunction } from './check.js';
import { misuse, WasmtimeError, wrongType } from './errors.js';
import type { ExnRef } from './exn-ref.js';
import { checkInternal, guardReceivers, INTERNAL, invalidThis, isObject } from './internal.js';
import { GcRef, referenceClasses, toNative, wrapReference } from './reference.js';
import { Store, type Storelike } from './store.js';
import { asValType, checkFuncType, type FuncType, type ValType } from './types.js';
import {
  checkCount,
  decode,
  decodeOne,
  encode,
  encodeOne,
  isNumber,
  putNumber,
  type References,
  type ResultOf,
  type ValueOf,
  type ValuesOf,
} from './values.js';

/** What a host function with results of these types returns: anything, the one value, or all of them. */
export type HostResult<R extends readonly ValType[]> = number extends R['length']
  ? unknown
  : R extends readonly []
    ? unknown
    : R extends readonly [infer T extends ValType]
      ? ValueOf<T>
      : Readonly<ValuesOf<R>>;

/**
 * A host function: takes the caller and the arguments, returns nothing, the result, or all results.
 * With a type parameter for what it returns, TypeScript takes `[1, 2n]` for a pair and not for a list.
 */
export type HostFunction<
  P extends readonly ValType[],
  R extends readonly ValType[],
  O extends HostResult<R> = HostResult<R>,
> = (caller: Caller, ...args: ValuesOf<P>) => O;

/** What native code calls for a host function. @internal */
export type Dispatch = (store: object, references?: unknown[]) => unknown;

/** How a function is called by its own store. */
interface Plan extends FuncType {
  /** The function and its store. */
  readonly bound: object;
  /** How many parameters there are, if that is at most two, with at most one result, and all are numbers; else -1. */
  readonly plainCount: number;
  readonly first: ValType | undefined;
  readonly second: ValType | undefined;
}

/**
 * A function of a store, WebAssembly's or the host's: one object for each function, while anything keeps it. Mirrors
 * `wasmtime::Func`.
 *
 * @example
 * ```js
 * import { Engine, Func, Store } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine());
 * const double = Func.wrap(store, { params: ['i32'], results: ['i32'] }, (caller, n) => 2 * n);
 * console.log(double.call(store, 21)); // 42
 * ```
 */
export class Func {
  /** The store that the function belongs to. */
  readonly store: Store;
  readonly #native: NativeFunc;
  #handle: object | undefined;
  #plan: Plan | undefined;
  #type: FuncType | undefined;

  private constructor(key: typeof INTERNAL, store: Store, nativeFunc: NativeFunc) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeFunc;
  }

  /**
   * Makes a host function. What it throws unwinds the guest and comes out of the outer call, the very
   * same value; but an {@link ExnRef} is thrown in the guest, which may catch it. Mirrors `Func::new`.
   */
  static wrap<
    const P extends readonly ValType[],
    const R extends readonly ValType[],
    const O extends HostResult<R>,
  >(store: Storelike, type: FuncType<P, R>, fn: HostFunction<P, R, O>): Func {
    return Func.#ofHost(store, type, fn, false);
  }

  /**
   * Makes a host function that may return a promise, as {@link Linker.funcWrapAsync}. From then on only
   * asynchronous calls enter the store. Mirrors `Func::wrap_async`.
   *
   * @throws TypeError `ERR_ASYNC_REQUIRED` in the middle of a call whose guest can't be suspended: a synchronous one, or one of
   * a store where nothing could suspend it so far.
   */
  static wrapAsync<
    const P extends readonly ValType[],
    const R extends readonly ValType[],
    const O extends HostResult<R>,
  >(store: Storelike, type: FuncType<P, R>, fn: AsyncHostFunction<P, R, O>): Func {
    return Func.#ofHost(store, type, fn, true);
  }

  static #ofHost(store: Storelike, type: FuncType, fn: unknown, isAsync: boolean): Func {
    const owner = Store.of('store', store);
    // Once: a getter may tell another type each time.
    const { params, results } = checkFuncType('type', type);
    const dispatch = (isAsync ? asyncHostDispatch : hostDispatch)({ params, results }, fn);
    const nativeStore = Store.native(owner, store);
    const given: Parameters<typeof native.createAsyncFunc> = [
      nativeStore,
      [...params],
      [...results],
      dispatch,
    ];
    const made = isAsync ? native.createAsyncFunc(...given) : native.NativeFunc.create(...given);
    Store.retain(owner, dispatch);
    return Func.fromNative(owner, made);
  }

  /** Value types by their text format's names; those that don't cross to JavaScript included. */
  get type(): { readonly params: readonly string[]; readonly results: readonly string[] } {
    return this.#funcType();
  }

  /**
   * Calls the function. Numbers are `number`s, i64 is `bigint`, v128 a `Uint8Array` of 16 bytes,
   * funcref a `Func` or null, externref anything. Returns nothing, the result, or an array of all
   * results. Mirrors `Func::call`.
   *
   * @throws Trap when the guest traps, WasiExit when it exits, whatever a host function threw,
   * TypeError or RangeError for arguments that don't fit the function's type.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a function returns is in its type at run time.
  call(store: Storelike, ...args: unknown[]): any {
    if (!Func.is(this)) throw invalidThis(Func, 'call');
    // Most calls are by the store itself.
    if (store !== this.store) return this.#callVia(store, args);
    const plan = this.#plan ?? this.#makePlan();
    const references = putPlain(plan, args) ? undefined : this.#encode(plan.params, args);
    const found =
      references === undefined ? hot.callBound(plan.bound) : hot.callBound(plan.bound, references);
    return this.#decode(plan.results, found);
  }

  /** By a caller. */
  #callVia(store: Storelike, args: unknown[]): unknown {
    const owner = this.store;
    Store.nativeOwner(owner, store);
    const { params, results } = this.#funcType();
    const references = this.#encode(params, args);
    const handle = Store.handle(owner, store);
    const found =
      references === undefined
        ? hot.call(this.#nativeHandle(), handle)
        : hot.call(this.#nativeHandle(), handle, references);
    return this.#decode(results, found);
  }

  /**
   * Calls the function on a fiber: the event loop goes on while the guest waits for the promise of a
   * host function ({@link Linker.funcWrapAsync}) or for WASI, and when it yields ({@link
   * Store.epochDeadlineAsyncYieldAndUpdate}, {@link Store.fuelAsyncYieldInterval}). It begins at once. The
   * last argument, after those of the function, may be {@link AsyncCallOptions}. Mirrors
   * `Func::call_async`.
   *
   * Where nothing in the store can suspend a guest, and there is no signal, it needs no fiber, and costs little more than
   * {@link Func.call}.
   *
   * Until the promise settles, only what the guest calls may use the store. Of that, an async host function
   * may make such calls itself, one at a time, with its caller as the store: they are part of its own, and
   * end with it.
   *
   * @returns a promise of what {@link Func.call} returns; it rejects with what that throws, TypeError
   * `ERR_STORE_IN_USE` in the store's own callbacks or while another call of it is under way, or the
   * signal's reason.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a function returns is in its type at run time.
  callAsync(store: Storelike, ...args: unknown[]): Promise<any> {
    if (!Func.is(this)) return Promise.reject(invalidThis(Func, 'callAsync'));
    // Not an async function, which would take a turn of its own for a guest that never waits.
    try {
      const plan = this.#plan ?? this.#makePlan();
      if (store === this.store && putPlain(plan, args)) {
        return Promise.resolve(this.#startOwnCall(plan, undefined));
      }
      if (Caller.isStarting(store)) {
        return Promise.resolve().then(() => this.#startCall(store, args));
      }
      return Promise.resolve(this.#startCall(store, args));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What the guest returns, or a promise of it. */
  #startCall(store: Storelike, args: unknown[]): unknown {
    const owner = Store.nativeOwner(this.store, store);
    const { params, results } = this.#funcType();
    const hasOptions = args.length === params.length + 1;
    const options = checkAsyncCallOptions(hasOptions ? args.pop() : undefined);
    const references = this.#encode(params, args);
    if (store === this.store && options.signal === undefined) {
      return this.#startOwnCall(this.#plan ?? this.#makePlan(), references);
    }
    return callAsync(
      this.store.engine,
      store,
      options,
      (id, ticker) => native.NativeAsyncCall.call(id, owner, ticker, this.#native, references),
      (found) => this.#decode(results, found as unknown[] | undefined),
    );
  }

  /** As {@link Func.#startCall}, by the store itself; the arguments are in their slots. */
  #startOwnCall({ bound, results }: Plan, references: unknown[] | undefined): unknown {
    const atOnce =
      references === undefined ? hot.callAtOnce(bound) : hot.callAtOnce(bound, references);
    if (atOnce !== false) return this.#decode(results, atOnce);
    // It did nothing, so that they still are.
    const [func, handle] = [this.#nativeHandle(), Store.ownHandle(this.store)];
    return callAtOnce(
      (id) =>
        references === undefined
          ? hot.startCall(func, handle, id)
          : hot.startCall(func, handle, id, references),
      (found) => this.#decode(results, found),
    );
  }

  /**
   * The function with its type known to TypeScript. Mirrors `Func::typed`.
   *
   * @throws TypeError `ERR_FUNC_TYPE` when the function's type is another.
   */
  typed<const P extends readonly ValType[], const R extends readonly ValType[]>(
    type: FuncType<P, R>,
  ): TypedFunc<P, R> {
    const asked = checkFuncType('type', type);
    const found = this.#funcType();
    const text = ({ params, results }: FuncType) => `(${params}) -> (${results})`;
    if (text(asked) !== text(found)) {
      throw misuse('ERR_FUNC_TYPE', `the function is ${text(found)}, not ${text(asked)}`);
    }
    return new TypedFunc(INTERNAL, this);
  }

  #encode(params: readonly ValType[], args: unknown[]): unknown[] | undefined {
    if (args.length !== params.length) {
      throw misuse(
        'ERR_ARGUMENT_COUNT',
        `the function takes ${params.length} arguments, got ${args.length}`,
      );
    }
    return encode('args', params, args, REFERENCES, this.store);
  }

  #decode(results: readonly ValType[], found: unknown[] | undefined): unknown {
    if (results.length > 1) return decode(results, found, REFERENCES, this.store);
    const type = results[0];
    return type && decodeOne(0, type, found, REFERENCES, this.store);
  }

  #makePlan(): Plan {
    const { params, results } = this.#funcType();
    const bound = hot.bind(this.#nativeHandle(), Store.ownHandle(this.store));
    const isPlain =
      params.length <= 2 && results.length <= 1 && [...params, ...results].every(isNumber);
    const [first, second] = params;
    const plainCount = isPlain ? params.length : -1;
    this.#plan = { bound, params, results, plainCount, first, second };
    return this.#plan;
  }

  #nativeHandle(): object {
    this.#handle ??= this.#native.handle;
    return this.#handle;
  }

  #funcType(): FuncType {
    this.#type ??= {
      params: this.#native.params.map(asValType),
      results: this.#native.results.map(asValType),
    };
    return this.#type;
  }

  /** @internal The function that stands for it in its store. */
  static fromNative(store: Store, nativeFunc: NativeFunc): Func {
    const make = () => new Func(INTERNAL, store, nativeFunc);
    return Store.item(store, nativeFunc.identity, make) as Func;
  }

  /** @internal */
  static native(func: Func): NativeFunc {
    return func.#native;
  }

  /** @internal */
  static is(value: unknown): value is Func {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Func, (value) => #native in value, ['call', 'callAsync']);
  }
}

/**
 * A function whose type TypeScript knows. Mirrors `wasmtime::TypedFunc`.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const store = new Store(engine);
 * const module = Module.compile(
 *   engine,
 *   '(module (func (export "half") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))',
 * );
 * const instance = new Linker(engine).instantiate(store, module);
 * const half = instance.getTypedFunc(store, 'half', { params: ['i32', 'i32'], results: ['i32'] });
 * console.log(half.call(store, 84, 2)); // 42
 * ```
 */
export class TypedFunc<
  P extends readonly ValType[] = readonly ValType[],
  R extends readonly ValType[] = readonly ValType[],
> {
  /** The function itself. */
  readonly func: Func;
  readonly #func: Func;

  /** @internal */
  constructor(key: typeof INTERNAL, func: Func) {
    checkInternal(key, new.target);
    this.func = func;
    this.#func = func;
  }

  /** As {@link Func.call}. */
  call(store: Storelike, ...args: ValuesOf<P>): ResultOf<R> {
    if (!TypedFunc.is(this)) throw invalidThis(TypedFunc, 'call');
    return this.#func.call(store, ...args) as ResultOf<R>;
  }

  /** As {@link Func.callAsync}. */
  callAsync(
    store: Storelike,
    ...args: [...ValuesOf<P>, options?: AsyncCallOptions]
  ): Promise<ResultOf<R>> {
    return this.#func.callAsync(store, ...args);
  }

  /** @internal */
  static is(value: unknown): value is TypedFunc {
    return isObject(value) && #func in value;
  }

  static {
    guardReceivers(TypedFunc, (value) => #func in value, ['call']);
  }
}

/** Puts the arguments of a call into their slots, if it is a plain one; false for another. */
function putPlain({ plainCount, first, second }: Plan, args: readonly unknown[]): boolean {
  if (args.length !== plainCount) return false;
  if (first !== undefined) putNumber('args', 0, first, args[0]);
  if (second !== undefined) putNumber('args', 1, second, args[1]);
  return true;
}

/** Types of which any value is. */
const EXTERN_TYPES: readonly string[] = ['externref', '(ref extern)', 'nullexternref'];

/** @internal References cross as the native objects of `Func`s, and as any value for `externref`. */
export const REFERENCES: References = {
  toNative(what, type, value, store) {
    if (value === null) return null;
    if (EXTERN_TYPES.includes(type)) return toNative(value, store);
    if (GcRef.is(value)) return toNative(value, store);
    if (!Func.is(value)) throw wrongType(what, `a Func, a GcRef or null (${type})`, value);
    if (value.store !== store) {
      throw misuse('ERR_WRONG_STORE', `${what}: the function belongs to another store`);
    }
    return Func.native(value);
  },
  fromNative(type, value, store) {
    if (value instanceof native.NativeFunc && !EXTERN_TYPES.includes(type)) {
      return Func.fromNative(store, value);
    }
    return wrapReference(value, store);
  },
};

/** @internal */
export function hostDispatch({ params, results }: FuncType, fn: unknown): Dispatch {
  checkCount('type.params', params);
  checkCount('type.results', results);
  checkFunction('fn', fn);
  const host = fn as unknown as (caller: Caller, ...args: unknown[]) => unknown;
  const invoke = invoker(params, host);
  return (store, references) => {
    const caller = new Caller(INTERNAL, store as Store);
    let returned: unknown;
    try {
      returned = invoke(caller, store as Store, references);
    } catch (error) {
      throw asException(error, store as Store);
    } finally {
      Caller.end(caller);
    }
    return encodeResults(results, returned, store as Store);
  };
}

/** @internal Calls `host` with values of these types; most have few, and need no list. */
export function invoker(
  params: readonly ValType[],
  host: (caller: Caller, ...args: unknown[]) => unknown,
): (caller: Caller, store: Store, found: unknown[] | undefined) => unknown {
  const [first, second] = params;
  if (first === undefined) return (caller) => host(caller);
  if (second === undefined) {
    return (caller, store, found) => host(caller, decodeOne(0, first, found, REFERENCES, store));
  }
  if (params.length === 2) {
    return (caller, store, found) => {
      const value = decodeOne(0, first, found, REFERENCES, store);
      return host(caller, value, decodeOne(1, second, found, REFERENCES, store));
    };
  }
  return (caller, store, found) => host(caller, ...decode(params, found, REFERENCES, store));
}

/** @internal An exception of WebAssembly's as native code throws it into the guest, anything else as it is. */
export function asException(error: unknown, store: Store): unknown {
  const exception = error instanceof WasmtimeError ? error.exception : error;
  const isException = referenceClasses.exn?.is(exception) && exception.store === store;
  return isException ? GcRef.native(exception) : error;
}

/** @internal Puts what a host function returned where native code reads it. */
export function encodeResults(
  results: readonly ValType[],
  returned: unknown,
  store: Store,
): unknown {
  if (results.length === 0) return undefined;
  const what = 'results of the host function';
  if (results.length === 1) {
    return encodeOne(what, results[0] as ValType, returned, REFERENCES, store);
  }
  if (!Array.isArray(returned) || returned.length !== results.length) {
    throw wrongType(what, `an array of ${results.length} values`, returned);
  }
  // A copy: to read an element of theirs may run code of theirs, which may use the slots.
  return encode(what, results, [...returned], REFERENCES, store);
}
