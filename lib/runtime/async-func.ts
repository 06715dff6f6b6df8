import { AsyncCall } from './async-calls.js';
import { Caller } from './caller.js';
import { checkFunction } from './check.js';
import { asException, encodeResults, type HostResult, invoker } from './func.js';
import { INTERNAL } from './internal.js';
import type { Store } from './store.js';
import type { FuncType, ValType } from './types.js';
import { checkCount, isNumber, type ValuesOf } from './values.js';

/**
 * A host function that may be `async`: it takes the caller and the arguments, and returns what a
 * {@link HostFunction} returns, or a promise of it, until which the guest is suspended. The caller leads to
 * the store until then, and may call the guest: `await func.callAsync(caller)`.
 */
export type AsyncHostFunction<
  P extends readonly ValType[],
  R extends readonly ValType[],
  O extends HostResult<R> = HostResult<R>,
> = (caller: Caller, ...args: ValuesOf<P>) => O | PromiseLike<O>;

/**
 * @internal What native code calls for one: again with `pending`, the number that the first call returned for a
 * promise, when that may have settled.
 */
export type AsyncDispatch = (store: object, references?: unknown[], pending?: number) => unknown;

/** @internal */
export function asyncHostDispatch({ params, results }: FuncType, fn: unknown): AsyncDispatch {
  checkCount('type.params', params);
  checkCount('type.results', results);
  checkFunction('fn', fn);
  const call = invoker(params, fn as unknown as (caller: Caller, ...args: unknown[]) => unknown);
  // References want the guest's store, which is out of reach while the guest waits.
  const put = results.every(isNumber)
    ? (returned: unknown, store: Store) => void encodeResults(results, returned, store)
    : undefined;
  return (store, references, pending) => {
    if (pending !== undefined) {
      const result = PendingResult.of(pending);
      if (!result.hasSettled) return pending;
      let returned: unknown;
      try {
        returned = result.take();
      } catch (error) {
        throw asException(error, store as Store);
      }
      return encodeResults(results, returned, store as Store);
    }
    const caller = new Caller(INTERNAL, store as Store, { isAsync: true });
    try {
      const returned = call(caller, store as Store, references);
      if (isPromiseLike(returned)) {
        return new PendingResult(returned, caller, store as Store, put).number;
      }
      Caller.end(caller);
      return encodeResults(results, returned, store as Store);
    } catch (error) {
      Caller.end(caller);
      throw asException(error, store as Store);
    }
  };
}

/** @internal */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** Those that guests wait for: one alone, and the others by their numbers. */
let only: PendingResult | undefined;
const others = new Map<number, PendingResult>();

const WAITS = 0;
const FULFILLED = 1;
const REJECTED = 2;

/** @internal What a guest waits for. */
export class PendingResult {
  /** What native code has for it: a negative number. */
  readonly number: number;
  readonly #caller: Caller;
  readonly #call = AsyncCall.running;
  readonly #store: Store;
  readonly #put: ((value: unknown, store: Store) => void) | undefined;
  #state = WAITS;
  /** What the promise was fulfilled or rejected with. */
  #outcome: unknown;

  /** `put` puts the promise's value into the slots, without the guest's store. */
  constructor(
    promise: PromiseLike<unknown>,
    caller: Caller,
    store: Store,
    put?: (value: unknown, store: Store) => void,
  ) {
    this.#store = store;
    this.#put = put;
    this.number = -Caller.suspend(caller, store);
    this.#caller = caller;
    this.wait();
    Promise.resolve(promise).then(
      (value) => this.#settle(FULFILLED, value),
      (reason) => this.#settle(REJECTED, reason),
    );
  }

  /** @throws Error when nobody waits for it any more. */
  static of(number: number): PendingResult {
    const result = only?.number === number ? only : others.get(number);
    if (result === undefined) throw new Error(`no promise has the number ${number}`);
    return result;
  }

  /** The guest waits, or does so again. */
  wait(): void {
    if (only === undefined) only = this;
    else others.set(this.number, this);
    // Whose guest it is that has called.
    this.#call?.waitsFor(this);
  }

  /** Whether the promise's value lies in the slots now: the guest goes on with that, or {@link wait}s. */
  put(): boolean {
    if (this.#put === undefined || this.#state !== FULFILLED) return false;
    try {
      this.#put(this.#outcome, this.#store);
    } catch (error) {
      this.#state = REJECTED;
      this.#outcome = error;
      return false;
    }
    this.#goesOn();
    return true;
  }

  get hasSettled(): boolean {
    return this.#state !== WAITS;
  }

  /** The promise's value; throws what it was rejected with. The guest goes on. */
  take(): unknown {
    this.#goesOn();
    if (this.#state === REJECTED) throw this.#outcome;
    return this.#outcome;
  }

  #goesOn(): void {
    this.#forget();
    this.#call?.waitsNoMore(this);
  }

  #forget(): void {
    if (only === this) only = undefined;
    else others.delete(this.number);
  }

  /** Of a guest that was ended where it waited. */
  end(): void {
    this.#forget();
    Caller.end(this.#caller);
  }

  #settle(state: number, outcome: unknown): void {
    this.#state = state;
    this.#outcome = outcome;
    Caller.end(this.#caller);
    this.#call?.resume(this);
  }
}
