import type {
  NativeComponent,
  NativeComponentInstancePre,
  NativeComponentLinker,
} from '../../generated/native.js';
import { native } from '../../native.js';
import type { AsyncCallOptions } from '../async-calls.js';
import { checkBoolean, checkFunction, checkString } from '../check.js';
import { Engine } from '../engine.js';
import { misuse, WasmtimeError } from '../errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../internal.js';
import { Module } from '../module.js';
import { Store, type Storelike } from '../store.js';
import {
  type AsyncComponentDispatch,
  type AsyncComponentHostFunction,
  asyncComponentDispatch,
} from './async-component-func.js';
import { AsyncImports } from './async-imports.js';
import { Component } from './component.js';
import { type ComponentHostFunction, componentDispatch } from './component-func.js';
import type { ComponentInstance } from './component-instance.js';
import { ComponentInstancePre } from './component-instance-pre.js';
import type { NamedComponentItem } from './component-item.js';
import { HostResources } from './host-resources.js';
import { ResourceType } from './resource-type.js';

/** As Wasmtime 48 says it. */
const ASYNC_MISMATCH = 'type mismatch with async';

/**
 * Names what components import, and instantiates them. Mirrors `wasmtime::component::Linker`.
 *
 * Definitions throw WasmtimeError `ERR_LINK` for a name that is defined already, unless
 * {@link ComponentLinker.allowShadowing} is on.
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
export class ComponentLinker {
  /** The engine whose components it links. */
  readonly engine: Engine;
  readonly #native: NativeComponentLinker;
  /** Host functions, which native code holds weakly. */
  readonly #dispatches: unknown[] = [];
  readonly #asyncImports = new AsyncImports();
  #wasi: 'sync' | 'async' | undefined;

  constructor(engine: Engine) {
    const nativeEngine = Engine.native('engine', engine);
    this.engine = engine;
    this.#native = Engine.own(engine, new native.NativeComponentLinker(nativeEngine));
  }

  /** Whether a definition may replace an older one. Mirrors `Linker::allow_shadowing`. */
  allowShadowing(allow: boolean): this {
    this.#native.allowShadowing(checkBoolean('allow', allow));
    return this;
  }

  /** Where the imports of components themselves are defined. Mirrors `Linker::root`. */
  root(): LinkerInstance {
    return new LinkerInstance(
      INTERNAL,
      this.#native,
      this.#dispatches,
      this.#asyncImports,
      this.engine,
      [],
    );
  }

  /** An instance to define, or to define more of: `wasi:http/types@0.2.0`. Mirrors `Linker::instance`. */
  instance(name: string): LinkerInstance {
    return this.root().instance(name);
  }

  /**
   * Defines each function and resource that `component` imports and nobody has defined as one that traps.
   * Mirrors `Linker::define_unknown_imports_as_traps`.
   */
  defineUnknownImportsAsTraps(component: Component): this {
    const nativeComponent = Component.native('component', component);
    this.#sameEngine(component.engine);
    this.#native.defineUnknownImportsAsTraps(nativeComponent);
    // Only async functions can be what `async func` imports.
    for (const { name, item } of component.imports) {
      const functions = item.kind === 'instance' ? item.exports : [{ name, item }];
      const path = item.kind === 'instance' ? [name] : [];
      for (const { name, item } of functions) {
        if (item.kind === 'func' && item.async) this.#asyncImports.set([...path, name], true);
      }
    }
    return this;
  }

  /**
   * Defines WASI preview 2: `wasi:cli`, `wasi:clocks`, `wasi:filesystem`, `wasi:io`, `wasi:random` and
   * `wasi:sockets`, for stores with a {@link WasiConfig}, see {@link Store.setWasi}. What waits for long ends
   * when the store's {@link InterruptHandle} does. Mirrors `wasmtime_wasi::p2::add_to_linker_sync`.
   */
  addWasi(): this {
    this.#native.addWasi();
    return this.#hasWasi('sync');
  }

  /**
   * Defines WASI preview 2 for asynchronous calls: the event loop goes on while a guest waits in `wasi:io`, for
   * input, files, sockets or clocks. What imports it is instantiated by
   * {@link ComponentLinker.instantiateAsync}. Mirrors `wasmtime_wasi::p2::add_to_linker_async`.
   */
  addWasiAsync(): this {
    this.#native.addWasiAsync();
    return this.#hasWasi('async');
  }

  #resolve(component: Component, nativeComponent: NativeComponent): NativeComponentInstancePre {
    try {
      return this.#native.instantiatePre(nativeComponent);
    } catch (error) {
      // Wasmtime's text names functions of its own that could be one.
      const path = asyncFuncIn([], component.imports);
      if (
        path === undefined ||
        !(error instanceof Error) ||
        !error.message.includes(ASYNC_MISMATCH)
      ) {
        throw error;
      }
      throw new WasmtimeError(
        `the component imports ${path.join('.')}, an async func of WASI 0.3: no host function can be one ` +
          'yet, funcNewAsync neither',
        'ERR_INSTANTIATE',
      );
    }
  }

  #hasWasi(kind: 'sync' | 'async'): this {
    this.#wasi = kind;
    this.#asyncImports.setWasi(kind === 'async');
    return this;
  }

  /**
   * Makes an instance of `component`, which runs the start functions of its modules. Mirrors
   * `Linker::instantiate`.
   *
   * @throws WasmtimeError `ERR_INSTANTIATE` for an import that nobody defined, or with another type; what
   * a start function throws or traps with; TypeError `ERR_WRONG_ENGINE` when the three aren't of one
   * engine, `ERR_ASYNC_REQUIRED` when the component imports what may suspend the guest.
   */
  instantiate(store: Storelike, component: Component): ComponentInstance {
    return this.instantiatePre(component).instantiate(store);
  }

  /**
   * Makes an instance of `component`, and runs the start functions of its modules on a fiber, as
   * {@link ComponentFunc.callAsync} does. Mirrors `Linker::instantiate_async`.
   *
   * @returns a promise, which rejects with what {@link ComponentLinker.instantiate} throws, TypeError
   * `ERR_STORE_IN_USE` in the store's own callbacks or while an asynchronous call of it is under way, or
   * the signal's reason.
   */
  async instantiateAsync(
    store: Storelike,
    component: Component,
    options?: AsyncCallOptions,
  ): Promise<ComponentInstance> {
    return await this.instantiatePre(component).instantiateAsync(store, options);
  }

  /**
   * Resolves the imports of `component` once, for many instances. Mirrors `Linker::instantiate_pre`.
   *
   * @throws as {@link ComponentLinker.instantiate}.
   */
  instantiatePre(component: Component): ComponentInstancePre {
    const nativeComponent = Component.native('component', component);
    this.#sameEngine(component.engine);
    const pre = this.#resolve(component, nativeComponent);
    const isAsync = this.#asyncImports.areIn(component);
    const isWasiSync = this.#wasi === 'sync';
    return ComponentInstancePre.create(component, pre, isAsync, (storelike) => {
      const store = Store.of('store', storelike);
      this.#sameEngine(store.engine);
      if (isWasiSync && Store.hasInputStream(store)) {
        throw misuse('ERR_ASYNC_REQUIRED', "the store's stdin is a stream: use addWasiAsync");
      }
      // The linker may be collected before the store.
      Store.retain(store, this.#dispatches);
      return store;
    });
  }

  #sameEngine(engine: Engine): void {
    if (engine !== this.engine) {
      throw misuse('ERR_WRONG_ENGINE', 'the linker, the store and the component need one engine');
    }
  }

  /** @internal */
  static is(value: unknown): value is ComponentLinker {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(ComponentLinker, (value) => #native in value && Engine.check(value.engine));
  }
}

