import type { NativeComponentInstancePre } from '../../generated/native.js';
import { Store, type Storelike } from '../store.js';
import type { Component } from './component.js';
import { ComponentInstance } from './component-instance.js';

/**
 * A component whose imports are resolved, from {@link ComponentLinker.instantiatePre}. Mirrors
 * `wasmtime::component::InstancePre`.
 */
export class ComponentInstancePre {
  /** What it makes instances of. */
  readonly component: Component;
  readonly #native: NativeComponentInstancePre;
  readonly #prepare: (store: Storelike) => Store;

  private constructor(
    component: Component,
    nativePre: NativeComponentInstancePre,
    prepare: (store: Storelike) => Store,
  ) {
    this.component = component;
    this.#native = nativePre;
    this.#prepare = prepare;
  }

  /**
   * Makes an instance. Mirrors `InstancePre::instantiate`.
   *
   * @throws as {@link ComponentLinker.instantiate}.
   */
  instantiate(store: Storelike): ComponentInstance {
    const owner = this.#prepare(store);
    const instance = this.#native.instantiate(Store.native(owner));
    return ComponentInstance.fromNative(owner, this.component, instance);
  }

  /** @internal `prepare` checks the store and gives it what it must keep. */
  static create(
    component: Component,
    nativePre: NativeComponentInstancePre,
    prepare: (store: Storelike) => Store,
  ): ComponentInstancePre {
    return new ComponentInstancePre(component, nativePre, prepare);
  }
}
