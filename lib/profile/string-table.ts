/** A row of the profile's string table. */
export type StringIndex = number;

/** Every string of a profile once; the other tables refer to it by index. */
export class StringTable {
  readonly #strings: string[] = [];
  readonly #indexes = new Map<string, StringIndex>();

  get length(): number {
    return this.#strings.length;
  }

  intern(text: string): StringIndex {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    const index = this.#strings.push(text) - 1;
    this.#indexes.set(text, index);
    return index;
  }

  get(index: StringIndex): string {
    const text = this.#strings[index];
    if (text === undefined) {
      throw new RangeError(`expected a string index below ${this.length}, got ${index}`);
    }
    return text;
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.#strings[Symbol.iterator]();
  }
}