/**
 * An instance in the making, from {@link ComponentLinker.instance}: a name with items. Mirrors
 * `wasmtime::component::LinkerInstance`.
 *
 * @example
 * ```js
 * import { ComponentLinker, Engine } from 'wasmtime-guest-profiler';
 *
 * const linker = new ComponentLinker(new Engine());
 * linker.root().instance('example:host/log').funcNew('write', (caller, text) => console.log(text));
 * ```
 */
export class LinkerInstance {
  readonly #native: NativeComponentLinker;
  readonly #dispatches: unknown[];
  readonly #asyncImports: AsyncImports;
  readonly #engine: Engine;
  readonly #path: string[];

  /** @internal */
  constructor(
    key: typeof INTERNAL,
    nativeLinker: NativeComponentLinker,
    dispatches: unknown[],
    asyncImports: AsyncImports,
    engine: Engine,
    path: string[],
  ) {
    checkInternal(key, new.target);
    this.#native = nativeLinker;
    this.#dispatches = dispatches;
    this.#asyncImports = asyncImports;
    this.#engine = engine;
    this.#path = path;
  }

  /** An instance within this one. Mirrors `LinkerInstance::instance`. */
  instance(name: string): LinkerInstance {
    const path = [...this.#path, checkString('name', name)];
    this.#native.instance(path);
    return new LinkerInstance(
      INTERNAL,
      this.#native,
      this.#dispatches,
      this.#asyncImports,
      this.#engine,
      path,
    );
  }

  /**
   * Defines a host function; its types are those of the component that imports it. What it throws, but for
   * a {@link ComponentError}, unwinds the guest and comes out of the outer call, the very same value.
   * Mirrors `LinkerInstance::func_new`.
   */
  funcNew(name: string, fn: ComponentHostFunction): this {
    return this.#defineFunc(name, componentDispatch(checkString('name', name), fn), false);
  }

  /**
   * Defines a host function that may return a promise: the guest is suspended until it settles, and the event
   * loop goes on. A rejection unwinds the guest, and the call rejects with the very same value, unless it is
   * a {@link ComponentError}. What imports it is instantiated by {@link ComponentLinker.instantiateAsync} and
   * called by {@link ComponentFunc.callAsync}. Resources that it borrows are its own until then. Mirrors
   * `LinkerInstance::func_new_async`.
   */
  funcNewAsync(name: string, fn: AsyncComponentHostFunction): this {
    return this.#defineFunc(name, asyncComponentDispatch(checkString('name', name), fn), true);
  }

  #defineFunc(name: string, dispatch: AsyncComponentDispatch, isAsync: boolean): this {
    this.#native.funcNew(this.#path, name, isAsync, dispatch);
    this.#dispatches.push(dispatch);
    this.#asyncImports.set([...this.#path, name], isAsync);
    return this;
  }

