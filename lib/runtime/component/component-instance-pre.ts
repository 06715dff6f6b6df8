import type {
  NativeComponentInstance,
  NativeComponentInstancePre,
} from '../../generated/native.js';
import { native } from '../../native.js';
import type { AsyncCallOptions } from '../async-calls.js';
import { instantiateAsync } from '../async-instantiation.js';
import { Caller } from '../caller.js';
import { Engine } from '../engine.js';
import { mustBeAsync } from '../instance-pre.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../internal.js';
import { Store, type Storelike } from '../store.js';
import type { Component } from './component.js';
import { ComponentInstance } from './component-instance.js';

/**
 * A component whose imports are resolved, from {@link ComponentLinker.instantiatePre}. Mirrors
 * `wasmtime::component::InstancePre`.
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
 * const pre = new ComponentLinker(engine).instantiatePre(component);
 * const store = new Store(engine);
 * console.log(pre.instantiate(store).getFunc(store, 'one').call(store)); // 1
 * ```
 */
export class ComponentInstancePre {
  /** What it makes instances of. */
  readonly component: Component;
  readonly #native: NativeComponentInstancePre;
  readonly #isAsync: boolean;
  readonly #prepare: (store: Storelike) => Store;

  private constructor(
    key: typeof INTERNAL,
    component: Component,
    nativePre: NativeComponentInstancePre,
    isAsync: boolean,
    prepare: (store: Storelike) => Store,
  ) {
    checkInternal(key, new.target);
    this.component = component;
    this.#native = Engine.own(component.engine, nativePre);
    this.#isAsync = isAsync;
    this.#prepare = prepare;
  }

  /**
   * Makes an instance. Mirrors `InstancePre::instantiate`.
   *
   * @throws as {@link ComponentLinker.instantiate}.
   */
  instantiate(store: Storelike): ComponentInstance {
    const owner = this.#prepare(store);
    if (this.#isAsync) throw mustBeAsync('component');
    const instance = this.#native.instantiate(Store.native(owner, store));
    return ComponentInstance.fromNative(owner, this.component, instance);
  }

  /** As {@link ComponentLinker.instantiateAsync}. Mirrors `InstancePre::instantiate_async`. */
  async instantiateAsync(store: Storelike, options?: AsyncCallOptions): Promise<ComponentInstance> {
    if (Caller.isStarting(store)) await undefined;
    const owner = this.#prepare(store);
    return await instantiateAsync(
      { owner, store, isAsync: this.#isAsync, options },
      (id, store, ticker) => native.instantiateComponentAsync(id, store, ticker, this.#native),
      (instance) =>
        ComponentInstance.fromNative(owner, this.component, instance as NativeComponentInstance),
    );
  }

  /** @internal `isAsync`: what it imports may suspend; `prepare` checks the store and gives it what it must keep. */
  static create(
    component: Component,
    nativePre: NativeComponentInstancePre,
    isAsync: boolean,
    prepare: (store: Storelike) => Store,
  ): ComponentInstancePre {
    return new ComponentInstancePre(INTERNAL, component, nativePre, isAsync, prepare);
  }

  /** @internal */
  static is(value: unknown): value is ComponentInstancePre {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(
      ComponentInstancePre,
      (value) => #native in value && Engine.check(value.component.engine),
    );
  }
}
