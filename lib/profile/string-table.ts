import { ObjectTable } from './object-table.js';

/** A row of the profile's string table. */
export type StringIndex = number;

/** Every string of a profile once; the other tables refer to it by index. */
export class StringTable extends ObjectTable<string> {
  readonly #indexes = new Map<string, StringIndex>();

  constructor() {
    super('string');
  }

  /** The row of a string, added when it is new. */
  intern(text: string): StringIndex {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    const index = this.rows.push(text) - 1;
    this.#indexes.set(text, index);
    return index;
  }
}
