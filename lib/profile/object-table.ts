/** A table whose rows are objects, or strings: few, beside the rows of samples and stacks. */
export abstract class ObjectTable<T> implements Iterable<T> {
  /** What a row is, for messages. */
  readonly #what: string;
  /** The rows themselves, which the table's own methods add to. */
  protected readonly rows: T[] = [];

  /** @param what What a row is, for messages: `lib`. */
  constructor(what: string) {
    this.#what = what;
  }

  /** The number of rows. */
  get length(): number {
    return this.rows.length;
  }

  /** @throws RangeError for what is no row. */
  get(index: number): T {
    const row = this.rows[index];
    if (row === undefined) {
      throw new RangeError(`expected a ${this.#what} index below ${this.length}, got ${index}`);
    }
    return row;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.rows[Symbol.iterator]();
  }
}
