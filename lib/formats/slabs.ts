import type { ColumnArray } from '../profile/column.js';

/** A column of numbers, in pieces of one kind of typed array. */
export interface Slab {
  segments(): Iterable<ColumnArray>;
}

/** Columns that a container holds apart from its JSON, which refers to each by its number. */
export class Slabs {
  readonly #slabs: Slab[] = [];

  /** Adds a column, which must not be empty; its number. */
  add(slab: Slab): number {
    return this.#slabs.push(slab) - 1;
  }

  [Symbol.iterator](): IterableIterator<Slab> {
    return this.#slabs[Symbol.iterator]();
  }
}
