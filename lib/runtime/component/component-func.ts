import type { NativeComponentFunc } from '../../generated/native.js';
import { hot, native } from '../../native.js';
import { callAsync, checkAsyncCallOptions } from '../async-calls.js';
import { Caller } from '../caller.js';
import { checkFunction } from '../check.js';
import { misuse } from '../errors.js';
import { checkInternal, guardReceivers, INTERNAL, invalidThis, isObject } from '../internal.js';
import { Store, type Storelike } from '../store.js';
import type { Packet } from './encoder.js';
import { Plan } from './plan.js';
import { type ComponentFuncType, componentFuncType } from './wit-type.js';

/**
 * A host function of a component: takes the store and the arguments, returns the result. Where the result
 * is a WIT `result`, it returns the value of `ok`, and throws a {@link ComponentError} for `err`.
 */
// biome-ignore lint/suspicious/noExplicitAny: what it takes and returns is in its type at run time.
export type ComponentHostFunction = (store: Store, ...args: any[]) => unknown;

/**
 * A function that a component exports. Mirrors `wasmtime::component::Func`.
 *
 * @example
 * ```js
 * import { Component, ComponentLinker, Engine, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const component = Component.compile(engine, `(component
 *   (core module $m (func (export "one") (result i32) (i32.const 1)))
 *   (core instance $i (instantiate $m))
 *   (func (export "one") (result u32) (canon lift (core func $i "one"))))`);
 * const store = new Store(engine);
 * const one = new ComponentLinker(engine).instantiate(store, component).getFunc(store, 'one');
 * console.log(await one.callAsync(store)); // 1
 * ```
 */
export class ComponentFunc {
  /** The store that the function belongs to. */
  readonly store: Store;
  readonly #native: NativeComponentFunc;
  #type: ComponentFuncType | undefined;
  #plan: Plan | undefined;
  #handle: object | undefined;

  private constructor(key: typeof INTERNAL, store: Store, nativeFunc: NativeComponentFunc) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeFunc;
  }

  /** The types of parameters and result. Mirrors `Func::ty`. */
  get type(): ComponentFuncType {
    this.#type ??= componentFuncType(this.#native.ty());
    return this.#type;
  }

  /**
   * Calls the function, and its post-return. Values are those of jco: see docs/components.md. Mirrors
   * `Func::call`.
   *
   * @throws ComponentError when the function returns the error of a `result`; Trap when the guest traps,
   * WasiExit when it exits, whatever a host function threw; TypeError or RangeError for arguments that
   * don't fit, with their place: `args[0].name`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a function returns is in its type at run time.
  call(store: Storelike, ...args: unknown[]): any {
    if (!ComponentFunc.is(this)) throw invalidThis(ComponentFunc, 'call');
    Store.nativeOwner(this.store, store);
    if (this.type.async) {
      throw misuse('ERR_ASYNC_REQUIRED', 'the function is async: use callAsync');
    }
    this.#plan ??= new Plan(this.type);
    this.#handle ??= this.#native.handle;
    const encoder = this.#plan.encodeArguments(this.store, args);
    let returned: Packet | undefined;
    try {
      const handle = Store.handle(this.store, store);
      returned = hot.callComponent(this.#handle, handle, encoder.values());
    } finally {
      encoder.end();
    }
    return this.#plan.decodeResult(this.store, returned);
  }

  /**
   * Calls the function, and its post-return, on a fiber, as {@link Func.callAsync} does: the event loop goes
   * on while the guest waits for the promise of a host function ({@link LinkerInstance.funcNewAsync}) or for
   * WASI ({@link ComponentLinker.addWasiAsync}), and when it yields. The last argument, after those of the
   * function, may be {@link AsyncCallOptions}. Mirrors `Func::call_async`.
   *
   * A call that was ended by its signal has left its component in the middle of something: as after a trap, the
   * components of its store can't be entered any more.
   *
   * @returns a promise of what {@link ComponentFunc.call} returns; it rejects with what that throws, TypeError
   * `ERR_STORE_IN_USE` in the store's own callbacks or while another call of it is under way, WasmtimeError
   * `ERR_COMPONENT_TASKS` within a task that has outlived the host function in which it began, or the
   * signal's reason.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a function returns is in its type at run time.
  async callAsync(store: Storelike, ...args: unknown[]): Promise<any> {
    if (Caller.isStarting(store)) await undefined;
    const owner = Store.nativeOwner(this.store, store);
    const hasOptions = args.length === this.type.params.length + 1;
    const options = checkAsyncCallOptions(hasOptions ? args.pop() : undefined);
    this.#plan ??= new Plan(this.type);
    const plan = this.#plan;
    const encoder = plan.encodeArguments(this.store, args);
    const values = encoder.packet();
    try {
      return await callAsync(
        this.store.engine,
        store,
        options,
        (id, ticker) => native.callComponentAsync(id, owner, ticker, this.#native, values),
        (returned) => plan.decodeResult(this.store, returned as Packet),
      );
    } finally {
      encoder.end();
    }
  }

  /** @internal */
  static fromNative(store: Store, nativeFunc: NativeComponentFunc): ComponentFunc {
    return new ComponentFunc(INTERNAL, store, nativeFunc);
  }

  /** @internal */
  static is(value: unknown): value is ComponentFunc {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(ComponentFunc, (value) => #native in value, ['call']);
  }
}

/** What native code calls for a host function. @internal */
export type ComponentDispatch = (
  store: object,
  number: number,
  type?: Parameters<typeof componentFuncType>[0] | null,
  values?: Packet,
) => number | Packet;

/** @internal */
export function componentDispatch(name: string, fn: ComponentHostFunction): ComponentDispatch {
  checkFunction('fn', fn);
  const plans: Plan[] = [];
  return (storeObject, number, nativeType, values) => {
    const store = storeObject as Store;
    if (nativeType) plans[number] = new Plan(componentFuncType(nativeType));
    const plan = plans[number] as Plan;
    const args = plan.decodeArguments(store, values);
    return plan.encodeResult(store, name, () => fn(store, ...args));
  };
}
