import { Int32Column } from './column.js';

/** What a search found: a row, or this. */
export const NOT_FOUND = -1;

/** 64 bytes: what V8 still keeps in its own heap, which is many times cheaper to make. */
const FIRST_SLOTS = 16;

/** Of an index without rows: a free slot that no row gets. */
const NO_SLOTS = new Int32Array(1);

/**
 * Finds the row of a table that equals a given one: open addressing over `Int32Array`s, where a `Map`
 * would need a key string or object for every row.
 *
 * The table keeps the data; this keeps one hash a row (so that growing needs no second look at the
 * data) and the slots. Rows are never removed.
 *
 * ```
 * let row = index.find(hash, (row) => names.get(row) === name);
 * if (row === NOT_FOUND) { row = names.push(name); index.insert(hash); }
 * ```
 */
export class RowIndex {
  /** Row + 1, with 0 for a free slot; the length is a power of two, at most half of it in use. */
  #slots: Int32Array = NO_SLOTS;
  readonly #hashes = new Int32Column();

  find(hash: number, equals: (row: number) => boolean): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hashes = this.#hashes.array;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = (slots[slot] as number) - 1;
      if (row < 0) return NOT_FOUND;
      if (hashes[row] === (hash | 0) && equals(row)) return row;
    }
  }

  /** Enters the next row; the table appends exactly one row for each call. */
  insert(hash: number): void {
    const row = this.#hashes.push(hash);
    if (this.#hashes.length * 2 > this.#slots.length) this.#grow();
    else place(this.#slots, hash, row);
  }

  #grow(): void {
    const slots = new Int32Array(Math.max(FIRST_SLOTS, this.#slots.length * 2));
    const hashes = this.#hashes.view();
    for (let row = 0; row < hashes.length; row++) place(slots, hashes[row] ?? 0, row);
    this.#slots = slots;
  }
}

function place(slots: Int32Array, hash: number, row: number): void {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = row + 1;
}

/** Mixes the next number into a hash so that every bit of it reaches the low ones: they pick the slot. */
export function mix(hash: number, value: number): number {
  let h = Math.imul(hash ^ value, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca77);
  return h ^ (h >>> 13);
}
