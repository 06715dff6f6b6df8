import type { NativeResource } from '../../generated/native.js';
import { native } from '../../native.js';
import { type AsyncCallOptions, callAsync, checkAsyncCallOptions } from '../async-calls.js';
import { Caller } from '../caller.js';
import { misuse } from '../errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../internal.js';
import { Store, type Storelike } from '../store.js';
import { ResourceType } from './resource-type.js';

/**
 * A handle of a resource that a guest defines, or Wasmtime's own WASI: to be passed on to functions that
 * take it, and to be disposed of. Mirrors `wasmtime::component::ResourceAny`.
 *
 * One that is owned lives until it is given away as an `own`, disposed of, or its store is; one that is
 * borrowed until the host function that got it returns.
 *
 * @example
 * ```js
 * import { Component, ComponentLinker, Engine, ResourceAny, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const component = Component.compile(engine, `(component
 *   (type $file' (resource (rep i32)))
 *   (export $file "file" (type $file'))
 *   (core func $new (canon resource.new $file'))
 *   (core module $m
 *     (import "" "new" (func $new (param i32) (result i32)))
 *     (func (export "open") (result i32) (call $new (i32.const 7))))
 *   (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
 *   (func (export "open") (result (own $file)) (canon lift (core func $i "open"))))`);
 * const store = new Store(engine);
 * const instance = new ComponentLinker(engine).instantiate(store, component);
 * const file = instance.getFunc(store, 'open').call(store);
 * console.log(file instanceof ResourceAny); // true
 * file.dispose(store);
 * ```
 */
export class ResourceAny {
  /** The store that the resource belongs to. */
  readonly store: Store;
  readonly #native: NativeResource;

  private constructor(key: typeof INTERNAL, store: Store, nativeResource: NativeResource) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeResource;
  }

  /** Of resources of its kind. Mirrors `ResourceAny::ty`. */
  get type(): ResourceType {
    return ResourceType.fromNative(this.#native.ty());
  }

  /** Whether it is an `own`, else a `borrow`. Mirrors `ResourceAny::owned`. */
  get owned(): boolean {
    return this.#native.owned;
  }

  /**
   * Drops the resource, which runs the guest's destructor if it is owned. Once more does nothing. Mirrors
   * `ResourceAny::resource_drop`.
   *
   * @param store - an async host function's caller after an `await`; otherwise the resource's own store.
   * @throws what the destructor throws or traps with; WasmtimeError `ERR_RESOURCE` while it is lent.
   */
  dispose(store: Storelike = this.store): void {
    this.#native.dropResource(Store.nativeOwner(this.store, store));
  }

  /**
   * As {@link ResourceAny.dispose}, with the destructor on a fiber, where it may wait and yield. Mirrors
   * `ResourceAny::resource_drop_async`.
   *
   * @param store - as of {@link ResourceAny.dispose}.
   * @returns a promise, which rejects with what `dispose` throws, TypeError `ERR_STORE_IN_USE` in the store's
   * own callbacks or while an asynchronous call of it is under way, or the signal's reason.
   */
  async disposeAsync(store: Storelike = this.store, options?: AsyncCallOptions): Promise<void> {
    if (Caller.isStarting(store)) await undefined;
    const owner = Store.nativeOwner(this.store, store);
    const checked = checkAsyncCallOptions(options);
    if (this.#native.gone) return;
    await callAsync(
      this.store.engine,
      store,
      checked,
      (id, ticker) => native.dropResourceAsync(id, owner, ticker, this.#native),
      () => {},
    );
  }

  /** {@link ResourceAny.disposeAsync}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.disposeAsync();
  }

  /** {@link ResourceAny.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  static fromNative(store: Store, nativeResource: NativeResource): ResourceAny {
    return new ResourceAny(INTERNAL, store, nativeResource);
  }

  /** @internal The native handle, if it can be passed to a function of `store`. */
  static native(what: string, resource: ResourceAny, store: Store): NativeResource {
    if (resource.store !== store) {
      throw misuse('ERR_WRONG_STORE', `${what}: the resource belongs to another store`);
    }
    if (resource.#native.gone) {
      throw misuse('ERR_DISPOSED', `${what}: the resource was given away or disposed of`);
    }
    return resource.#native;
  }

  /** @internal */
  static checkType(what: string, resource: ResourceAny, type: ResourceType): void {
    if (!resource.type.equals(type)) {
      throw misuse('ERR_RESOURCE_TYPE', `${what}: the resource is of another type`);
    }
  }

  /** @internal */
  static is(value: unknown): value is ResourceAny {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(ResourceAny, (value) => #native in value);
  }
}
