/**
 * Growable columns of numbers: what every table of the profile model is made of.
 *
 * A profile holds millions of rows, so a row is never an object: it is the same index into a few
 * typed arrays. Two kinds of column, with one reading interface:
 *
 * - {@link Int32Column}, {@link Uint8Column}, {@link Float64Column}, {@link Uint32Column}: one
 *   contiguous array that doubles when it is full. For tables that are looked up at random and stay
 *   small next to the recording (funcs, frames, stacks).
 * - {@link Int32Log}, {@link Uint8Log}, {@link Float64Log}: fixed-size chunks, the first of which grows to
 *   that size, append only. For the recording itself (samples, markers): doubling would hold up to 2 × the rows at rest and 3 × while
 *   it copies, which for ten million samples is the whole memory budget (24 bytes a sample).
 */

/** The typed arrays that a column may consist of. */
export type ColumnArray = Int32Array | Uint32Array | Float64Array | Uint8Array;

/** What a writer needs to know of a column, whatever its storage. */
export interface ReadonlyColumn<A extends ColumnArray = ColumnArray> {
  readonly length: number;
  get(row: number): number;
  /** The rows in order as exact subarrays: no copy, so valid only until the next `push`. */
  segments(): Iterable<A>;
  /** Rows `from` to `to`; valid only until the next `push`. */
  rows(from: number, to: number): A;
}

type Allocate<A> = (length: number) => A;

/**
 * Of a column with rows: 64 bytes at most, what V8 still keeps in its own heap, which is many times cheaper to make.
 * One without has nothing of its own, as most of a short profile's.
 */
const FIRST_CAPACITY = 8;

/** A contiguous column; see the concrete classes below. */
abstract class Column<A extends ColumnArray> implements ReadonlyColumn<A> {
  readonly #allocate: Allocate<A>;
  #array: A;
  #length = 0;

  constructor(allocate: Allocate<A>) {
    this.#allocate = allocate;
    this.#array = allocate(0);
  }

  get length(): number {
    return this.#length;
  }

  /** Appends a value and returns its row. */
  push(value: number): number {
    if (this.#length === this.#array.length) this.#grow();
    this.#array[this.#length] = value;
    return this.#length++;
  }

  get(row: number): number {
    if (row >= this.#length) throw outOfRange(row, this.#length);
    const value = this.#array[row];
    if (value === undefined) throw outOfRange(row, this.#length);
    return value;
  }

  set(row: number, value: number): void {
    if (!(row >= 0 && row < this.#length)) throw outOfRange(row, this.#length);
    this.#array[row] = value;
  }

  /** The rows and room for more: for loops that look rows up at random. Another one after a `push`. */
  get array(): A {
    return this.#array;
  }

  /** The rows as one exact subarray: no copy, so valid only until the next `push`. */
  view(): A {
    return this.#array.subarray(0, this.#length) as A;
  }

  segments(): Iterable<A> {
    return this.#length === 0 ? [] : [this.view()];
  }

  rows(from: number, to: number): A {
    if (!(from <= to && to <= this.#length)) throw outOfRange(to, this.#length + 1);
    return this.#array.subarray(from, to) as A;
  }

  #grow(): void {
    const grown = this.#allocate(Math.max(FIRST_CAPACITY, this.#array.length * 2));
    grown.set(this.#array);
    this.#array = grown;
  }
}

/** Rows of one chunk of a log: 128 KiB of doubles, and some 600 chunks for ten million rows. */
const CHUNK_BITS = 14;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ROWS - 1;

/** A column in fixed-size chunks; see the concrete classes below. */
abstract class Log<A extends ColumnArray> implements ReadonlyColumn<A> {
  readonly #allocate: Allocate<A>;
  readonly #chunks: A[] = [];
  #tail: A;
  #length = 0;

  constructor(allocate: Allocate<A>) {
    this.#allocate = allocate;
    this.#tail = allocate(0);
  }

  get length(): number {
    return this.#length;
  }

  /** Appends a value and returns its row. */
  push(value: number): number {
    const at = this.#length & CHUNK_MASK;
    if (at === 0 || at === this.#tail.length) this.#extend(at);
    this.#tail[at] = value;
    return this.#length++;
  }

  /** Room from row `at` of the newest chunk on. */
  #extend(at: number): void {
    const chunks = this.#chunks;
    const isFirst = chunks.length === (at === 0 ? 0 : 1);
    const rows = isFirst ? Math.min(CHUNK_ROWS, Math.max(FIRST_CAPACITY, 2 * at)) : CHUNK_ROWS;
    const tail = this.#allocate(rows);
    if (at > 0) tail.set(chunks.pop() as A);
    chunks.push(tail);
    this.#tail = tail;
  }

  get(row: number): number {
    if (!(row >= 0 && row < this.#length)) throw outOfRange(row, this.#length);
    const value = this.#chunks[row >>> CHUNK_BITS]?.[row & CHUNK_MASK];
    if (value === undefined) throw outOfRange(row, this.#length);
    return value;
  }

  set(row: number, value: number): void {
    const chunk = row >= 0 && row < this.#length ? this.#chunks[row >>> CHUNK_BITS] : undefined;
    if (chunk === undefined) throw outOfRange(row, this.#length);
    chunk[row & CHUNK_MASK] = value;
  }

  rows(from: number, to: number): A {
    if (!(from <= to && to <= this.#length)) throw outOfRange(to, this.#length + 1);
    const first = from >>> CHUNK_BITS;
    const start = first << CHUNK_BITS;
    const chunk = this.#chunks[first];
    if (chunk === undefined) return this.#allocate(0);
    if (to - start <= CHUNK_ROWS) return chunk.subarray(from - start, to - start) as A;
    const rows = this.#allocate(to - from);
    for (let row = from; row < to; row++) rows[row - from] = this.get(row);
    return rows;
  }

  *segments(): Generator<A> {
    for (let start = 0; start < this.#length; start += CHUNK_ROWS) {
      const chunk = this.#chunks[start >>> CHUNK_BITS];
      if (chunk === undefined) return;
      yield chunk.subarray(0, Math.min(CHUNK_ROWS, this.#length - start)) as A;
    }
  }
}

function outOfRange(row: number, length: number): RangeError {
  return new RangeError(`expected a row below ${length}, got ${row}`);
}

const NO_INT32 = new Int32Array();
const NO_UINT32 = new Uint32Array();
const NO_UINT8 = new Uint8Array();
const NO_FLOAT64 = new Float64Array();

const int32 = (length: number) => (length === 0 ? NO_INT32 : new Int32Array(length));
const uint32 = (length: number) => (length === 0 ? NO_UINT32 : new Uint32Array(length));
const uint8 = (length: number) => (length === 0 ? NO_UINT8 : new Uint8Array(length));
const float64 = (length: number) => (length === 0 ? NO_FLOAT64 : new Float64Array(length));

export class Int32Column extends Column<Int32Array> {
  constructor() {
    super(int32);
  }
}

export class Uint32Column extends Column<Uint32Array> {
  constructor() {
    super(uint32);
  }
}

export class Uint8Column extends Column<Uint8Array> {
  constructor() {
    super(uint8);
  }
}

export class Float64Column extends Column<Float64Array> {
  constructor() {
    super(float64);
  }
}

export class Int32Log extends Log<Int32Array> {
  constructor() {
    super(int32);
  }
}

export class Uint8Log extends Log<Uint8Array> {
  constructor() {
    super(uint8);
  }
}

export class Float64Log extends Log<Float64Array> {
  constructor() {
    super(float64);
  }
}
