import type { NativeInstance, NativeInstancePre } from '../generated/native.js';
import { native } from '../native.js';
import type { AsyncCallOptions } from './async-calls.js';
import { instantiateAsync } from './async-instantiation.js';
import { Caller } from './caller.js';
import { Engine } from './engine.js';
import { misuse } from './errors.js';
import { Instance } from './instance.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import type { Module } from './module.js';
import { Store, type Storelike } from './store.js';

/**
 * A module whose imports are resolved, from {@link Linker.instantiatePre}. Mirrors `wasmtime::InstancePre`.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const module = Module.compile(engine, '(module (func (export "one") (result i32) (i32.const 1)))');
 * const pre = new Linker(engine).instantiatePre(module);
 * for (let request = 0; request < 2; request++) {
 *   const store = new Store(engine);
 *   console.log(pre.instantiate(store).getFunc(store, 'one').call(store)); // 1
 *   store.dispose();
 * }
 * ```
 */
export class InstancePre {
  /** What it makes instances of. */
  readonly module: Module;
  readonly #native: NativeInstancePre;
  /** The stores that imported items belong to. */
  readonly #owners: ReadonlySet<Store>;
  readonly #isAsync: boolean;
  readonly #prepare: (store: Storelike) => Store;

  private constructor(
    key: typeof INTERNAL,
    module: Module,
    nativePre: NativeInstancePre,
    owners: ReadonlySet<Store>,
    isAsync: boolean,
    prepare: (store: Storelike) => Store,
  ) {
    checkInternal(key, new.target);
    this.module = module;
    this.#native = Engine.own(module.engine, nativePre);
    this.#owners = owners;
    this.#isAsync = isAsync;
    this.#prepare = prepare;
  }

  /**
   * Makes an instance and runs its start function. Mirrors `InstancePre::instantiate`.
   *
   * @throws as {@link Linker.instantiate}.
   */
  instantiate(store: Storelike): Instance {
    const owner = this.#check(store);
    if (this.#isAsync) throw mustBeAsync();
    return new Instance(INTERNAL, owner, this.#native.instantiate(Store.native(owner, store)));
  }

  /** As {@link Linker.instantiateAsync}. Mirrors `InstancePre::instantiate_async`. */
  async instantiateAsync(store: Storelike, options?: AsyncCallOptions): Promise<Instance> {
    if (Caller.isStarting(store)) await undefined;
    const owner = this.#check(store);
    return await instantiateAsync(
      { owner, store, isAsync: this.#isAsync, options },
      (id, store, ticker) => native.NativeAsyncCall.instantiatePre(id, store, ticker, this.#native),
      (instance) => new Instance(INTERNAL, owner, instance as NativeInstance),
    );
  }

  #check(store: Storelike): Store {
    const owner = this.#prepare(store);
    for (const other of this.#owners) {
      if (other !== owner) {
        throw misuse('ERR_WRONG_STORE', 'the module imports an item of another store');
      }
    }
    return owner;
  }

  /** @internal `isAsync`: what it imports may suspend; `prepare` checks the store and gives it what it must keep. */
  static create(
    module: Module,
    nativePre: NativeInstancePre,
    owners: ReadonlySet<Store>,
    isAsync: boolean,
    prepare: (store: Storelike) => Store,
  ): InstancePre {
    return new InstancePre(INTERNAL, module, nativePre, owners, isAsync, prepare);
  }

  /** @internal */
  static is(value: unknown): value is InstancePre {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(InstancePre, (value) => #native in value && Engine.check(value.module.engine));
  }
}

/** @internal */
export function mustBeAsync(importer: 'module' | 'component' = 'module'): Error {
  return misuse(
    'ERR_ASYNC_REQUIRED',
    `the ${importer} imports what may suspend the guest: use instantiateAsync`,
  );
}
