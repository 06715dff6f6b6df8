import type { NativeAsyncCall, NativeEpochTicker, NativeStore } from '../generated/native.js';
import { callAsync, checkAsyncCallOptions } from './async-calls.js';
import { Store, type Storelike } from './store.js';

/** @internal Where an asynchronous call makes an instance. */
export interface Instantiation {
  /** The store, as it was found by `store`. */
  readonly owner: Store;
  readonly store: Storelike;
  /** What is imported may suspend the guest: the store needs asynchronous calls from then on. */
  readonly isAsync: boolean;
  /** Of the call, still to be checked. */
  readonly options: unknown;
}

/** @internal Makes an asynchronous call, as `callAsync` does, that makes an instance. */
export function instantiateAsync<T>(
  { owner, store, isAsync, options }: Instantiation,
  start: (id: number, store: NativeStore, ticker: NativeEpochTicker | undefined) => NativeAsyncCall,
  read: (result: unknown) => T,
): Promise<T> {
  const nativeStore = Store.native(owner, store);
  return callAsync(
    owner.engine,
    store,
    checkAsyncCallOptions(options),
    (id, ticker) => {
      if (isAsync) nativeStore.requireAsync();
      return start(id, nativeStore, ticker);
    },
    read,
  );
}
