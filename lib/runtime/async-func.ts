import { AsyncCall, type WaitingCaller } from './async-calls.js';
import { Caller } from './caller.js';
import { checkFunction } from './check.js';
import { asException, encodeResults, type HostResult, REFERENCES } from './func.js';
import { INTERNAL } from './internal.js';
import type { Store } from './store.js';
import type { FuncType, ValType } from './types.js';
import { checkCount, decode, type ValuesOf } from './values.js';

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
 * @internal What native code calls for one: again with `pending`, what the first call returned, when the
 * promise may have settled.
 */
export type AsyncDispatch = (store: object, references?: unknown[], pending?: number) => unknown;

/** @internal */
export function asyncHostDispatch({ params, results }: FuncType, fn: unknown): AsyncDispatch {
  checkCount('type.params', params);
  checkCount('type.results', results);
  checkFunction('fn', fn);
  const host = fn as unknown as (caller: Caller, ...args: unknown[]) => unknown;
  return (store, references, pending) => {
    if (pending !== undefined) {
      const result = PendingResult.of(pending);
      if (!result?.hasSettled) return pending;
      let returned: unknown;
      try {
        returned = result.take();
      } catch (error) {
        throw asException(error, store as Store);
      }
      return encodeResults(results, returned, store as Store);
    }
    const args = decode(params, references, REFERENCES, store as Store);
    const caller = new Caller(INTERNAL, store as Store, { isAsync: true });
    try {
      const returned = host(caller, ...args);
      if (isPromiseLike(returned)) {
        return new PendingResult(returned, caller).id;
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

/** By their numbers. */
const pendingResults = new Map<number, PendingResult>();

/** @internal What a guest waits for. */
export class PendingResult implements WaitingCaller {
  /** By which native code knows it. */
  readonly id: number;
  readonly caller: Caller;
  /** Whose guest it is that has called. */
  readonly #call = AsyncCall.running;
  #hasSettled = false;
  #hasFailed = false;
  #value: unknown;

  constructor(promise: PromiseLike<unknown>, caller: Caller) {
    this.caller = caller;
    this.id = Caller.suspend(caller);
    pendingResults.set(this.id, this);
    this.#call?.addWaiting(this);
    Promise.resolve(promise).then(
      (value) => this.#settle(value, false),
      (reason) => this.#settle(reason, true),
    );
  }

  /** Undefined if its guest waits for it no more. */
  static of(id: number): PendingResult | undefined {
    return pendingResults.get(id);
  }

  get hasSettled(): boolean {
    return this.#hasSettled;
  }

  #settle(value: unknown, hasFailed: boolean): void {
    this.#value = value;
    this.#hasFailed = hasFailed;
    this.#hasSettled = true;
    Caller.end(this.caller);
    if (this.#call === undefined) this.forget();
    else this.#call.resume();
  }

  forget(): void {
    pendingResults.delete(this.id);
  }

  /** The promise's value; throws what it was rejected with. */
  take(): unknown {
    this.forget();
    this.#call?.removeWaiting(this);
    if (this.#hasFailed) throw this.#value;
    return this.#value;
  }
}
