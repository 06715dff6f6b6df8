import type { NativeInstance, NativeLinker, NativeModule } from '../generated/native.js';
import { native } from '../native.js';
import type { AsyncCallOptions } from './async-calls.js';
import { type AsyncHostFunction, asyncHostDispatch } from './async-func.js';
import { instantiateAsync } from './async-instantiation.js';
import { Caller } from './caller.js';
import { checkBoolean, checkString } from './check.js';
import { Engine } from './engine.js';
import { misuse, wrongType } from './errors.js';
import { type Extern, fromNativeExtern, toNativeExtern } from './extern.js';
import { Func, type HostFunction, type HostResult, hostDispatch } from './func.js';
import { Instance } from './instance.js';
import { InstancePre, mustBeAsync } from './instance-pre.js';
import { guardReceivers, INTERNAL, isObject } from './internal.js';
import { Module } from './module.js';
import { Store, type Storelike } from './store.js';
import { checkFuncType, type FuncType, type ValType } from './types.js';

/**
 * Names what modules import, and instantiates them. Mirrors `wasmtime::Linker`.
 *
 * Definitions throw WasmtimeError `ERR_LINK` for a name that is defined already, unless
 * {@link Linker.allowShadowing} is on, and TypeError `ERR_LINKER_IN_USE` while the linker instantiates.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const linker = new Linker(engine).addWasi();
 * linker.funcWrap('host', 'add', { params: ['i32', 'i32'], results: ['i32'] }, (caller, a, b) => a + b);
 * const module = Module.compile(engine, `(module
 *   (import "host" "add" (func $add (param i32 i32) (result i32)))
 *   (func (export "f") (result i32) (call $add (i32.const 40) (i32.const 2))))`);
 * const store = new Store(engine);
 * console.log(linker.instantiate(store, module).getFunc(store, 'f').call(store)); // 42
 * ```
 */
export class Linker {
  /** The engine whose modules it links. */
  readonly engine: Engine;
  readonly #native: NativeLinker;
  /** Host functions, which native code holds weakly. */
  readonly #dispatches: unknown[] = [];
  /** Whose the items are that belong to a store, by `key`; and which are async host functions. */
  readonly #owners = new Map<string, Store | typeof ASYNC>();
  #hasWasi = false;
  #isWasiAsync = false;

  constructor(engine: Engine) {
    const nativeEngine = Engine.native('engine', engine);
    this.engine = engine;
    this.#native = Engine.own(engine, new native.NativeLinker(nativeEngine));
  }

  /** Whether a definition may replace an older one. Mirrors `Linker::allow_shadowing`. */
  allowShadowing(allow: boolean): this {
    this.#native.allowShadowing(checkBoolean('allow', allow));
    return this;
  }

  /** Defines an item of a store. Mirrors `Linker::define`. */
  define(store: Storelike, module: string, name: string, item: Extern): this {
    const owner = this.#sameEngine(Store.of('store', store));
    const nativeItem = toNativeExtern('item', owner, item);
    checkString('module', module);
    checkString('name', name);
    this.#native.define(Store.native(owner, store), module, name, nativeItem);
    this.#owners.set(key(module, name), owner);
    return this;
  }

  /**
   * Defines a host function for stores of this engine. What it throws unwinds the guest and comes out
   * of the outer call, the very same value. Mirrors `Linker::func_wrap`.
   */
  funcWrap<
    const P extends readonly ValType[],
    const R extends readonly ValType[],
    const O extends HostResult<R>,
  >(module: string, name: string, type: FuncType<P, R>, fn: HostFunction<P, R, O>): this {
    return this.#defineHost(module, name, type, fn, false);
  }

  /**
   * Defines a host function that may return a promise, for stores of this engine: the guest is suspended
   * until it settles, and the event loop goes on. A rejection unwinds the guest, and the call rejects with
   * the very same value. What imports it is instantiated by {@link Linker.instantiateAsync} and called by
   * {@link Func.callAsync}. Mirrors `Linker::func_wrap_async`.
   */
  funcWrapAsync<
    const P extends readonly ValType[],
    const R extends readonly ValType[],
    const O extends HostResult<R>,
  >(module: string, name: string, type: FuncType<P, R>, fn: AsyncHostFunction<P, R, O>): this {
    return this.#defineHost(module, name, type, fn, true);
  }

