import type { NativeComponentInstance } from '../../generated/native.js';
import { checkArray, checkString } from '../check.js';
import { misuse } from '../errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../internal.js';
import { Module } from '../module.js';
import { Store, type Storelike } from '../store.js';
import type { Component } from './component.js';
import { ComponentFunc } from './component-func.js';
import { ResourceType } from './resource-type.js';

/**
 * The name of an export, or the names on the way to one: `['wasi:cli/run@0.2.0', 'run']`. An interface is
 * also found by a version that is compatible with its own.
 */
export type ExportPath = string | readonly string[];

/**
 * An instance of a component, from {@link ComponentLinker.instantiate}. Mirrors `wasmtime::component::Instance`.
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
 * const instance = new ComponentLinker(engine).instantiate(store, component);
 * console.log(instance.getFunc(store, 'one').call(store)); // 1
 * ```
 */
export class ComponentInstance {
  /** The store that the instance belongs to. */
  readonly store: Store;
  /** What it is an instance of. */
  readonly component: Component;
  readonly #native: NativeComponentInstance;

  private constructor(
    key: typeof INTERNAL,
    store: Store,
    component: Component,
    nativeInstance: NativeComponentInstance,
  ) {
    checkInternal(key, new.target);
    this.store = store;
    this.component = component;
    this.#native = nativeInstance;
  }

  /**
   * Mirrors `Instance::get_func`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no function at `path`.
   */
  getFunc(store: Storelike, path: ExportPath): ComponentFunc {
    const owner = Store.nativeOwner(this.store, store);
    const found = this.#native.getFunc(owner, names(path));
    if (found === null) throw noExport('function', path);
    return ComponentFunc.fromNative(this.store, found);
  }

  /**
   * Mirrors `Instance::get_module`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no module at `path`.
   */
  getModule(store: Storelike, path: ExportPath): Module {
    const owner = Store.nativeOwner(this.store, store);
    const found = this.#native.getModule(owner, names(path));
    if (found === null) throw noExport('module', path);
    return Module.fromNative(this.store.engine, found);
  }

  /**
   * The type of a resource that this instance exports. Mirrors `Instance::get_resource`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no resource at `path`.
   */
  getResource(store: Storelike, path: ExportPath): ResourceType {
    const owner = Store.nativeOwner(this.store, store);
    const found = this.#native.getResource(owner, names(path));
    if (found === null) throw noExport('resource', path);
    return ResourceType.fromNative(found);
  }

  /** @internal */
  static fromNative(
    store: Store,
    component: Component,
    nativeInstance: NativeComponentInstance,
  ): ComponentInstance {
    return new ComponentInstance(INTERNAL, store, component, nativeInstance);
  }

  /** @internal */
  static is(value: unknown): value is ComponentInstance {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(ComponentInstance, (value) => #native in value);
  }
}

function names(path: ExportPath): string[] {
  if (typeof path === 'string') return [path];
  return checkArray('path', path).map((name, i) => checkString(`path[${i}]`, name));
}

function noExport(kind: string, path: ExportPath): Error {
  const shown = names(path).join("' '");
  return misuse('ERR_NO_EXPORT', `the component exports no ${kind} '${shown}'`);
}
