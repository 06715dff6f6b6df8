import type { NativeStore } from '../generated/native.js';
import { native } from '../native.js';
import { checkString } from './check.js';
import { misuse } from './errors.js';
import { type Extern, fromNativeExtern } from './extern.js';
import { checkInternal, guardReceivers, type INTERNAL, isObject } from './internal.js';
import { Store, type Storelike } from './store.js';

/** An async call that a host function has made. */
export interface CallOfCaller {
  /** Ends its guest, and rejects its promise with `reason`. */
  endWith(reason: unknown): void;
}

/** How an async host function that waits for its promise reaches its store. */
interface Waiting {
  readonly id: number;
  native?: NativeStore;
  handle?: object;
  calls: Set<CallOfCaller> | undefined;
}

let lastId = 0;

/**
 * What a host function is handed first: the store of the guest that calls it, usable until the function
 * returns, or until the promise that it has returned settles. Mirrors `wasmtime::Caller`.
 *
 * After an `await`, pass the caller wherever a store is asked for. The guest is suspended then, and the
 * store itself stays in use for all others.
 */
export class Caller {
  #store: Store | undefined;
  /** The caller of the host function that runs below this one in the same store. */
  readonly #outer: Caller | undefined;
  /** Of an async host function, which may return a promise. */
  readonly #isAsync: boolean;
  /** Of a module's import, not a component's. */
  readonly #hasExports: boolean;
  #waiting: Waiting | undefined;

  /** @internal */
  constructor(key: typeof INTERNAL, store: Store, { isAsync = false, hasExports = true } = {}) {
    checkInternal(key, new.target);
    this.#store = store;
    this.#isAsync = isAsync;
    this.#hasExports = hasExports;
    this.#outer = Store.setCaller(store, this);
  }

  /** @throws TypeError `ERR_CALLER_ENDED` after the host function has ended. */
  get store(): Store {
    if (this.#store === undefined) {
      throw misuse('ERR_CALLER_ENDED', 'the host function that this caller was for has ended');
    }
    return this.#store;
  }

  /**
   * An export of the instance that calls, such as its memory; undefined for a component, which keeps its
   * own to itself. Mirrors `Caller::get_export`.
   *
   * @throws TypeError `ERR_STORE_IN_USE` while the host function waits for a call that it has made
   * itself: only the newest of a store's callbacks can tell.
   */
  getExport(name: string): Extern | undefined {
    const { store } = this;
    checkString('name', name);
    if (!this.#hasExports) return undefined;
    if (!Store.isNewestCaller(store, this.#waiting === undefined ? this : undefined)) {
      throw misuse('ERR_STORE_IN_USE', 'another host function of the store runs within this one');
    }
    const item = native.callerExport(Store.native(store, this), name);
    return item === null ? undefined : fromNativeExtern(store, item);
  }

  /** @internal The host function has returned a promise; the number by which native code knows it, which is not 0. */
  static suspend(caller: Caller, store: Store): number {
    Store.setCaller(store, caller.#outer);
    lastId = (lastId % (2 ** 32 - 1)) + 1;
    caller.#waiting = { id: lastId, calls: undefined };
    return lastId;
  }

  /** @internal */
  static end(caller: Caller): void {
    if (caller.#store === undefined) return;
    const waiting = caller.#waiting;
    if (waiting === undefined) Store.setCaller(caller.#store, caller.#outer);
    caller.#store = undefined;
    caller.#waiting = undefined;
    if (waiting?.calls === undefined) return;
    for (const call of waiting.calls) {
      call.endWith(misuse('ERR_CALLER_ENDED', 'the host function that made the call has ended'));
    }
  }

  /** @internal The native store as a host function that waits has it, `undefined` for one that runs. */
  static native(caller: Caller, store: NativeStore): NativeStore | undefined {
    const waiting = caller.#waiting;
    if (waiting !== undefined) waiting.native ??= store.forCaller(waiting.id);
    return waiting?.native;
  }

  /** @internal As {@link Caller.native}, for {@link HotFunctions}. */
  static handle(caller: Caller, store: NativeStore): object | undefined {
    const waiting = caller.#waiting;
    const own = Caller.native(caller, store);
    if (waiting !== undefined && own !== undefined) waiting.handle ??= own.handle;
    return waiting?.handle;
  }

  /**
   * @internal Whether the guest isn't suspended yet for the async host function, which may make calls only
   * then. It is once JavaScript's stack is empty: when reactions run.
   */
  static isStarting(store: Storelike): boolean {
    return Caller.is(store) && store.#isAsync && store.#waiting === undefined;
  }

  /** @internal Has `call` end with the host function; returns what forgets it. */
  static own(store: Storelike, call: CallOfCaller): () => void {
    const waiting = Caller.is(store) ? store.#waiting : undefined;
    if (waiting === undefined) return () => {};
    waiting.calls ??= new Set();
    const { calls } = waiting;
    calls.add(call);
    return () => calls.delete(call);
  }

  /** @internal */
  static is(value: unknown): value is Caller {
    return isObject(value) && #store in value;
  }

  static {
    guardReceivers(Caller, (value) => #store in value);
  }
}