  /**
   * Defines a type of resources whose values are JavaScript objects: a guest gets handles of them, and
   * `drop` is called with one whose last handle the guest has dropped. Also defines a resource of another
   * instance, by its type. Mirrors `LinkerInstance::resource`.
   */
  resource(
    name: string,
    type: ResourceType,
    // biome-ignore lint/suspicious/noExplicitAny: an object of the host's own kind.
    drop: (store: Store, object: any) => void = () => {},
  ): this {
    checkString('name', name);
    const nativeType = ResourceType.native('type', type);
    checkFunction('drop', drop);
    const dispatch = (store: object, number: number): void => {
      if (!type.isHost) return;
      const object = HostResources.of(store as Store).remove(number);
      if (object !== undefined) drop(store as Store, object);
    };
    this.#native.resource(this.#path, name, nativeType, dispatch);
    this.#dispatches.push(dispatch);
    return this;
  }

  /** Defines a module. Mirrors `LinkerInstance::module`. */
  module(name: string, module: Module): this {
    const nativeModule = Module.native('module', module);
    if (module.engine !== this.#engine) {
      throw misuse('ERR_WRONG_ENGINE', 'the linker and the module need one engine');
    }
    this.#native.module(this.#path, checkString('name', name), nativeModule);
    return this;
  }

  /** @internal */
  static is(value: unknown): value is LinkerInstance {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(LinkerInstance, (value) => #native in value && Engine.check(value.#engine));
  }
}

/** The path of the first `async func` among imports. */
function asyncFuncIn(
  path: readonly string[],
  items: readonly NamedComponentItem[],
): readonly string[] | undefined {
  for (const { name, item } of items) {
    const own = [...path, name];
    if (item.kind === 'func' && item.async) return own;
    const within = item.kind === 'instance' ? asyncFuncIn(own, item.exports) : undefined;
    if (within !== undefined) return within;
  }
  return undefined;
}
