import type { NativeInstancePre } from '../generated/native.js';
import { misuse } from './errors.js';
import { Instance } from './instance.js';
import type { Module } from './module.js';
import { Store, type Storelike } from './store.js';

/** A module whose imports are resolved, from {@link Linker.instantiatePre}. Mirrors `wasmtime::InstancePre`. */
export class InstancePre {
  readonly module: Module;
  readonly #native: NativeInstancePre;
  /** The stores that imported items belong to. */
  readonly #owners: ReadonlySet<Store>;
  readonly #prepare: (store: Storelike) => Store;

  private constructor(
    module: Module,
    nativePre: NativeInstancePre,
    owners: ReadonlySet<Store>,
    prepare: (store: Storelike) => Store,
  ) {
    this.module = module;
    this.#native = nativePre;
    this.#owners = owners;
    this.#prepare = prepare;
  }

  /**
   * Makes an instance and runs its start function. Mirrors `InstancePre::instantiate`.
   *
   * @throws as {@link Linker.instantiate}.
   */
  instantiate(store: Storelike): Instance {
    const owner = this.#prepare(store);
    for (const other of this.#owners) {
      if (other !== owner) {
        throw misuse('ERR_WRONG_STORE', 'the module imports an item of another store');
      }
    }
    return new Instance(owner, this.#native.instantiate(Store.native(owner)));
  }

  /** @internal `prepare` checks the store and gives it what it must keep. */
  static create(
    module: Module,
    nativePre: NativeInstancePre,
    owners: ReadonlySet<Store>,
    prepare: (store: Storelike) => Store,
  ): InstancePre {
    return new InstancePre(module, nativePre, owners, prepare);
  }
}
