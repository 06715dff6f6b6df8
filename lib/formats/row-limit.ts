import { invalidProfile } from './invalid-profile.js';

/** How a profile is read. */
export interface ReadOptions {
  /**
   * The most samples, markers and counters' values that a profile may have; 50,000,000 by default. A compressed file of
   * some kilobytes can say that it has any number.
   */
  readonly maxRows?: number;
}

/** Samples take 20 bytes each: a gigabyte. */
export const DEFAULT_MAX_ROWS = 50_000_000;

/** How many rows a file may still have. */
export class RowLimit {
  readonly #maxRows: number;
  #left: number;

  constructor({ maxRows = DEFAULT_MAX_ROWS }: ReadOptions = {}) {
    this.#maxRows = maxRows;
    this.#left = maxRows;
  }

  /** @throws TypeError `ERR_INVALID_PROFILE`, where there are more than the limit. */
  take(rows: number): void {
    this.#left -= rows;
    if (this.#left < 0) {
      throw invalidProfile(
        `more than ${this.#maxRows} samples, markers and counts: maxRows (--max-rows) lets it have more`,
      );
    }
  }
}
