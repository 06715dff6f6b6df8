import { native } from '../native.js';
import { checkArray, checkInteger } from './check.js';
import { misuse, outOfRange } from './errors.js';
import { REFERENCES } from './func.js';
import { StructType, unpack } from './gc-type.js';
import { guardReceivers, INTERNAL, isObject } from './internal.js';
import { GcRef } from './reference.js';
import { Store, type Storelike } from './store.js';
import { decode, encode } from './values.js';

/**
 * A struct of a store's garbage collector. Mirrors `wasmtime::StructRef`.
 *
 * @example
 * ```js
 * import { Engine, Store, StructRef, StructType } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ wasmGc: true });
 * const store = new Store(engine);
 * const point = new StructType(engine, [{ content: 'i32', mutable: true }, { content: 'i32', mutable: false }]);
 * const made = StructRef.create(store, point, [3, 4]);
 * made.setField(store, 0, 5);
 * console.log(made.fields(store).join()); // 5,4
 * ```
 */
export class StructRef extends GcRef {
  #type: StructType | undefined;

  /**
   * Makes a struct with these values. Mirrors `StructRef::new`.
   *
   * @throws TypeError or RangeError for values that aren't of the fields' types, TypeError
   * `ERR_WRONG_ENGINE` for a type of another engine, WasmtimeError when the heap has no room.
   */
  static create(store: Storelike, type: StructType, values: readonly unknown[]): StructRef {
    const owner = Store.of('store', store);
    const nativeType = StructType.native('type', owner.engine, type);
    const types = type.fields.map(({ content }) => unpack(content));
    const given = [...checkArray('values', values)];
    if (given.length !== types.length) {
      throw outOfRange('values', `${types.length} values`, given.length);
    }
    const references = encode('values', types, given, REFERENCES, owner);
    const made = native.NativeRef.create(Store.native(owner, store), nativeType, 0, references);
    return new StructRef(INTERNAL, owner, made);
  }

  /** Mirrors `StructRef::ty`. */
  type(store: Storelike): StructType {
    const owner = Store.nativeOwner(this.store, store);
    this.#type ??= new StructType(
      this.store.engine,
      GcRef.native(this).gcType(owner) as unknown as [],
    );
    return this.#type;
  }

  /** The values of all fields. Mirrors `StructRef::fields`. */
  fields(store: Storelike): unknown[] {
    return this.type(store).fields.map((_, index) => this.field(store, index));
  }

  /**
   * The value of a field; those of 8 and 16 bits are unsigned. Mirrors `StructRef::field`.
   *
   * @throws RangeError when there is no such field.
   */
  field(store: Storelike, index: number): unknown {
    const type = this.#fieldType(store, index);
    const owner = Store.nativeOwner(this.store, store);
    const found = GcRef.native(this).read(owner, index, 1);
    return decode([type], found, REFERENCES, this.store)[0];
  }

  /**
   * Sets a field; of 8 and 16 bits the lowest count. Mirrors `StructRef::set_field`.
   *
   * @throws RangeError when there is no such field, TypeError `ERR_IMMUTABLE_FIELD` for a constant,
   * TypeError or RangeError for a value that isn't of the field's type.
   */
  setField(store: Storelike, index: number, value: unknown): void {
    const type = this.#fieldType(store, index);
    if (!this.type(store).fields[index]?.mutable) {
      throw misuse('ERR_IMMUTABLE_FIELD', `the field ${index} is immutable`);
    }
    const owner = Store.nativeOwner(this.store, store);
    const references = encode('value', [type], [value], REFERENCES, this.store);
    GcRef.native(this).write(owner, index, references);
  }

  #fieldType(store: Storelike, index: number) {
    const { fields } = this.type(store);
    checkInteger('index', index, 0, 0xffff_ffff);
    const field = fields[index];
    if (field === undefined) {
      throw outOfRange('index', `an index below the number of fields ${fields.length}`, index);
    }
    return unpack(field.content);
  }

  /** @internal */
  static override is(value: unknown): value is StructRef {
    return isObject(value) && #type in value;
  }

  static {
    guardReceivers(StructRef, (value) => #type in value);
  }
}
