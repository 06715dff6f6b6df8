import { native, SLOT_COUNT } from '../native.js';
import { checkArray, checkBytes, checkInteger } from './check.js';
import { misuse, outOfRange } from './errors.js';
import { REFERENCES } from './func.js';
import { ArrayType, unpack } from './gc-type.js';
import { guardReceivers, INTERNAL, isObject } from './internal.js';
import { GcRef } from './reference.js';
import { Store, type Storelike } from './store.js';
import type { ValType } from './types.js';
import { decode, encode } from './values.js';

/**
 * An array of a store's garbage collector. Mirrors `wasmtime::ArrayRef`.
 *
 * @example
 * ```js
 * import { ArrayRef, ArrayType, Engine, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ wasmGc: true });
 * const store = new Store(engine);
 * const bytes = new ArrayType(engine, { content: 'i8', mutable: true });
 * const made = ArrayRef.create(store, bytes, 7, 3);
 * console.log(made.elems(store).join()); // 7,7,7
 * ```
 */
export class ArrayRef extends GcRef {
  #type: ArrayType | undefined;

  /**
   * Makes an array of `length` times `value`. Mirrors `ArrayRef::new`.
   *
   * @throws TypeError or RangeError for a value that isn't of the element type, TypeError
   * `ERR_WRONG_ENGINE` for a type of another engine, Trap `AllocationTooLarge` or WasmtimeError when the
   * heap has no room.
   */
  static create(store: Storelike, type: ArrayType, value: unknown, length: number): ArrayRef {
    const owner = Store.of('store', store);
    const nativeType = ArrayType.native('type', owner.engine, type);
    checkInteger('length', length, 0, 0xffff_ffff);
    const element = unpack(type.element.content);
    const references = encode('value', [element], [value], REFERENCES, owner);
    const nativeStore = Store.native(owner, store);
    const made = native.NativeRef.createArray(nativeStore, nativeType, length, references);
    return new ArrayRef(INTERNAL, owner, made);
  }

  /**
   * Makes an array of these values, at most 1,000. Mirrors `ArrayRef::new_fixed`.
   *
   * @throws as {@link ArrayRef.create}, RangeError for more values.
   */
  static fixed(store: Storelike, type: ArrayType, values: readonly unknown[]): ArrayRef {
    const owner = Store.of('store', store);
    const nativeType = ArrayType.native('type', owner.engine, type);
    const given = [...checkArray('values', values)];
    if (given.length > SLOT_COUNT) {
      throw outOfRange('values', `at most ${SLOT_COUNT} values`, given.length);
    }
    const types: ValType[] = new Array(given.length).fill(unpack(type.element.content));
    const references = encode('values', types, given, REFERENCES, owner);
    const made = native.NativeRef.create(
      Store.native(owner, store),
      nativeType,
      given.length,
      references,
    );
    return new ArrayRef(INTERNAL, owner, made);
  }

  /**
   * Makes an array of `i8` from bytes. Mirrors `ArrayRef::new_from_i8_slice`.
   *
   * @throws WasmtimeError for a type whose elements aren't `i8`, or when the heap has no room.
   */
  static fromBytes(store: Storelike, type: ArrayType, bytes: Uint8Array | ArrayBuffer): ArrayRef {
    const owner = Store.of('store', store);
    const nativeType = ArrayType.native('type', owner.engine, type);
    const source = checkBytes('bytes', bytes);
    return new ArrayRef(
      INTERNAL,
      owner,
      native.NativeRef.createBytes(Store.native(owner, store), nativeType, source),
    );
  }

  /** Mirrors `ArrayRef::ty`. */
  type(store: Storelike): ArrayType {
    const owner = Store.nativeOwner(this.store, store);
    this.#type ??= new ArrayType(
      this.store.engine,
      GcRef.native(this).gcType(owner) as unknown as { content: 'i8'; mutable: true },
    );
    return this.#type;
  }

  /** How many elements it has. Mirrors `ArrayRef::len`. */
  length(store: Storelike): number {
    return GcRef.native(this).length(Store.nativeOwner(this.store, store));
  }

  /** The values of all elements. Mirrors `ArrayRef::elems`. */
  elems(store: Storelike): unknown[] {
    const owner = Store.nativeOwner(this.store, store);
    const type = this.#elementType(store);
    const length = this.length(store);
    const values: unknown[] = [];
    for (let start = 0; start < length; start += SLOT_COUNT) {
      const count = Math.min(SLOT_COUNT, length - start);
      const found = GcRef.native(this).read(owner, start, count);
      const types: ValType[] = new Array(count).fill(type);
      for (const value of decode(types, found, REFERENCES, this.store)) values.push(value);
    }
    return values;
  }

  /**
   * An element; those of 8 and 16 bits are unsigned. Mirrors `ArrayRef::get`.
   *
   * @throws RangeError beyond the end.
   */
  get(store: Storelike, index: number): unknown {
    this.#checkIndex(store, index);
    const type = this.#elementType(store);
    const found = GcRef.native(this).read(Store.nativeOwner(this.store, store), index, 1);
    return decode([type], found, REFERENCES, this.store)[0];
  }

  /**
   * Sets an element; of 8 and 16 bits the lowest count. Mirrors `ArrayRef::set`.
   *
   * @throws RangeError beyond the end, TypeError `ERR_IMMUTABLE_FIELD` for an array of constants,
   * TypeError or RangeError for a value that isn't of the element type.
   */
  set(store: Storelike, index: number, value: unknown): void {
    this.#checkIndex(store, index);
    const type = this.#elementType(store);
    if (!this.type(store).element.mutable) {
      throw misuse('ERR_IMMUTABLE_FIELD', "the array's elements are immutable");
    }
    const references = encode('value', [type], [value], REFERENCES, this.store);
    GcRef.native(this).write(Store.nativeOwner(this.store, store), index, references);
  }

  /**
   * A copy of the bytes of an array of `i8`. Mirrors `ArrayRef::copy_to_i8_slice`.
   *
   * @throws WasmtimeError for an array of others.
   */
  toBytes(store: Storelike): Uint8Array {
    const bytes = new Uint8Array(this.length(store));
    GcRef.native(this).readBytes(Store.nativeOwner(this.store, store), bytes);
    return bytes;
  }

  #elementType(store: Storelike): ValType {
    return unpack(this.type(store).element.content);
  }

  #checkIndex(store: Storelike, index: number): void {
    const length = this.length(store);
    if (checkInteger('index', index) >= length) {
      throw outOfRange('index', `an index below the array's length ${length}`, index);
    }
  }

  /** @internal */
  static override is(value: unknown): value is ArrayRef {
    return isObject(value) && #type in value;
  }

  static {
    guardReceivers(ArrayRef, (value) => #type in value);
  }
}
