import type {
  NativeComponentFunc,
  NativeComponentValues,
  NativeResource,
} from '../../generated/native.js';
import { native } from '../../native.js';
import { callAsync, checkAsyncCallOptions } from '../async-calls.js';
import { Caller } from '../caller.js';
import { checkFunction } from '../check.js';
import { misuse } from '../errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../internal.js';
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

  private constructor(key: typeof INTERNAL, store: Store, nativeFunc: NativeComponentFunc) {
    checkInternal(key, new.target);
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
    if (this.type.async) {
      throw misuse('ERR_ASYNC_REQUIRED', 'the function is async: use callAsync');
    }
    const encoder = this.#encode(args);
    let returned: NativeComponentValues;
    try {
      returned = this.#native.call(owner, encoder.bytes, encoder.handles);
    } finally {
      encoder.end();
    }
    return this.#decode(returned);
  }

  /**
   * Calls the function, and its post-return, on a fiber, as {@link Func.callAsync} does: the event loop goes
   * on while the guest waits for the promise of a host function ({@link LinkerInstance.funcNewAsync}) or for
   * WASI ({@link ComponentLinker.addWasiAsync}), and when it yields. The last argument, after those of the
   * function, may be {@link AsyncCallOptions}. Mirrors `Func::call_async`.
   *
   * A call that was ended by its signal has left its component in the middle of something: as after a trap, the
   * components of its store can't be entered any more.
   *
   * @returns a promise of what {@link ComponentFunc.call} returns; it rejects with what that throws, TypeError
   * `ERR_STORE_IN_USE` in the store's own callbacks or while another call of it is under way, WasmtimeError
   * `ERR_COMPONENT_TASKS` within a task that has outlived the host function in which it began, or the
   * signal's reason.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what a function returns is in its type at run time.
  async callAsync(store: Storelike, ...args: unknown[]): Promise<any> {
    if (Caller.isStarting(store)) await undefined;
    const owner = Store.nativeOwner(this.store, store);
    const hasOptions = args.length === this.type.params.length + 1;
    const options = checkAsyncCallOptions(hasOptions ? args.pop() : undefined);
    const encoder = this.#encode(args);
    const { bytes, handles } = encoder;
    try {
      return await callAsync(
        this.store.engine,
        store,
        options,
        (id, ticker) => native.callComponentAsync(id, owner, ticker, this.#native, bytes, handles),
        (returned) => this.#decode(returned as NativeComponentValues),
      );
    } finally {
      encoder.end();
    }
  }

  #encode(args: readonly unknown[]): Encoder {
    const { params } = this.type;
    if (args.length !== params.length) {
      throw misuse(
        'ERR_ARGUMENT_COUNT',
        `the function takes ${params.length} arguments, got ${args.length}`,
      );
    }
    const encoder = new Encoder(this.store);
    for (const [i, { type }] of params.entries()) encoder.add(`args[${i}]`, type, args[i]);
    return encoder;
  }

  #decode({ bytes, handles }: NativeComponentValues): unknown {
    const { result } = this.type;
    if (result === undefined) return undefined;
    return unwrap(result, new Decoder(this.store, bytes, handles).read(result));
  }

  /** @internal */
  static fromNative(store: Store, nativeFunc: NativeComponentFunc): ComponentFunc {
    return new ComponentFunc(INTERNAL, store, nativeFunc);
  }

  /** @internal */
  static is(value: unknown): value is ComponentFunc {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(ComponentFunc, (value) => #native in value);
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