  #defineHost(module: string, name: string, type: FuncType, fn: unknown, isAsync: boolean): this {
    // Once: a getter may tell another type each time.
    const { params, results } = checkFuncType('type', type);
    const dispatch = (isAsync ? asyncHostDispatch : hostDispatch)({ params, results }, fn);
    checkString('module', module);
    checkString('name', name);
    const given: Parameters<NativeLinker['funcNewAsync']> = [
      module,
      name,
      [...params],
      [...results],
      dispatch,
    ];
    if (isAsync) this.#native.funcNewAsync(...given);
    else this.#native.funcNew(...given);
    this.#dispatches.push(dispatch);
    this.#setOwner(key(module, name), isAsync ? ASYNC : undefined);
    return this;
  }

  /** Defines all exports of an instance under `module`. Mirrors `Linker::instance`. */
  instance(store: Storelike, module: string, instance: Instance): this {
    if (!Instance.is(instance)) throw wrongType('instance', 'an Instance', instance);
    this.#sameEngine(instance.store);
    const owner = Store.nativeOwner(instance.store, store);
    const nativeInstance = Instance.native(instance);
    this.#native.instance(owner, checkString('module', module), nativeInstance);
    for (const name of nativeInstance.exportNames(owner)) {
      this.#owners.set(key(module, name), instance.store);
    }
    return this;
  }

  /** Whether commands of {@link Linker.module} may export what isn't a function. Mirrors `allow_unknown_exports`. */
  allowUnknownExports(allow: boolean): this {
    this.#native.allowUnknownExports(checkBoolean('allow', allow));
    return this;
  }

  /** Defines what is called `module.name` also as `asModule.asName`. Mirrors `Linker::alias`. */
  alias(module: string, name: string, asModule: string, asName: string): this {
    for (const [what, value] of Object.entries({ module, name, asModule, asName })) {
      checkString(what, value);
    }
    this.#native.alias(module, name, asModule, asName);
    this.#setOwner(key(asModule, asName), this.#owners.get(key(module, name)));
    return this;
  }

  /** Defines all of `module` also as `asModule`. Mirrors `Linker::alias_module`. */
  aliasModule(module: string, asModule: string): this {
    const prefix = key(checkString('module', module), '');
    checkString('asModule', asModule);
    this.#native.aliasModule(module, asModule);
    for (const [name, owner] of [...this.#owners]) {
      if (name.startsWith(prefix)) this.#setOwner(key(asModule, name.slice(prefix.length)), owner);
    }
    return this;
  }

  /**
   * Instantiates a module and defines its exports as `name`: a WASI reactor once, a
   * command, which exports `_start`, anew at each call of an export. Mirrors `Linker::module`.
   *
   * @throws WasmtimeError, as {@link Linker.instantiate}.
   */
  module(store: Storelike, name: string, module: Module): this {
    const nativeModule = Module.native('module', module);
    const owner = this.#prepare(store, module);
    if (this.#isAsync(module)) throw mustBeAsync();
    this.#native.module(Store.native(owner, store), checkString('name', name), nativeModule);
    for (const item of module.exports) this.#owners.set(key(name, item.name), owner);
    return this;
  }

  /**
   * As {@link Linker.module}, for asynchronous calls: the reactor is made, and the command's functions are
   * called, on a fiber, so that they may wait. Mirrors `Linker::module_async`.
   *
   * @returns a promise of this linker, which has the definitions then. It rejects as
   * {@link Linker.instantiateAsync}'s does.
   */
  async moduleAsync(
    store: Storelike,
    name: string,
    module: Module,
    options?: AsyncCallOptions,
  ): Promise<this> {
    if (Caller.isStarting(store)) await undefined;
    const nativeModule = Module.native('module', module);
    const owner = this.#prepare(store, module);
    checkString('name', name);
    // Each call of a command's function makes an instance, which may wait.
    const exports = module.exports.map((item) => item.name);
    const isCommand = exports.includes('_start') && !exports.includes('_initialize');
    const isAsync = isCommand || this.#isAsync(module);
    const linker = this.#native;
    await instantiateAsync(
      { owner, store, isAsync, options },
      (id, store, ticker) =>
        native.NativeAsyncCall.defineModule(id, store, ticker, linker, name, nativeModule),
      () => {
        for (const item of exports) this.#owners.set(key(name, item), owner);
      },
    );
    return this;
  }

  /** Defines each import of `module` that has no definition as one that traps. Mirrors `Linker::define_unknown_imports_as_traps`. */
  defineUnknownImportsAsTraps(module: Module): this {
    this.#native.defineUnknownImportsAsTraps(this.#nativeModule(module));
    return this;
  }

  /**
   * Defines each import of `module` that has no definition as one of its type's default value: functions
   * that return zeros, memories and tables of their least size. Mirrors
   * `Linker::define_unknown_imports_as_default_values`.
   *
   * @throws WasmtimeError `ERR_LINK` for a type that has none.
   */
  defineUnknownImportsAsDefaultValues(store: Storelike, module: Module): this {
    const owner = this.#sameEngine(Store.of('store', store));
    const nativeModule = this.#nativeModule(module);
    const unknown = module.imports.filter(
      (item) => this.#native.get(Store.native(owner, store), item.module, item.name) === null,
    );
    this.#native.defineUnknownImportsAsDefaultValues(Store.native(owner, store), nativeModule);
    for (const item of unknown) this.#setOwner(key(item.module, item.name), owner);
    return this;
  }

  /**
   * What is called so, undefined when nothing is. Mirrors `Linker::get`.
   *
   * @throws TypeError `ERR_ASYNC_REQUIRED` for an async host function, as {@link Func.wrapAsync}.
   */
  get(store: Storelike, module: string, name: string): Extern | undefined {
    const owner = this.#sameEngine(Store.of('store', store));
    checkString('module', module);
    checkString('name', name);
    this.#checkOwner(owner, module, name);
    Store.retain(owner, this.#dispatches);
    if (this.#owners.get(key(module, name)) === ASYNC) Store.native(owner, store).requireAsync();
    const item = this.#native.get(Store.native(owner, store), module, name);
    return item === null ? undefined : fromNativeExtern(owner, item);
  }

  /**
   * The function that a module of {@link Linker.module} is for: its export of the empty name, `_start`, or
   * one that does nothing. Mirrors `Linker::get_default`.
   */
  getDefault(store: Storelike, module: string): Func {
    const owner = this.#sameEngine(Store.of('store', store));
    checkString('module', module);
    for (const name of ['', '_start']) this.#checkOwner(owner, module, name);
    Store.retain(owner, this.#dispatches);
    return Func.fromNative(owner, this.#native.getDefault(Store.native(owner, store), module));
  }

  /** All definitions, in no order: `[module, name, item]`. Mirrors `Linker::iter`. */
  *iter(store: Storelike): IterableIterator<[module: string, name: string, item: Extern]> {
    const owner = this.#sameEngine(Store.of('store', store));
    for (const other of this.#owners.values()) {
      if (other !== owner && other !== ASYNC) {
        throw misuse('ERR_WRONG_STORE', 'an item of the linker belongs to another store');
      }
    }
    for (const [module = '', name = ''] of this.#native.names(Store.native(owner, store))) {
      const item = this.get(store, module, name);
      if (item !== undefined) yield [module, name, item];
    }
  }

  /**
   * Defines all of WASI preview 1, and of its predecessor `wasi_unstable`, such that a guest that waits keeps JavaScript waiting. Mirrors
   * `wasmtime_wasi::p1::add_to_linker_sync` and `p0`'s.
   */
  addWasi(): this {
    return this.#addWasi(false);
  }

  /**
   * Defines what {@link Linker.addWasi} does for asynchronous calls: the event loop goes on while a guest sleeps or waits
   * for input or files. What imports it is instantiated by {@link Linker.instantiateAsync}. Mirrors
   * `wasmtime_wasi::p1::add_to_linker_async`.
   */
  addWasiAsync(): this {
    return this.#addWasi(true);
  }

  #addWasi(isAsync: boolean): this {
    if (isAsync) this.#native.addWasiAsync();
    else this.#native.addWasi();
    this.#hasWasi = true;
    this.#isWasiAsync = isAsync;
    for (const name of this.#owners.keys()) {
      if (WASI.some((module) => name.startsWith(key(module, '')))) this.#owners.delete(name);
    }
    return this;
  }

  /**
   * Makes an instance of `module` and runs its start function. Mirrors `Linker::instantiate`.
   *
   * @throws WasmtimeError `ERR_UNKNOWN_IMPORT` for an import that nobody defined, `ERR_INSTANTIATE` for
   * one of another type; what the start function throws or traps with; TypeError `ERR_WRONG_ENGINE`
   * when the three aren't of one engine, `ERR_WRONG_STORE` when the module imports an item of another
   * store, `ERR_NO_WASI` when it imports WASI and the store has no `WasiConfig`, `ERR_ASYNC_REQUIRED` when
   * it imports what may suspend the guest.
   */
  instantiate(store: Storelike, module: Module): Instance {
    const nativeModule = Module.native('module', module);
    const owner = this.#prepare(store, module);
    if (this.#isAsync(module)) throw mustBeAsync();
    return new Instance(
      INTERNAL,
      owner,
      this.#native.instantiate(Store.native(owner, store), nativeModule),
    );
  }

  /**
   * Makes an instance, and runs its start function on a fiber, as {@link Func.callAsync} does. Mirrors
   * `Linker::instantiate_async`.
   *
   * @returns a promise, which rejects with what {@link Linker.instantiate} throws, TypeError
   * `ERR_STORE_IN_USE` in the store's own callbacks or while an asynchronous call of it is under way, or
   * the signal's reason.
   */
  async instantiateAsync(
    store: Storelike,
    module: Module,
    options?: AsyncCallOptions,
  ): Promise<Instance> {
    if (Caller.isStarting(store)) await undefined;
    const nativeModule = Module.native('module', module);
    const owner = this.#prepare(store, module);
    return await instantiateAsync(
      { owner, store, isAsync: this.#isAsync(module), options },
      (id, store, ticker) =>
        native.NativeAsyncCall.instantiate(id, store, ticker, this.#native, nativeModule),
      (instance) => new Instance(INTERNAL, owner, instance as NativeInstance),
    );
  }

  /**
   * Resolves the imports of `module` once, for many instances. Mirrors `Linker::instantiate_pre`.
   *
   * @throws as {@link Linker.instantiate}.
   */
  instantiatePre(module: Module): InstancePre {
    const nativeModule = this.#nativeModule(module);
    const owners = module.imports.map((item) => this.#owners.get(key(item.module, item.name)));
    return InstancePre.create(
      module,
      this.#native.instantiatePre(nativeModule),
      new Set(owners.filter((owner) => Store.is(owner))),
      this.#isAsync(module),
      (store) => this.#prepare(store, module, false),
    );
  }

  /** Whether `module` imports what may suspend its guest. */
  #isAsync(module: Module): boolean {
    return module.imports.some(
      ({ module, name }) =>
        this.#owners.get(key(module, name)) === ASYNC ||
        (WASI.includes(module) && this.#isWasiAsync),
    );
  }

  /** Checks that `module` can be instantiated in `store`, which keeps this linker's functions. */
  #prepare(storelike: Storelike, module: Module, owners = true): Store {
    const store = this.#sameEngine(Store.of('store', storelike));
    this.#nativeModule(module);
    if (owners && this.#owners.size > 0) {
      for (const item of module.imports) this.#checkOwner(store, item.module, item.name);
    }
    if (this.#hasWasi && !Store.hasWasi(store)) checkNeedsNoWasi(module);
    if (this.#hasWasi && !this.#isWasiAsync && Store.hasInputStream(store)) {
      throw misuse('ERR_ASYNC_REQUIRED', "the store's stdin is a stream: use addWasiAsync");
    }
    // The linker may be collected before the store.
    Store.retain(store, this.#dispatches);
    return store;
  }

  #checkOwner(store: Store, module: string, name: string): void {
    const owner = this.#owners.get(key(module, name));
    if (Store.is(owner) && owner !== store) {
      throw misuse('ERR_WRONG_STORE', `the linker's ${module}.${name} belongs to another store`);
    }
  }

  #setOwner(name: string, owner: Store | typeof ASYNC | undefined): void {
    if (owner === undefined) this.#owners.delete(name);
    else this.#owners.set(name, owner);
  }

  #nativeModule(module: Module): NativeModule {
    const native = Module.native('module', module);
    this.#sameEngine(module);
    return native;
  }

  #sameEngine<T extends { readonly engine: Engine }>(item: T): T {
    if (item.engine !== this.engine) {
      throw misuse('ERR_WRONG_ENGINE', 'the linker, the store and the module need one engine');
    }
    return item;
  }

  /** @internal */
  static is(value: unknown): value is Linker {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Linker, (value) => #native in value && Engine.check(value.engine));
  }
}

/** Preview 1, and snapshot 0. */
const WASI = ['wasi_snapshot_preview1', 'wasi_unstable'];

/** Stands for the owner of an async host function, which any store may import. */
const ASYNC = 'async';

/** An import's two names as one string. */
function key(module: string, name: string): string {
  return `${module.length} ${module} ${name}`;
}

function checkNeedsNoWasi(module: Module): void {
  const wasi = module.imports.find((type) => WASI.includes(type.module));
  if (wasi === undefined) return;
  throw misuse(
    'ERR_NO_WASI',
    `the module imports ${wasi.module}.${wasi.name}: give the store a WasiConfig with setWasi`,
  );
}
