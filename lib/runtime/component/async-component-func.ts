import { isPromiseLike, PendingResult } from '../async-func.js';
import { Caller } from '../caller.js';
import { checkFunction } from '../check.js';
import { INTERNAL } from '../internal.js';
import type { Store } from '../store.js';
import type { Packet } from './encoder.js';
import { Plan } from './plan.js';
import { componentFuncType } from './wit-type.js';

/**
 * A host function of a component that may be `async`: takes the caller and the arguments, and returns what
 * a {@link ComponentHostFunction} returns, or a promise of it, until which the guest is suspended; a promise
 * that rejects with a {@link ComponentError} is an `err`. The caller leads to the store until then, and may
 * call other components: `await func.callAsync(caller)`.
 */
// biome-ignore lint/suspicious/noExplicitAny: what it takes and returns is in its type at run time.
export type AsyncComponentHostFunction = (caller: Caller, ...args: any[]) => unknown;

/**
 * @internal What native code calls for one: again with `pending`, the number that the first call returned for a
 * promise, when that may have settled.
 */
export type AsyncComponentDispatch = (
  store: object,
  number: number,
  type?: Parameters<typeof componentFuncType>[0] | null,
  values?: Packet,
  pending?: number,
) => number | Packet;

/** @internal */
export function asyncComponentDispatch(
  name: string,
  fn: AsyncComponentHostFunction,
): AsyncComponentDispatch {
  checkFunction('fn', fn);
  const plans: Plan[] = [];
  return (storeObject, number, nativeType, values, pending) => {
    const store = storeObject as Store;
    if (nativeType) plans[number] = new Plan(componentFuncType(nativeType));
    const plan = plans[number] as Plan;
    if (pending !== undefined) {
      const result = PendingResult.of(pending);
      return result.hasSettled ? plan.encodeResult(store, name, () => result.take()) : pending;
    }
    const args = plan.decodeArguments(store, values);
    const caller = new Caller(INTERNAL, store, { isAsync: true, hasExports: false });
    let returned: unknown;
    try {
      returned = fn(caller, ...args);
      if (isPromiseLike(returned)) return new PendingResult(returned, caller, store).number;
    } catch (error) {
      Caller.end(caller);
      return plan.encodeResult(store, name, () => {
        throw error;
      });
    }
    Caller.end(caller);
    return plan.encodeResult(store, name, () => returned);
  };
}
