import { checkInteger } from './check.js';
import { wrongType } from './errors.js';

const INTERRUPT = -1;
const YIELD = -2;

/** What an epoch deadline callback decides. Mirrors `wasmtime::UpdateDeadline`. */
export class UpdateDeadline {
  /** Trap with `Interrupt`. Mirrors `UpdateDeadline::Interrupt`. */
  static readonly interrupt = new UpdateDeadline(INTERRUPT);

  readonly #ticks: number;

  private constructor(ticks: number) {
    this.#ticks = ticks;
  }

  /** Go on until `ticks` ticks beyond the current epoch. Mirrors `UpdateDeadline::Continue`. */
  static continue(ticks: number): UpdateDeadline {
    return new UpdateDeadline(checkInteger('ticks', ticks));
  }

  /**
   * In an asynchronous call, yield to the event loop, then go on until `ticks` ticks beyond the epoch of
   * that time; in a synchronous one, it is an error. Mirrors `UpdateDeadline::Yield`.
   */
  static yield(ticks: number): UpdateDeadline {
    return new UpdateDeadline(YIELD - checkInteger('ticks', ticks));
  }

  /** @internal The form that native code reads: ticks, −1 to interrupt, −2 − ticks to yield. */
  static encode(update: UpdateDeadline): number {
    if (!(update instanceof UpdateDeadline)) {
      throw wrongType('what the epoch deadline callback returned', 'an UpdateDeadline', update);
    }
    return update.#ticks;
  }
}
