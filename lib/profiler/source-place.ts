/** A function that the source has at an address. */
export interface SourcePlace {
  /** Undefined when the debug information has no name for it. */
  readonly name: string | undefined;
  /** What linkers know it by, where that is known. */
  readonly linkageName?: string | undefined;
  /** As the debug information has it: not fit for a profile. */
  readonly file: string | undefined;
  /** From 1; 0 when unknown. */
  readonly line: number;
  /** From 1; 0 when unknown. */
  readonly column: number;
  /** Where the function begins, where that is known. */
  readonly start?: FunctionStart | undefined;
}

/** Where a function begins in the source. */
export interface FunctionStart {
  /** As the debug information has it. */
  readonly file: string | undefined;
  /** From 1. */
  readonly line: number;
  /** From 1; 0 when unknown. */
  readonly column: number;
}
