import { CATEGORY_GUEST, type CategoryIndex, type SubcategoryIndex } from './category.js';
import { Float64Column, Int32Column, Uint8Column } from './column.js';
import { type FuncIndex, UNKNOWN_LINE } from './func-table.js';
import { type LibIndex, NO_LIB } from './lib-table.js';
import { type NativeSymbolIndex, NO_NATIVE_SYMBOL } from './native-symbol-table.js';
import { mix, NOT_FOUND, RowIndex } from './row-index.js';

/** A row of the frame table. */
export type FrameIndex = number;

/** The sentinel for a frame without an address. */
export const NO_ADDRESS = -1;

/** Inline frames deeper than this share its depth: a column of bytes, as in the readers' own tables. */
const MAX_INLINE_DEPTH = 255;

/** What makes one frame. */
export interface Frame {
  readonly func: FuncIndex;
  /**
   * Bytes from the start of the library's text, *inside* the call: the return address less one, so
   * that a call at the very end of a function is not taken for the next function.
   */
  readonly address?: number;
  readonly lib?: LibIndex;
  /**
   * 0 for the outermost function at this address, 1 for the function inlined into it, and so on. The
   * frames of one address share `address`, `lib` and `nativeSymbol`, and in a stack each is
   * the parent of the next deeper one:
   *
   * ```
   * func:        main → parse → skip_space → memchr
   * address:     0x10   0x40    0x40         0x88
   * inlineDepth: 0      0       1            0
   * ```
   */
  readonly inlineDepth?: number;
  readonly nativeSymbol?: NativeSymbolIndex;
  /** The line that was running, not the one on which the function starts. */
  readonly line?: number;
  readonly column?: number;
  readonly category?: CategoryIndex;
  readonly subcategory?: SubcategoryIndex;
}

/** The places in the code that samples saw: one for each distinct address and inline depth. */
export class FrameTable {
  readonly func = new Int32Column();
  readonly address = new Float64Column();
  readonly lib = new Int32Column();
  readonly inlineDepth = new Uint8Column();
  readonly nativeSymbol = new Int32Column();
  readonly line = new Int32Column();
  readonly column = new Int32Column();
  readonly category = new Int32Column();
  readonly subcategory = new Int32Column();
  readonly #rows = new RowIndex();

  get length(): number {
    return this.func.length;
  }

  /** The frame with exactly these fields, added when it is new. */
  intern(frame: Frame): FrameIndex {
    const { func, address = NO_ADDRESS, lib = NO_LIB, inlineDepth = 0 } = frame;
    const { nativeSymbol = NO_NATIVE_SYMBOL, line = UNKNOWN_LINE, column = UNKNOWN_LINE } = frame;
    const { category = CATEGORY_GUEST, subcategory = 0 } = frame;
    const depth = Math.min(inlineDepth, MAX_INLINE_DEPTH);
    const hash = mix(mix(mix(mix(mix(0, func), address), lib), depth), line);
    const known = this.#rows.find(
      hash,
      (row) =>
        this.func.get(row) === func &&
        this.address.get(row) === address &&
        this.lib.get(row) === lib &&
        this.inlineDepth.get(row) === depth &&
        this.nativeSymbol.get(row) === nativeSymbol &&
        this.line.get(row) === line &&
        this.column.get(row) === column &&
        this.category.get(row) === category &&
        this.subcategory.get(row) === subcategory,
    );
    if (known !== NOT_FOUND) return known;
    this.#rows.insert(hash);
    this.address.push(address);
    this.lib.push(lib);
    this.inlineDepth.push(depth);
    this.nativeSymbol.push(nativeSymbol);
    this.line.push(line);
    this.column.push(column);
    this.category.push(category);
    this.subcategory.push(subcategory);
    return this.func.push(func);
  }
}
