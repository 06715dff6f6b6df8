import { checkInteger } from './check.js';
import { wrongType } from './errors.js';

const INTERRUPT = -1;

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

  /** @internal The form that native code reads: ticks, or −1 to interrupt. */
  static encode(update: UpdateDeadline): number {
    if (!(update instanceof UpdateDeadline)) {
      throw wrongType('what the epoch deadline callback returned', 'an UpdateDeadline', update);
    }
    return update.#ticks;
  }
}
