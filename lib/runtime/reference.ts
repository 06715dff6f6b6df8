import type { NativeRef } from '../generated/native.js';
import { native } from '../native.js';
import { checkInteger } from './check.js';
import { misuse, wrongType } from './errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import { Store, type Storelike } from './store.js';

/** What an `anyref` refers to; `extern` is a JavaScript value that `any.convert_extern` has wrapped. */
export type RefKind = 'i31' | 'struct' | 'array' | 'extern' | 'exn';

/**
 * A reference to an object of a store's garbage collector, which it keeps alive: a {@link StructRef}, an
 * {@link ArrayRef}, an {@link ExnRef}, an i31, or a wrapped JavaScript value. Mirrors `wasmtime::AnyRef`.
 *
 * @example
 * ```js
 * import { Engine, GcRef, Store } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine({ wasmGc: true }));
 * console.log(GcRef.fromI31(store, 5).i31(store)); // 5
 * ```
 */
export class GcRef {
  /** The store that the object belongs to. */
  readonly store: Store;
  readonly #native: NativeRef;

  /** @internal */
  constructor(key: typeof INTERNAL, store: Store, nativeRef: NativeRef) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeRef;
  }

  /** The `i31` of an integer of 31 bits, signed or unsigned. Mirrors `AnyRef::from_i31`. */
  static fromI31(store: Storelike, value: number): GcRef {
    const owner = Store.of('store', store);
    checkInteger('value', value, -(2 ** 30), 2 ** 31 - 1);
    return new GcRef(INTERNAL, owner, native.NativeRef.fromI31(Store.native(owner, store), value));
  }

  /** Wraps any value but null and undefined, as `any.convert_extern` does. Mirrors `AnyRef::convert_extern`. */
  static fromExtern(store: Storelike, value: unknown): GcRef {
    const owner = Store.of('store', store);
    if (value === null || value === undefined) throw wrongType('value', 'a value', value);
    return new GcRef(
      INTERNAL,
      owner,
      native.NativeRef.fromExtern(Store.native(owner, store), [toNative(value, owner)]),
    );
  }

  /** What it refers to. */
  kind(store: Storelike): RefKind {
    return this.#native.kind(Store.nativeOwner(this.store, store)) as RefKind;
  }

  /** The integer of an `i31`, signed; undefined for others. Mirrors `AnyRef::as_i31`. */
  i31(store: Storelike): number | undefined {
    return this.#native.i31(Store.nativeOwner(this.store, store)) ?? undefined;
  }

  /** The value that `any.convert_extern` has wrapped, else this object. Mirrors `ExternRef::convert_any`. */
  toExtern(store: Storelike): unknown {
    const [value] = this.#native.toExtern(Store.nativeOwner(this.store, store));
    return value instanceof native.NativeRef ? this : value;
  }

  /** Whether both refer to the same object, as `ref.eq` tells. Mirrors `Rooted::ref_eq`. */
  refEq(store: Storelike, other: GcRef): boolean {
    const owner = Store.nativeOwner(this.store, store);
    if (!GcRef.is(other)) throw wrongType('other', 'a GcRef', other);
    Store.nativeOwner(other.store, store);
    return this.#native.same(owner, other.#native);
  }

  /** @internal */
  static native(reference: GcRef): NativeRef {
    return reference.#native;
  }

  /** @internal */
  static is(value: unknown): value is GcRef {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(GcRef, (value) => #native in value);
  }
}

/** @internal A `GcRef` as its native object, anything else as it is. */
export function toNative(value: unknown, store: Store): unknown {
  if (!GcRef.is(value)) return value;
  if (value.store !== store) {
    throw misuse('ERR_WRONG_STORE', 'the reference belongs to another store');
  }
  return GcRef.native(value);
}

/** @internal Classes of references to objects of these kinds, set by their own file; a `GcRef` is of any other kind. */
export const referenceClasses: Partial<Record<RefKind, typeof GcRef>> = {};

/** @internal A native reference as an object of its class, anything else as it is. */
export function wrapReference(value: unknown, store: Store): unknown {
  if (!(value instanceof native.NativeRef)) return value;
  const Class = referenceClasses[value.class as RefKind] ?? GcRef;
  return new Class(INTERNAL, store, value);
}
