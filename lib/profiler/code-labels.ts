import type { CodeLabel } from '../profile/code-text.js';

/** Instructions that no machine code comes from: what has their place is something else. */
const WITHOUT_CODE = /^(local\.get|[if](32|64)\.const|block|nop)\b/;

/** The lines of a function in text format, and which of them code at a place belongs to. */
export class LabelledLines {
  readonly #texts: readonly string[];
  /** The row of the first instruction, after the head and the locals. */
  readonly #first: number;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
    const first = texts.findIndex((text, row) => row > 0 && !/^\s*\(local\b/.test(text));
    this.#first = first < 0 ? texts.length : first;
  }

  /**
   * The row of the head for code of the function's entry, or else `row`, that of the code's place. Wasmtime gives the
   * entry the place of the locals, or that of the first instruction if there are none.
   */
  ofCode(row: number): number {
    if (row < this.#first) return 0;
    const isFirst = row === this.#first && row === 1;
    return isFirst && WITHOUT_CODE.test(this.#texts[row]?.trim() ?? '') ? 0 : row;
  }

  label(row: number): CodeLabel | undefined {
    if (row === 0) return 'function entry or no instruction';
    if (row === this.#texts.length - 1) return 'function end';
    return /^\s*loop\b/.test(this.#texts[row] ?? '') ? 'loop' : undefined;
  }
}
