import type { NativeGlobal } from '../generated/native.js';
import { native } from '../native.js';
import { checkBoolean, checkObject, checkOneOf } from './check.js';
import { misuse } from './errors.js';
import { REFERENCES } from './func.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import { Store, type Storelike } from './store.js';
import { type GlobalType, VAL_TYPES, type ValType } from './types.js';
import { decode, encode } from './values.js';

/**
 * A global variable of a store. Mirrors `wasmtime::Global`.
 *
 * @example
 * ```js
 * import { Engine, Global, Store } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine());
 * const counter = Global.create(store, { content: 'i32', mutable: true }, 1);
 * counter.set(store, 2);
 * console.log(counter.get(store)); // 2
 * ```
 */
export class Global {
  /** The store that the global belongs to. */
  readonly store: Store;
  readonly #native: NativeGlobal;

  private constructor(key: typeof INTERNAL, store: Store, nativeGlobal: NativeGlobal) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeGlobal;
  }

  /**
   * Makes a global that holds `value`. Mirrors `Global::new`.
   *
   * @throws TypeError or RangeError for a value that isn't of the type.
   */
  static create(store: Storelike, type: GlobalType, value: unknown): Global {
    const owner = Store.of('store', store);
    checkObject('type', type);
    const content = checkOneOf('type.content', type.content, VAL_TYPES);
    const mutable = checkBoolean('type.mutable', type.mutable);
    const references = encode('value', [content], [value], REFERENCES, owner);
    return Global.fromNative(
      owner,
      native.NativeGlobal.create(Store.native(owner, store), content, mutable, references),
    );
  }

  /** Mirrors `Global::ty`. */
  type(store: Storelike): { readonly content: string; readonly mutable: boolean } {
    const owner = Store.nativeOwner(this.store, store);
    return { content: this.#native.content(owner), mutable: this.#native.mutable(owner) };
  }

  /** The value, as functions return it. Mirrors `Global::get`. */
  get(store: Storelike): unknown {
    const owner = Store.nativeOwner(this.store, store);
    const content = this.#native.content(owner) as ValType;
    return decode([content], this.#native.get(owner), REFERENCES, this.store)[0];
  }

  /**
   * Mirrors `Global::set`.
   *
   * @throws TypeError or RangeError for a value that isn't of the type, TypeError
   * `ERR_IMMUTABLE_GLOBAL` for a constant.
   */
  set(store: Storelike, value: unknown): void {
    const owner = Store.nativeOwner(this.store, store);
    if (!this.#native.mutable(owner)) {
      throw misuse('ERR_IMMUTABLE_GLOBAL', 'the global is immutable');
    }
    const content = this.#native.content(owner) as ValType;
    const references = encode('value', [content], [value], REFERENCES, this.store);
    this.#native.set(owner, references);
  }

  /** @internal The global that stands for it in its store. */
  static fromNative(store: Store, nativeGlobal: NativeGlobal): Global {
    const make = () => new Global(INTERNAL, store, nativeGlobal);
    return Store.item(store, nativeGlobal.identity, make) as Global;
  }

  /** @internal */
  static native(global: Global): NativeGlobal {
    return global.#native;
  }

  /** @internal */
  static is(value: unknown): value is Global {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Global, (value) => #native in value);
  }
}
