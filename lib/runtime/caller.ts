import { native } from '../native.js';
import { checkString } from './check.js';
import { misuse } from './errors.js';
import { type Extern, fromNativeExtern } from './extern.js';
import { Store } from './store.js';

/**
 * What a host function is handed first: the store of the guest that calls it, usable until the function
 * returns. Mirrors `wasmtime::Caller`.
 */
export class Caller {
  #store: Store | undefined;

  /** @internal */
  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws TypeError `ERR_CALLER_ENDED` after the host function has returned. */
  get store(): Store {
    if (this.#store === undefined) {
      throw misuse('ERR_CALLER_ENDED', 'the host function that this caller was for has returned');
    }
    return this.#store;
  }

  /** An export of the instance that calls, such as its memory. Mirrors `Caller::get_export`. */
  getExport(name: string): Extern | undefined {
    const { store } = this;
    const item = native.callerExport(Store.native(store), checkString('name', name));
    return item === null ? undefined : fromNativeExtern(store, item);
  }

  /** @internal */
  static end(caller: Caller): void {
    caller.#store = undefined;
  }
}
