import type { NativeComponentFunc, NativeResource } from '../../generated/native.js';
import { checkFunction } from '../check.js';
import { misuse } from '../errors.js';
import { Store, type Storelike } from '../store.js';
import { ComponentError } from './component-error.js';
import { Decoder } from './decode.js';
import { Encoder } from './encode.js';
import { type ComponentFuncType, componentFuncType, type WitType } from './wit-type.js';

/**
 * A host function of a component: takes the store and the arguments, returns the result. Where the result
 * is a WIT `result`, it returns the value of `ok`, and throws a {@link ComponentError} for `err`.
 */
// biome-ignore lint/suspicious/noExplicitAny: what it takes and returns is in its type at run time.
export type ComponentHostFunction = (store: Store, ...args: any[]) => unknown;

/** A function that a component exports. Mirrors `wasmtime::component::Func`. */
export class ComponentFunc {
  /** The store that the function belongs to. */
  readonly store: Store;
  readonly #native: NativeComponentFunc;
  #type: ComponentFuncType | undefined;

  private constructor(store: Store, nativeFunc: NativeComponentFunc) {
    this.store = store;
    this.#native = nativeFunc;
  }

  /** The types of parameters and result. Mirrors `Func::ty`. */
  get type(): ComponentFuncType {
    this.#type ??= componentFuncType(this.#native.ty());
    return this.#type;
  }

  /**
   * Calls the function, and its post-return. Values are those of jco: see docs/components.md. Mirrors
   * `Func::call`.
   *
   * @throws ComponentError when the function returns the error of a `result`; Trap when the guest traps,
   * WasiExit when it exits, whatever a host function threw; TypeError or RangeError for arguments that
   * don't fit, with their place: `args[0].name`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a function returns is in its type at run time.
  call(store: Storelike, ...args: unknown[]): any {
    const owner = Store.nativeOwner(this.store, store);
    const { params, result } = this.type;
    if (args.length !== params.length) {
      throw misuse(
        'ERR_ARGUMENT_COUNT',
        `the function takes ${params.length} arguments, got ${args.length}`,
      );
    }
    const encoder = new Encoder(this.store);
    for (const [i, { type }] of params.entries()) encoder.add(`args[${i}]`, type, args[i]);
    let returned: ReturnType<NativeComponentFunc['call']>;
    try {
      returned = this.#native.call(owner, encoder.bytes, encoder.handles);
    } finally {
      encoder.end();
    }
    if (result === undefined) return undefined;
    return unwrap(result, new Decoder(this.store, returned.bytes, returned.handles).read(result));
  }

  /** @internal */
  static fromNative(store: Store, nativeFunc: NativeComponentFunc): ComponentFunc {
    return new ComponentFunc(store, nativeFunc);
  }
}

function unwrap(type: WitType, value: unknown): unknown {
  if (type.kind !== 'result') return value;
  const { tag, val } = value as { tag: 'ok' | 'err'; val: unknown };
  if (tag === 'err') throw new ComponentError(val);
  return val;
}

/** What native code calls for a host function. @internal */
export type ComponentDispatch = (
  store: object,
  number: number,
  type: Parameters<typeof componentFuncType>[0] | null,
  bytes: Uint8Array,
  handles: NativeResource[],
) => readonly [Uint8Array, NativeResource[]];

/** @internal */
export function componentDispatch(name: string, fn: ComponentHostFunction): ComponentDispatch {
  checkFunction('fn', fn);
  const types: ComponentFuncType[] = [];
  return (store, number, nativeType, bytes, handles) => {
    if (nativeType !== null) types[number] = componentFuncType(nativeType);
    const { params, result } = types[number] as ComponentFuncType;
    const decoder = new Decoder(store as Store, bytes, handles);
    const args = params.map(({ type }) => decoder.read(type));
    const encoder = new Encoder(store as Store);
    const returned = returnedBy(fn, store as Store, args, result);
    if (result !== undefined) encoder.add(`result of ${name}`, result, returned);
    return [encoder.bytes, encoder.handles];
  };
}

function returnedBy(
  fn: ComponentHostFunction,
  store: Store,
  args: readonly unknown[],
  result: WitType | undefined,
): unknown {
  if (result?.kind !== 'result') return fn(store, ...args);
  try {
    return { tag: 'ok', val: fn(store, ...args) };
  } catch (error) {
    if (error instanceof ComponentError) return { tag: 'err', val: error.payload };
    throw error;
  }
}
