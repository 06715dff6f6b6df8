import type { NativeInstance } from '../generated/native.js';
import { checkString } from './check.js';
import { misuse } from './errors.js';
import { type Extern, fromNativeExtern } from './extern.js';
import { Func, type TypedFunc } from './func.js';
import { Global } from './global.js';
import { checkInternal, guardReceivers, type INTERNAL, isObject } from './internal.js';
import { Memory } from './memory.js';
import './reference-classes.js';
import { SharedMemory } from './shared-memory.js';
import { Store, type Storelike } from './store.js';
import { Table } from './table.js';
import { Tag } from './tag.js';
import type { FuncType, ValType } from './types.js';

/**
 * An instance of a module, from {@link Linker.instantiate}. Mirrors `wasmtime::Instance`.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const store = new Store(engine);
 * const module = Module.compile(engine, '(module (global (export "g") i32 (i32.const 5)))');
 * const instance = new Linker(engine).instantiate(store, module);
 * console.log(instance.getGlobal(store, 'g').get(store)); // 5
 * ```
 */
export class Instance {
  /** The store that the instance belongs to. */
  readonly store: Store;
  readonly #native: NativeInstance;

  /** @internal */
  constructor(key: typeof INTERNAL, store: Store, nativeInstance: NativeInstance) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeInstance;
  }

  /** The export of that name, undefined when there is none. Mirrors `Instance::get_export`. */
  getExport(store: Storelike, name: string): Extern | undefined {
    const owner = Store.nativeOwner(this.store, store);
    const item = this.#native.getExport(owner, checkString('name', name));
    return item === null ? undefined : fromNativeExtern(this.store, item);
  }

  /** All exports by name. Mirrors `Instance::exports`. */
  exports(store: Storelike): Record<string, Extern> {
    const owner = Store.nativeOwner(this.store, store);
    const exports: Record<string, Extern> = Object.create(null);
    for (const name of this.#native.exportNames(owner)) {
      exports[name] = this.getExport(store, name) as Extern;
    }
    return exports;
  }

  /**
   * Mirrors `Instance::get_func`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no function of that name.
   */
  getFunc(store: Storelike, name: string): Func {
    return this.#find(store, name, 'function', Func.is);
  }

  /**
   * The function of that name, with its type known to TypeScript. Mirrors
   * `Instance::get_typed_func`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no function of that name, `ERR_FUNC_TYPE` when its
   * type is another.
   */
  getTypedFunc<const P extends readonly ValType[], const R extends readonly ValType[]>(
    store: Storelike,
    name: string,
    type: FuncType<P, R>,
  ): TypedFunc<P, R> {
    return this.getFunc(store, name).typed(type);
  }

  /**
   * Mirrors `Instance::get_memory`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no memory of that name.
   */
  getMemory(store: Storelike, name: string): Memory {
    return this.#find(store, name, 'memory', Memory.is);
  }

  /**
   * Mirrors `Instance::get_shared_memory`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no shared memory of that name.
   */
  getSharedMemory(store: Storelike, name: string): SharedMemory {
    return this.#find(store, name, 'shared memory', SharedMemory.is);
  }

  /**
   * Mirrors `Instance::get_tag`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no tag of that name.
   */
  getTag(store: Storelike, name: string): Tag {
    return this.#find(store, name, 'tag', Tag.is);
  }

  /**
   * Mirrors `Instance::get_global`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no global of that name.
   */
  getGlobal(store: Storelike, name: string): Global {
    return this.#find(store, name, 'global', Global.is);
  }

  /**
   * Mirrors `Instance::get_table`.
   *
   * @throws TypeError `ERR_NO_EXPORT` when there is no table of that name.
   */
  getTable(store: Storelike, name: string): Table {
    return this.#find(store, name, 'table', Table.is);
  }

  #find<T extends Extern>(
    store: Storelike,
    name: string,
    kind: string,
    is: (item: unknown) => item is T,
  ): T {
    const item = this.getExport(store, name);
    if (is(item)) return item;
    throw misuse('ERR_NO_EXPORT', `the instance exports no ${kind} '${name}'`);
  }

  /** @internal */
  static native(instance: Instance): NativeInstance {
    return instance.#native;
  }

  /** @internal */
  static is(value: unknown): value is Instance {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Instance, (value) => #native in value);
  }
}
