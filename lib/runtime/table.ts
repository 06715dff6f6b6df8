import type { NativeTable } from '../generated/native.js';
import { native } from '../native.js';
import { checkBoolean, checkInteger, checkObject, checkOneOf } from './check.js';
import { outOfRange, wrongType } from './errors.js';
import { REFERENCES } from './func.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import { Store, type Storelike } from './store.js';
import { REF_TYPES, type TableType, type ValType } from './types.js';

/** Sizes and indices of tables without 64-bit indices. */
const MAXIMUM = 0xffff_ffff;

/**
 * A table of references of a store. Mirrors `wasmtime::Table`.
 *
 * @example
 * ```js
 * import { Engine, Store, Table } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine());
 * const table = Table.create(store, { element: 'externref', minimum: 1 });
 * table.set(store, 0, 'anything');
 * console.log(table.get(store, 0)); // anything
 * ```
 */
export class Table {
  /** The store that the table belongs to. */
  readonly store: Store;
  readonly #native: NativeTable;

  private constructor(key: typeof INTERNAL, store: Store, nativeTable: NativeTable) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeTable;
  }

  /** Makes a table filled with `init`. Mirrors `Table::new`. */
  static create(store: Storelike, type: TableType, init: unknown = null): Table {
    const owner = Store.of('store', store);
    checkObject('type', type);
    const element = checkOneOf('type.element', type.element, REF_TYPES);
    const index64 = checkBoolean('type.index64', type.index64 ?? false);
    const most = index64 ? Number.MAX_SAFE_INTEGER : MAXIMUM;
    const minimum = checkInteger('type.minimum', type.minimum, 0, most);
    const maximum =
      type.maximum === undefined ? null : checkInteger('type.maximum', type.maximum, minimum, most);
    const references = [REFERENCES.toNative('init', element, init, owner)];
    const nativeStore = Store.native(owner, store);
    return Table.fromNative(
      owner,
      native.NativeTable.create(nativeStore, element, minimum, maximum, index64, references),
    );
  }

  /** Mirrors `Table::ty`; the element type is its text format's name. */
  type(store: Storelike): Omit<Required<TableType>, 'element'> & { readonly element: string } {
    const type = this.#native.type(Store.nativeOwner(this.store, store));
    return {
      element: type.content ?? '',
      minimum: type.minimum ?? 0,
      maximum: type.maximum,
      index64: type.index64 ?? false,
    };
  }

  /** In elements. Mirrors `Table::size`. */
  size(store: Storelike): number {
    return this.#native.size(Store.nativeOwner(this.store, store));
  }

  /**
   * The element at `index`. Mirrors `Table::get`.
   *
   * @throws RangeError beyond the end.
   */
  get(store: Storelike, index: number): unknown {
    const owner = Store.nativeOwner(this.store, store);
    const found = this.#native.get(owner, checkInteger('index', index));
    if (found === null || found === undefined) throw this.#outOfBounds(store, index);
    const element = this.#native.element(owner) as ValType;
    return REFERENCES.fromNative(element, found[0], this.store);
  }

  /**
   * Mirrors `Table::set`.
   *
   * @throws RangeError beyond the end, TypeError for a value that isn't of the element type.
   */
  set(store: Storelike, index: number, value: unknown): void {
    const owner = Store.nativeOwner(this.store, store);
    const references = this.#references(store, 'value', value);
    if (checkInteger('index', index) >= this.size(store)) throw this.#outOfBounds(store, index);
    this.#native.set(owner, index, references);
  }

  /**
   * Grows the table by `delta` elements that hold `init`; returns its size before. Mirrors
   * `Table::grow`.
   *
   * @throws WasmtimeError `ERR_TABLE_GROW` beyond its maximum or the limits.
   */
  grow(store: Storelike, delta: number, init: unknown = null): number {
    const owner = Store.nativeOwner(this.store, store);
    const references = this.#references(store, 'init', init);
    return this.#native.grow(owner, checkInteger('delta', delta), references);
  }

  /**
   * Sets `length` elements from `start` on to `value`. Mirrors `Table::fill`.
   *
   * @throws RangeError when they don't all exist, TypeError for a value that isn't of the element type.
   */
  fill(store: Storelike, start: number, value: unknown, length: number): void {
    const owner = Store.nativeOwner(this.store, store);
    const references = this.#references(store, 'value', value);
    this.#checkRange(store, 'start', start, length);
    this.#native.fill(owner, start, length, references);
  }

  /**
   * Copies `length` elements of `source`, from `from` on, to this table's `to`; the two may overlap.
   * Mirrors `Table::copy`.
   *
   * @throws RangeError when they don't all exist, WasmtimeError `ERR_WASMTIME` for a source of another
   * element type.
   */
  copy(store: Storelike, to: number, source: Table, from: number, length: number): void {
    const owner = Store.nativeOwner(this.store, store);
    if (!Table.is(source)) throw wrongType('source', 'a Table', source);
    Store.nativeOwner(source.store, store);
    this.#checkRange(store, 'to', to, length);
    source.#checkRange(store, 'from', from, length);
    this.#native.copy(owner, to, source.#native, from, length);
  }

  #checkRange(store: Storelike, what: string, start: number, length: number): void {
    checkInteger('length', length);
    const size = this.size(store);
    if (checkInteger(what, start) + length > size) {
      throw outOfRange(what, `${length} elements within the table's ${size}`, start);
    }
  }

  #references(store: Storelike, what: string, value: unknown): unknown[] {
    const element = this.#native.element(Store.nativeOwner(this.store, store)) as ValType;
    return [REFERENCES.toNative(what, element, value, this.store)];
  }

  #outOfBounds(store: Storelike, index: number): RangeError {
    return outOfRange('index', `an index below the table's size ${this.size(store)}`, index);
  }

  /** @internal The table that stands for it in its store. */
  static fromNative(store: Store, nativeTable: NativeTable): Table {
    const make = () => new Table(INTERNAL, store, nativeTable);
    return Store.item(store, nativeTable.identity, make) as Table;
  }

  /** @internal */
  static native(table: Table): NativeTable {
    return table.#native;
  }

  /** @internal */
  static is(value: unknown): value is Table {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Table, (value) => #native in value);
  }
}
