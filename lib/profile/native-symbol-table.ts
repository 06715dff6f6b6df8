import { Float64Column, Int32Column } from './column.js';
import type { LibIndex } from './lib-table.js';
import { mix, NOT_FOUND, RowIndex } from './row-index.js';
import type { StringIndex } from './string-table.js';

/** A row of the native symbol table. */
export type NativeSymbolIndex = number;

/** The sentinel for a frame without a native symbol. */
export const NO_NATIVE_SYMBOL: NativeSymbolIndex = -1;

/** The sentinel for a function of unknown size. */
export const UNKNOWN_SIZE = -1;

/**
 * The compiled functions that sampled addresses fell into: one for each piece of machine code, where
 * a func is one for each function of the source (several, when some were inlined).
 */
export class NativeSymbolTable {
  readonly lib = new Int32Column();
  /** Start of the function, in bytes from the start of its library's text. */
  readonly address = new Float64Column();
  readonly name = new Int32Column();
  /** Bytes of machine code, or {@link UNKNOWN_SIZE}. */
  readonly functionSize = new Float64Column();
  readonly #rows = new RowIndex();

  get length(): number {
    return this.lib.length;
  }

  /** The symbol of `lib` that starts at `address`: two functions can't start at one place. */
  intern(
    lib: LibIndex,
    address: number,
    name: StringIndex,
    functionSize: number = UNKNOWN_SIZE,
  ): NativeSymbolIndex {
    const hash = mix(mix(0, lib), address);
    const known = this.#rows.find(
      hash,
      (row) => this.lib.get(row) === lib && this.address.get(row) === address,
    );
    if (known !== NOT_FOUND) return known;
    this.#rows.insert(hash);
    this.address.push(address);
    this.name.push(name);
    this.functionSize.push(functionSize);
    return this.lib.push(lib);
  }
}
