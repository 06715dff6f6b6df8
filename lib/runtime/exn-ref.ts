import { native } from '../native.js';
import { checkArray, checkInteger } from './check.js';
import { misuse, outOfRange, wrongType } from './errors.js';
import { REFERENCES } from './func.js';
import { guardReceivers, INTERNAL, isObject } from './internal.js';
import { GcRef } from './reference.js';
import { Store, type Storelike } from './store.js';
import { Tag } from './tag.js';
import type { ValType } from './types.js';
import { decode, encode } from './values.js';

declare module './errors.js' {
  interface WasmtimeError {
    /**
     * With `ERR_WASM_EXCEPTION`, the exception that the guest threw and nobody caught. Mirrors
     * `Store::take_pending_exception`.
     */
    readonly exception: ExnRef | undefined;
  }
}

/**
 * An exception of WebAssembly's. One that a host function throws unwinds the guest as its own do: it can
 * catch it. One that nobody catches is the {@link WasmtimeError.exception} of the error that comes out.
 * Mirrors `wasmtime::ExnRef`.
 *
 * @example
 * ```js
 * import { Engine, ExnRef, Store, Tag } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine({ wasmExceptions: true }));
 * const exception = ExnRef.create(store, Tag.create(store, ['i32']), [7]);
 * console.log(exception.field(store, 0)); // 7
 * ```
 */
export class ExnRef extends GcRef {
  #types: readonly ValType[] | undefined;

  /**
   * Makes an exception of `tag` with these values. Mirrors `ExnRef::new`.
   *
   * @throws TypeError or RangeError for values that aren't of the tag's types, WasmtimeError when the
   * heap has no room.
   */
  static create(store: Storelike, tag: Tag, values: readonly unknown[]): ExnRef {
    const owner = Store.of('store', store);
    if (!Tag.is(tag)) throw wrongType('tag', 'a Tag', tag);
    if (tag.store !== owner) {
      throw misuse('ERR_WRONG_STORE', 'the tag belongs to another store');
    }
    const types = tag.params(store) as ValType[];
    const given = [...checkArray('values', values)];
    if (given.length !== types.length) {
      throw outOfRange('values', `${types.length} values`, given.length);
    }
    const references = encode('values', types, given, REFERENCES, owner);
    const nativeStore = Store.native(owner, store);
    const made = native.NativeRef.createException(nativeStore, Tag.native(tag), references);
    return new ExnRef(INTERNAL, owner, made);
  }

  /** What it is of. Mirrors `ExnRef::tag`. */
  tag(store: Storelike): Tag {
    const owner = Store.nativeOwner(this.store, store);
    return Tag.fromNative(this.store, GcRef.native(this).tag(owner));
  }

  /** Its values. Mirrors `ExnRef::fields`. */
  fields(store: Storelike): unknown[] {
    return this.#fieldTypes(store).map((_, index) => this.field(store, index));
  }

  /**
   * One of its values. Mirrors `ExnRef::field`.
   *
   * @throws RangeError when there is no such value.
   */
  field(store: Storelike, index: number): unknown {
    const types = this.#fieldTypes(store);
    checkInteger('index', index, 0, 0xffff_ffff);
    const type = types[index];
    if (type === undefined) {
      throw outOfRange('index', `an index below the number of values ${types.length}`, index);
    }
    const found = GcRef.native(this).read(Store.nativeOwner(this.store, store), index, 1);
    return decode([type], found, REFERENCES, this.store)[0];
  }

  #fieldTypes(store: Storelike): readonly ValType[] {
    this.#types ??= this.tag(store).params(store) as ValType[];
    return this.#types;
  }

  /** @internal */
  static override is(value: unknown): value is ExnRef {
    return isObject(value) && #types in value;
  }

  static {
    guardReceivers(ExnRef, (value) => #types in value);
  }
}
