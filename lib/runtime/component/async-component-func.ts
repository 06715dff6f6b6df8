import type { NativeResource } from '../../generated/native.js';
import { isPromiseLike, PendingResult } from '../async-func.js';
import { Caller } from '../caller.js';
import { checkFunction } from '../check.js';
import { INTERNAL } from '../internal.js';
import type { Store } from '../store.js';
import { ComponentError } from './component-error.js';
import { Decoder } from './decode.js';
import { Encoder } from './encode.js';
import { type ComponentFuncType, componentFuncType, type WitType } from './wit-type.js';

/**
 * A host function of a component that may be `async`: takes the caller and the arguments, and returns what
 * a {@link ComponentHostFunction} returns, or a promise of it, until which the guest is suspended; a promise
 * that rejects with a {@link ComponentError} is an `err`. The caller leads to the store until then, and may
 * call other components: `await func.callAsync(caller)`.
 */
// biome-ignore lint/suspicious/noExplicitAny: what it takes and returns is in its type at run time.
export type AsyncComponentHostFunction = (caller: Caller, ...args: any[]) => unknown;

type Values = readonly [Uint8Array, NativeResource[]];

/**
 * @internal What native code calls for one: again with `pending`, what the first call returned, when the
 * promise may have settled.
 */
export type AsyncComponentDispatch = (
  store: object,
  number: number,
  type: Parameters<typeof componentFuncType>[0] | null,
  bytes?: Uint8Array,
  handles?: NativeResource[],
  pending?: object,
) => Values | object;

/** @internal */
export function asyncComponentDispatch(
  name: string,
  fn: AsyncComponentHostFunction,
): AsyncComponentDispatch {
  checkFunction('fn', fn);
  const types: ComponentFuncType[] = [];
  return (storeObject, number, nativeType, bytes, handles, pending) => {
    const store = storeObject as Store;
    if (nativeType !== null) types[number] = componentFuncType(nativeType);
    const { params, result } = types[number] as ComponentFuncType;
    const encode = (take: () => unknown): Values => {
      const encoder = new Encoder(store);
      const returned = returnedBy(take, result);
      if (result !== undefined) encoder.add(`result of ${name}`, result, returned);
      return [encoder.bytes, encoder.handles];
    };
    if (pending instanceof PendingResult) {
      return pending.hasSettled ? encode(() => pending.take()) : pending;
    }
    const decoder = new Decoder(store, bytes as Uint8Array, handles as NativeResource[]);
    const args = params.map(({ type }) => decoder.read(type));
    const caller = new Caller(INTERNAL, store, { isAsync: true, hasExports: false });
    let returned: unknown;
    try {
      returned = fn(caller, ...args);
      if (isPromiseLike(returned)) return new PendingResult(returned, caller);
    } catch (error) {
      Caller.end(caller);
      return encode(() => {
        throw error;
      });
    }
    Caller.end(caller);
    return encode(() => returned);
  };
}

/** The value of ok or err, where the type is a `result`. */
function returnedBy(take: () => unknown, result: WitType | undefined): unknown {
  if (result?.kind !== 'result') return take();
  try {
    return { tag: 'ok', val: take() };
  } catch (error) {
    if (error instanceof ComponentError) return { tag: 'err', val: error.payload };
    throw error;
  }
}
