import { isatty } from 'node:tty';
import { oneLine } from '../formats/terminal-text.js';
import type { ProgressReader } from '../profiler/progress.js';
import type { Store } from '../runtime/store.js';
import { UpdateDeadline } from '../runtime/update-deadline.js';
import { writeNow } from './terminal.js';
import { fitName, textWidth } from './text-width.js';

const STDERR = 2;
const EVERY_MS = 500;
/** Short runs need no line. */
const AFTER_MS = 2000;
/** Erases the line that the cursor is in. */
const ERASE = '\r\x1b[K';
/** The terminal's own width can't be asked for: see `terminal.ts`. */
const WIDTH = 79;

/**
 * A line on the terminal while a guest runs: time, samples, the function that ran most just now.
 *
 * The guest holds the JavaScript thread, so no timer can write it. It is written where the guest looks at
 * its epoch: a ticker's tick twice a second, and one callback for each.
 */
export class ProgressLine {
  readonly #reader: ProgressReader;
  readonly #startMs = performance.now();
  #shown = false;
  readonly #ticker: Disposable;

  constructor(store: Store, reader: ProgressReader) {
    this.#reader = reader;
    store.epochDeadlineCallback(() => {
      this.#show();
      return UpdateDeadline.continue(1);
    });
    store.setEpochDeadline(1);
    this.#ticker = store.engine.startEpochTicker(EVERY_MS);
  }

  /** Whether stderr is a terminal, where such a line makes sense. */
  static get wanted(): boolean {
    return isatty(STDERR) && process.env['TERM'] !== 'dumb';
  }

  /** Takes the line away. */
  end(): void {
    this.#ticker[Symbol.dispose]();
    if (this.#shown) writeNow(ERASE);
  }

  #show(): void {
    const elapsedMs = performance.now() - this.#startMs;
    if (elapsedMs < AFTER_MS) return;
    const { samples, hottest } = this.#reader.read();
    // The cursor at its start, so that what the guest writes to the terminal goes over it.
    writeNow(`${ERASE}${progressText(elapsedMs, samples, hottest)}\r`);
    this.#shown = true;
  }
}

/** `12 s  11,874 samples  now: memcmp` */
export function progressText(
  elapsedMs: number,
  samples: number,
  hottest: string | undefined,
): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const facts = `${seconds} s  ${samples.toLocaleString('en-US')} samples`;
  if (hottest === undefined) return facts;
  const now = '  now: ';
  return facts + now + fitName(oneLine(hottest), WIDTH - textWidth(facts) - now.length);
}
