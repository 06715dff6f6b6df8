import type { NativeComponentLinker } from '../../generated/native.js';
import { native } from '../../native.js';
import { checkBoolean, checkFunction, checkString } from '../check.js';
import { Engine } from '../engine.js';
import { misuse } from '../errors.js';
import { Module } from '../module.js';
import { Store, type Storelike } from '../store.js';
import { Component } from './component.js';
import { type ComponentHostFunction, componentDispatch } from './component-func.js';
import type { ComponentInstance } from './component-instance.js';
import { ComponentInstancePre } from './component-instance-pre.js';
import { HostResources } from './host-resources.js';
import { ResourceType } from './resource-type.js';

/**
 * Names what components import, and instantiates them. Mirrors `wasmtime::component::Linker`.
 *
 * Definitions throw WasmtimeError `ERR_LINK` for a name that is defined already, unless
 * {@link ComponentLinker.allowShadowing} is on.
 */
export class ComponentLinker {
  /** The engine whose components it links. */
  readonly engine: Engine;
  readonly #native: NativeComponentLinker;
  /** Host functions, which native code holds weakly. */
  readonly #dispatches: unknown[] = [];

  constructor(engine: Engine) {
    const nativeEngine = Engine.native('engine', engine);
    this.engine = engine;
    this.#native = new native.NativeComponentLinker(nativeEngine);
  }

  /** Whether a definition may replace an older one. Mirrors `Linker::allow_shadowing`. */
  allowShadowing(allow: boolean): this {
    this.#native.allowShadowing(checkBoolean('allow', allow));
    return this;
  }

  /** Where the imports of components themselves are defined. Mirrors `Linker::root`. */
  root(): LinkerInstance {
    return new LinkerInstance(this.#native, this.#dispatches, this.engine, []);
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
    return this;
  }

  /**
   * Defines WASI preview 2: `wasi:cli`, `wasi:clocks`, `wasi:filesystem`, `wasi:io`, `wasi:random` and
   * `wasi:sockets`, for stores with a {@link WasiConfig}, see {@link Store.setWasi}. What waits for long ends
   * when the store's {@link InterruptHandle} does. Mirrors `wasmtime_wasi::p2::add_to_linker_sync`.
   */
  addWasi(): this {
    this.#native.addWasi();
    return this;
  }

  /**
   * Makes an instance of `component`, which runs the start functions of its modules. Mirrors
   * `Linker::instantiate`.
   *
   * @throws WasmtimeError `ERR_INSTANTIATE` for an import that nobody defined, or with another type; what
   * a start function throws or traps with; TypeError `ERR_WRONG_ENGINE` when the three aren't of one
   * engine.
   */
  instantiate(store: Storelike, component: Component): ComponentInstance {
    return this.instantiatePre(component).instantiate(store);
  }

  /**
   * Resolves the imports of `component` once, for many instances. Mirrors `Linker::instantiate_pre`.
   *
   * @throws as {@link ComponentLinker.instantiate}.
   */
  instantiatePre(component: Component): ComponentInstancePre {
    const nativeComponent = Component.native('component', component);
    this.#sameEngine(component.engine);
    const pre = this.#native.instantiatePre(nativeComponent);
    return ComponentInstancePre.create(component, pre, (storelike) => {
      const store = Store.of('store', storelike);
      this.#sameEngine(store.engine);
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
}

/**
 * An instance in the making, from {@link ComponentLinker.instance}: a name with items. Mirrors
 * `wasmtime::component::LinkerInstance`.
 */
export class LinkerInstance {
  readonly #native: NativeComponentLinker;
  readonly #dispatches: unknown[];
  readonly #engine: Engine;
  readonly #path: string[];

  /** @internal */
  constructor(
    nativeLinker: NativeComponentLinker,
    dispatches: unknown[],
    engine: Engine,
    path: string[],
  ) {
    this.#native = nativeLinker;
    this.#dispatches = dispatches;
    this.#engine = engine;
    this.#path = path;
  }

  /** An instance within this one. Mirrors `LinkerInstance::instance`. */
  instance(name: string): LinkerInstance {
    const path = [...this.#path, checkString('name', name)];
    this.#native.instance(path);
    return new LinkerInstance(this.#native, this.#dispatches, this.#engine, path);
  }

  /**
   * Defines a host function; its types are those of the component that imports it. What it throws, but for
   * a {@link ComponentError}, unwinds the guest and comes out of the outer call, the very same value.
   * Mirrors `LinkerInstance::func_new`.
   */
  funcNew(name: string, fn: ComponentHostFunction): this {
    const dispatch = componentDispatch(checkString('name', name), fn);
    this.#native.funcNew(this.#path, name, dispatch);
    this.#dispatches.push(dispatch);
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
}
