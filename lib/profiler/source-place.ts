/** A function that the source has at an address. */
export interface SourcePlace {
  /** Undefined when the debug information has no name for it. */
  readonly name: string | undefined;
  /** As the debug information has it: not fit for a profile. */
  readonly file: string | undefined;
  /** From 1; 0 when unknown. */
  readonly line: number;
  /** From 1; 0 when unknown. */
  readonly column: number;
}
