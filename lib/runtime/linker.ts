import type { NativeLinker } from '../generated/native.js';
import { native } from '../native.js';
import { checkBoolean, checkString } from './check.js';
import { Engine } from './engine.js';
import { misuse, wrongType } from './errors.js';
import { type Extern, toNativeExtern } from './extern.js';
import { type HostFunction, type HostResult, hostDispatch } from './func.js';
import { Instance } from './instance.js';
import { Module } from './module.js';
import { Store, type Storelike } from './store.js';
import type { FuncType, ValType } from './types.js';

/**
 * Names what modules import, and instantiates them. Mirrors `wasmtime::Linker`.
 *
 * Definitions throw WasmtimeError `ERR_LINK` for a name that is defined already, unless
 * {@link Linker.allowShadowing} is on, and TypeError `ERR_LINKER_IN_USE` while the linker instantiates.
 */
export class Linker {
  readonly engine: Engine;
  readonly #native: NativeLinker;
  /** Host functions, which native code holds weakly. */
  readonly #dispatches: unknown[] = [];
  /** Whose the items are that belong to a store, by `key`. */
  readonly #owners = new Map<string, Store>();
  #hasWasi = false;

  constructor(engine: Engine) {
    const nativeEngine = Engine.native('engine', engine);
    this.engine = engine;
    this.#native = new native.NativeLinker(nativeEngine);
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
    this.#native.define(Store.native(owner), module, name, nativeItem);
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
    const dispatch = hostDispatch(type, fn);
    checkString('module', module);
    checkString('name', name);
    this.#native.funcNew(module, name, [...type.params], [...type.results], dispatch);
    this.#dispatches.push(dispatch);
    this.#owners.delete(key(module, name));
    return this;
  }

  /** Defines all exports of an instance under `module`. Mirrors `Linker::instance`. */
  instance(store: Storelike, module: string, instance: Instance): this {
    if (!(instance instanceof Instance)) throw wrongType('instance', 'an Instance', instance);
    this.#sameEngine(instance.store);
    const owner = Store.nativeOwner(instance.store, store);
    const nativeInstance = Instance.native(instance);
    this.#native.instance(owner, checkString('module', module), nativeInstance);
    for (const name of nativeInstance.exportNames(owner)) {
      this.#owners.set(key(module, name), instance.store);
    }
    return this;
  }

  /** Defines all of WASI preview 1. Mirrors `wasmtime_wasi::p1::add_to_linker_sync`. */
  addWasi(): this {
    this.#native.addWasi();
    this.#hasWasi = true;
    for (const name of this.#owners.keys()) {
      if (name.startsWith(key(WASI, ''))) this.#owners.delete(name);
    }
    return this;
  }

  /**
   * Makes an instance of `module` and runs its start function. Mirrors `Linker::instantiate`.
   *
   * @throws WasmtimeError `ERR_UNKNOWN_IMPORT` for an import that nobody defined, `ERR_INSTANTIATE` for
   * one of another type; what the start function throws or traps with; TypeError `ERR_WRONG_ENGINE`
   * when the three aren't of one engine, `ERR_WRONG_STORE` when the module imports an item of another
   * store, `ERR_NO_WASI` when it imports WASI and the store has no `WasiConfig`.
   */
  instantiate(store: Storelike, module: Module): Instance {
    const nativeModule = Module.native('module', module);
    const owner = this.#sameEngine(Store.of('store', store));
    this.#sameEngine(module);
    if (this.#owners.size > 0) this.#checkOwners(owner, module);
    if (this.#hasWasi && !Store.hasWasi(owner)) checkNeedsNoWasi(module);
    // The linker may be collected before the store.
    Store.retain(owner, this.#dispatches);
    return new Instance(owner, this.#native.instantiate(Store.native(owner), nativeModule));
  }

  #checkOwners(store: Store, { imports }: Module): void {
    for (const { module, name } of imports) {
      if ((this.#owners.get(key(module, name)) ?? store) !== store) {
        throw misuse('ERR_WRONG_STORE', `the linker's ${module}.${name} belongs to another store`);
      }
    }
  }

  #sameEngine<T extends { readonly engine: Engine }>(item: T): T {
    if (item.engine !== this.engine) {
      throw misuse('ERR_WRONG_ENGINE', 'the linker, the store and the module need one engine');
    }
    return item;
  }
}

const WASI = 'wasi_snapshot_preview1';

/** An import's two names as one string. */
function key(module: string, name: string): string {
  return `${module.length} ${module} ${name}`;
}

function checkNeedsNoWasi(module: Module): void {
  const wasi = module.imports.find((type) => type.module === WASI);
  if (wasi === undefined) return;
  throw misuse(
    'ERR_NO_WASI',
    `the module imports ${wasi.module}.${wasi.name}: give the store a WasiConfig with setWasi`,
  );
}
