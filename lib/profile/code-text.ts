import type { NativeSymbolIndex } from './native-symbol-table.js';

/**
 * What code does that belongs to no instruction: setting up a function's frame and, at a function's entry and at each
 * loop, the checks of epochs, fuel and the stack. Of optimised code Cranelift also forgets which instruction some of it
 * is for, such as moves between registers, and then it has the entry's offset.
 */
export type CodeLabel = 'function entry or no instruction' | 'loop' | 'function end';

/** A line with its label as a comment. */
export function labelled(text: string, label: CodeLabel | undefined): string {
  return label === undefined ? text : `${text}  ;; ${label}`;
}

/** A line of a compiled function in WebAssembly's text format. */
export interface CodeLine {
  /** Counted from 1, in the function's whole text. */
  readonly line: number;
  /** Where the instruction begins, in bytes from the start of the wasm file. */
  readonly wasmOffset: number;
  readonly text: string;
  /** What samples of it are of, apart from instructions. */
  readonly label?: CodeLabel;
}

/** The text of a compiled function, or the part of it around its samples. */
export interface CodeText {
  /** Ascending; where some are left out, the next line's number says so. */
  readonly lines: readonly CodeLine[];
  /** The line of each sampled address, in bytes from the start of its library's text. */
  readonly lineOf: ReadonlyMap<number, number>;
}

/** The texts that were asked for, for formats that show them; a profile that is read has none. */
export type CodeTexts = Map<NativeSymbolIndex, CodeText>;
