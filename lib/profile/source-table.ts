import { Int32Column } from './column.js';
import type { StringIndex } from './string-table.js';

/** A row of the source table. */
export type SourceIndex = number;

/** The sentinel for a func whose source file is unknown. */
export const NO_SOURCE: SourceIndex = -1;

/** The source files that funcs were written in, as the guest's debug information names them. */
export class SourceTable {
  readonly filename = new Int32Column();
  readonly #content = new Map<SourceIndex, string>();
  readonly #byFilename = new Map<StringIndex, SourceIndex>();

  get length(): number {
    return this.filename.length;
  }

  intern(filename: StringIndex): SourceIndex {
    const known = this.#byFilename.get(filename);
    if (known !== undefined) return known;
    const index = this.filename.push(filename);
    this.#byFilename.set(filename, index);
    return index;
  }

  /** Embeds a file's text, for the reader's source view. Nothing is embedded unless asked for. */
  setContent(source: SourceIndex, text: string): void {
    if (!(source >= 0 && source < this.length)) {
      throw new RangeError(`expected a source index below ${this.length}, got ${source}`);
    }
    this.#content.set(source, text);
  }

  content(source: SourceIndex): string | undefined {
    return this.#content.get(source);
  }
}
