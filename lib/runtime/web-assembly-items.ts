import type { Extern } from './extern.js';
import { Func } from './func.js';
import { Global } from './global.js';
import { isObject } from './internal.js';
import { Memory } from './memory.js';
import type { Store } from './store.js';
import { Table } from './table.js';
import type { FuncType, ValType } from './types.js';

export type AnyFunction = (...args: unknown[]) => unknown;

/** @internal Items of a store as JavaScript's `WebAssembly` has them: one object each. */
export class WebAssemblyItems {
  readonly store: Store;
  /** Ours, by those that were given out, and the other way round. */
  readonly #items = new WeakMap<object, Extern>();
  readonly #adapted = new WeakMap<Extern, object>();
  readonly #prototypes = new Map<string, object>();
  /** Memories whose buffers were given out. */
  readonly #memories = new Set<AdaptedMemory>();

  constructor(store: Store) {
    this.store = store;
  }

  /** A class of `kind` whose objects are what `make` makes, adapted; what a module exports is of it too. */
  classOf<A extends unknown[]>(kind: string, make: (...args: A) => Extern): object {
    const adapt = (args: A) => this.adapt(make(...args));
    class Adapted {
      constructor(...args: A) {
        // biome-ignore lint/correctness/noConstructorReturn: one object for each item.
        return adapt(args) as Adapted;
      }
      get [Symbol.toStringTag](): string {
        return `WebAssembly.${kind[0]?.toUpperCase()}${kind.slice(1)}`;
      }
    }
    this.#prototypes.set(kind, Adapted.prototype);
    return Adapted;
  }

  itemOf(value: unknown): Extern | undefined {
    return isObject(value) ? this.#items.get(value) : undefined;
  }

  adapt(item: Extern): object {
    let found = this.#adapted.get(item);
    if (found === undefined) {
      found = this.#make(item);
      this.#adapted.set(item, found);
      this.#items.set(found, item);
    }
    return found;
  }

  #make(item: Extern): object {
    const { store } = this;
    if (Func.is(item)) return this.#func(item);
    if (Memory.is(item)) {
      const memory = new AdaptedMemory(store, item);
      this.#memories.add(memory);
      return this.#ofClass('memory', AdaptedMemory, memory);
    }
    if (Table.is(item)) {
      return this.#ofClass('table', AdaptedTable, new AdaptedTable(this, item));
    }
    if (Global.is(item))
      return this.#ofClass('global', AdaptedGlobal, new AdaptedGlobal(this, item));
    return item;
  }

  /** Has `object` be an instance of the class of `kind` too. */
  #ofClass(kind: string, { prototype }: { readonly prototype: object }, object: object): object {
    const above = this.#prototypes.get(kind) ?? null;
    const { constructor: _, ...properties } = Object.getOwnPropertyDescriptors(
      prototype,
    ) as PropertyDescriptorMap;
    return Object.setPrototypeOf(object, Object.create(above, properties));
  }

  #func(func: Func): AnyFunction {
    const { params } = func.type as FuncType;
    const { store } = this;
    const adapted: AnyFunction = (...args) => {
      const values = params.map((type, i) => this.inward(type, args[i]));
      try {
        return this.#outAll(func.call(store, ...values));
      } finally {
        this.detachGrown();
      }
    };
    return Object.defineProperty(adapted, 'length', { value: params.length, configurable: true });
  }

  /** A host function of ours for one of `WebAssembly`'s. */
  host({ results }: FuncType, fn: AnyFunction): AnyFunction {
    return (_caller, ...args) => {
      this.detachGrown();
      const returned = fn(...args.map((value) => this.out(value)));
      if (results.length === 0) return undefined;
      if (results.length === 1) return this.inward(results[0] as ValType, returned);
      const all = [...(returned as Iterable<unknown>)];
      return results.map((type, i) => this.inward(type, all[i]));
    };
  }

  /** A value as `WebAssembly` converts it: ToWebAssemblyValue of its JavaScript API. */
  inward(type: ValType, value: unknown): unknown {
    switch (type) {
      case 'i32':
        return (value as number) | 0;
      case 'i64':
        return BigInt.asIntN(64, value as bigint);
      case 'f32':
      case 'f64':
        return Number(value);
      case 'externref':
        return value;
      default:
        return this.itemOf(value) ?? value;
    }
  }

  out(value: unknown): unknown {
    return Func.is(value) && value.store === this.store ? this.adapt(value) : value;
  }

  #outAll(value: unknown): unknown {
    return Array.isArray(value) ? value.map((item) => this.out(item)) : this.out(value);
  }

  /** Takes the bytes from buffers that are shorter than their memories. */
  detachGrown(): void {
    for (const memory of this.#memories) memory.detachGrown();
  }
}

/** As `WebAssembly.Memory`. */
class AdaptedMemory {
  readonly #store: Store;
  readonly #memory: Memory;
  #buffer: ArrayBuffer | undefined;

  constructor(store: Store, memory: Memory) {
    this.#store = store;
    this.#memory = memory;
  }

  get buffer(): ArrayBuffer {
    this.detachGrown();
    this.#buffer ??= this.#memory.data(this.#store).buffer as ArrayBuffer;
    return this.#buffer;
  }

  grow(delta: number): number {
    const before = this.#memory.grow(this.#store, delta);
    this.detachGrown();
    return before;
  }

  detachGrown(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    this.#memory.detachGrownViews(this.#store);
    if (buffer.byteLength !== this.#memory.dataSize(this.#store)) this.#buffer = undefined;
  }
}

/** As `WebAssembly.Table`. */
class AdaptedTable {
  readonly #items: WebAssemblyItems;
  readonly #table: Table;

  constructor(items: WebAssemblyItems, table: Table) {
    this.#items = items;
    this.#table = table;
  }

  get length(): number {
    return this.#table.size(this.#items.store);
  }

  get(index: number): unknown {
    return this.#items.out(this.#table.get(this.#items.store, index));
  }

  set(index: number, value: unknown = null): void {
    this.#table.set(this.#items.store, index, this.#inward(value));
  }

  grow(delta: number, init: unknown = null): number {
    return this.#table.grow(this.#items.store, delta, this.#inward(init));
  }

  #inward(value: unknown): unknown {
    const { element } = this.#table.type(this.#items.store);
    return this.#items.inward(element as ValType, value);
  }
}

/** As `WebAssembly.Global`. */
class AdaptedGlobal {
  readonly #items: WebAssemblyItems;
  readonly #global: Global;
  readonly #type: ValType;

  constructor(items: WebAssemblyItems, global: Global) {
    this.#items = items;
    this.#global = global;
    this.#type = global.type(items.store).content as ValType;
  }

  get value(): unknown {
    return this.#items.out(this.#global.get(this.#items.store));
  }

  set value(value: unknown) {
    this.#global.set(this.#items.store, this.#items.inward(this.#type, value));
  }

  valueOf(): unknown {
    return this.value;
  }
}
