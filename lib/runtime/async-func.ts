import { AsyncCall } from './async-calls.js';
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
 * @internal What native code calls for one: again with `pending`, the number that the first call returned for a
 * promise, when that may have settled.
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
      if (!result.hasSettled) return pending;
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
        return new PendingResult(returned, caller).number;
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

/** Those that guests wait for, by their numbers. */
const pendingResults = new Map<number, PendingResult>();

/** @internal What a guest waits for. */
export class PendingResult {
  /** What native code has for it: a negative number. */
  readonly number: number;
  readonly #caller: Caller;
  readonly #call = AsyncCall.running;
  #settled: { readonly value: unknown } | { readonly reason: unknown } | undefined;

  constructor(promise: PromiseLike<unknown>, caller: Caller) {
    this.number = -Caller.suspend(caller);
    this.#caller = caller;
    pendingResults.set(this.number, this);
    // Whose guest it is that has called.
    this.#call?.waitsFor(this);
    Promise.resolve(promise).then(
      (value) => this.#settle({ value }),
      (reason) => this.#settle({ reason }),
    );
  }

  /** @throws Error when nobody waits for it any more. */
  static of(number: number): PendingResult {
    const result = pendingResults.get(number);
    if (result === undefined) throw new Error(`no promise has the number ${number}`);
    return result;
  }

  get hasSettled(): boolean {
    return this.#settled !== undefined;
  }

  /** The promise's value; throws what it was rejected with. The guest goes on. */
  take(): unknown {
    pendingResults.delete(this.number);
    this.#call?.waitsNoMore(this);
    if (this.#settled === undefined) return undefined;
    if ('reason' in this.#settled) throw this.#settled.reason;
    return this.#settled.value;
  }

  /** Of a guest that was ended where it waited. */
  end(): void {
    pendingResults.delete(this.number);
    Caller.end(this.#caller);
  }

  #settle(settled: { value: unknown } | { reason: unknown }): void {
    this.#settled = settled;
    Caller.end(this.#caller);
    this.#call?.resume();
  }
}
