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
 * @internal What native code calls for one: again with `pending`, what the first call returned, when the
 * promise may have settled.
 */
export type AsyncDispatch = (store: object, references?: unknown[], pending?: object) => unknown;

/** @internal */
export function asyncHostDispatch({ params, results }: FuncType, fn: unknown): AsyncDispatch {
  checkCount('type.params', params);
  checkCount('type.results', results);
  checkFunction('fn', fn);
  const host = fn as unknown as (caller: Caller, ...args: unknown[]) => unknown;
  return (store, references, pending) => {
    if (pending instanceof PendingResult) {
      if (!pending.hasSettled) return pending;
      let returned: unknown;
      try {
        returned = pending.take();
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
        return new PendingResult(returned, caller);
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

/** @internal What a guest waits for. */
export class PendingResult {
  /** By which native code knows it. */
  readonly id: number;
  #settled: { readonly value: unknown } | { readonly reason: unknown } | undefined;

  constructor(promise: PromiseLike<unknown>, caller: Caller) {
    this.id = Caller.suspend(caller);
    // Whose guest it is that has called.
    const call = AsyncCall.running;
    call?.callers.add(caller);
    const settle = (settled: { value: unknown } | { reason: unknown }): void => {
      this.#settled = settled;
      call?.callers.delete(caller);
      Caller.end(caller);
      call?.resume();
    };
    Promise.resolve(promise).then(
      (value) => settle({ value }),
      (reason) => settle({ reason }),
    );
  }

  get hasSettled(): boolean {
    return this.#settled !== undefined;
  }

  /** The promise's value; throws what it was rejected with. */
  take(): unknown {
    if (this.#settled === undefined) return undefined;
    if ('reason' in this.#settled) throw this.#settled.reason;
    return this.#settled.value;
  }
}
