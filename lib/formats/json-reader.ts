import { invalidProfile } from './invalid-profile.js';

/** Looks at parsed JSON and names what isn't as it should be: `shared.frameTable.func[3]`. */
export class JsonReader {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.#path = path;
  }

  /** The value of a key; undefined when there is none. */
  get(key: string): JsonReader {
    const value = this.object()[key];
    return new JsonReader(value, this.#path === '' ? key : `${this.#path}.${key}`);
  }

  get present(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  object(): Record<string, unknown> {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.wrong('an object');
    }
    return value as Record<string, unknown>;
  }

  items(): JsonReader[] {
    return Array.from(this.array(), (item, i) => new JsonReader(item, `${this.#path}[${i}]`));
  }

  string(): string {
    if (typeof this.#value !== 'string') throw this.wrong('a string');
    return this.#value;
  }

  oneOf<T extends string>(values: readonly T[]): T {
    if (!values.includes(this.#value as T)) throw this.wrong(`one of ${values.join(', ')}`);
    return this.#value as T;
  }

  number(): number {
    if (typeof this.#value !== 'number' || !Number.isFinite(this.#value)) {
      throw this.wrong('a number');
    }
    return this.#value;
  }

  /** A value of any kind. */
  any(): unknown {
    return this.#value;
  }

  /** A column of any values, of a table of that length. */
  column(key: string, length: number): ArrayLike<unknown> {
    const column = this.get(key);
    const values = column.array();
    if (values.length !== length) throw column.wrong(`${length} rows`);
    return values;
  }

  /**
   * A column of whole numbers from `minimum` to below `limit`; null becomes `none`, where that is given.
   */
  ints(key: string, length: number, minimum: number, limit: number, none?: number): Float64Array {
    const values = this.column(key, length);
    const ints = new Float64Array(length);
    for (let row = 0; row < length; row++) {
      const value = values[row] ?? none;
      const isInt = typeof value === 'number' && Number.isInteger(value);
      if (!isInt || ((value < minimum || value >= limit) && value !== none)) {
        throw this.#row(key, row, `a whole number from ${minimum} to ${limit - 1}`);
      }
      ints[row] = value;
    }
    return ints;
  }

  /** A column of numbers; null becomes `none`, where that is given. */
  numbers(key: string, length: number, none?: number): Float64Array {
    const values = this.column(key, length);
    const numbers = new Float64Array(length);
    for (let row = 0; row < length; row++) {
      const value = values[row] ?? none;
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        throw this.#row(key, row, 'a number');
      }
      numbers[row] = value;
    }
    return numbers;
  }

  wrong(expected: string): Error {
    const what = this.#path === '' ? 'the profile' : this.#path;
    return invalidProfile(`${what}: expected ${expected}, got ${described(this.#value)}`);
  }

  #row(key: string, row: number, expected: string): Error {
    const value = (this.get(key).any() as ArrayLike<unknown>)[row];
    return new JsonReader(value, `${this.#path}.${key}[${row}]`).wrong(expected);
  }

  array(): ArrayLike<unknown> {
    const value = this.#value;
    const isArray = Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
    if (!isArray) throw this.wrong('an array');
    return value as ArrayLike<unknown>;
  }
}

/** Characters of a value that a message quotes. */
const QUOTED = 60;

/** A value in a message, which must not cost what the value does: a column may have millions of rows. */
function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, QUOTED)).slice(0, QUOTED);
  if (typeof value !== 'object' || value === null) return String(value);
  const rows = (value as { readonly length?: unknown }).length;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `an array of ${rows} values`;
  return 'an object';
}
