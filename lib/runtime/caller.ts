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
  /** The caller of the host function that runs below this one in the same store. */
  readonly #outer: Caller | undefined;

  #isSuspended = false;

  /** @internal */
  constructor(store: Store) {
    this.#store = store;
    this.#outer = Store.setCaller(store, this);
  }

  /** @throws TypeError `ERR_CALLER_ENDED` after the host function has returned. */
  get store(): Store {
    if (this.#store === undefined) {
      throw misuse('ERR_CALLER_ENDED', 'the host function that this caller was for has returned');
    }
    return this.#store;
  }

  /**
   * An export of the instance that calls, such as its memory. Mirrors `Caller::get_export`.
   *
   * @throws TypeError `ERR_STORE_IN_USE` while the host function waits for a call that it has made
   * itself: only the newest of a store's callbacks can tell.
   */
  getExport(name: string): Extern | undefined {
    const { store } = this;
    checkString('name', name);
    if (!Store.isNewestCaller(store, this)) {
      throw misuse('ERR_STORE_IN_USE', 'another host function of the store runs within this one');
    }
    const item = native.callerExport(Store.native(store), name);
    return item === null ? undefined : fromNativeExtern(store, item);
  }

  /** @internal The host function has returned a promise. */
  static suspend(caller: Caller): void {
    if (caller.#store !== undefined) Store.setCaller(caller.#store, caller.#outer);
    caller.#isSuspended = true;
  }

  /** @internal */
  static end(caller: Caller): void {
    if (!caller.#isSuspended) Caller.suspend(caller);
    caller.#store = undefined;
  }
}
