import type { NativeCode, NativeRecorder } from '../generated/native.js';
import { native } from '../native.js';
import type { MarkerKind } from '../profile/marker-table.js';
import type { Thread } from '../profile/thread.js';
import { StackInterner } from './stack-interner.js';

/** Words of the ring: 1 MiB, thousands of samples. */
const RING_WORDS = 2 ** 18;

/** Kinds of records, as in the addon's `recorder.rs`. */
const SAMPLE = 0;
const HOST_CALL_BEGINS = 1;
const HOST_CALL_ENDS = 2;

/**
 * What a profiler has seen: native code writes it into a ring, from which it comes here in batches.
 * Stacks are those of the interner until the recording is over.
 */
export class Recording {
  readonly native: NativeRecorder;
  readonly handle: object;
  readonly interner = new StackInterner();
  readonly #ring = new Uint32Array(RING_WORDS);
  readonly #thread: Thread;
  readonly #hostCall: MarkerKind;
  /** Held weakly by native code. */
  readonly #onFull = (words: number): void => this.#read(words);
  #drains = 0;

  constructor(code: NativeCode[], thread: Thread, hostCall: MarkerKind) {
    this.#thread = thread;
    this.#hostCall = hostCall;
    this.native = new native.NativeRecorder(code, this.#ring.buffer, this.#onFull);
    this.handle = this.native.handle;
  }

  /** Times that the ring was full while a guest waited. */
  get fullRings(): number {
    return this.#drains;
  }

  /** Reads all that was written so far. */
  drain(): void {
    this.#decode(this.native.take());
  }

  #read(words: number): void {
    this.#drains++;
    this.#decode(words);
  }

  #decode(words: number): void {
    for (const spilled of this.native.takeSpilled()) {
      this.#drains++;
      this.#decodeWords(spilled, spilled.length);
    }
    this.#decodeWords(this.#ring, words);
  }

  #decodeWords(words: Uint32Array, length: number): void {
    const { samples, markers } = this.#thread;
    const { interner } = this;
    for (let at = 0; at < length; ) {
      const first = words[at] as number;
      const kind = first & 3;
      const frames = first >>> 2;
      const timeMs = milliseconds(words, at + 1);
      at += 3;
      if (kind === HOST_CALL_ENDS) {
        markers.pushIntervalEnd(this.#hostCall, timeMs);
        continue;
      }
      const shared = words[at] as number;
      at += 1;
      if (kind === SAMPLE) {
        const cpuDeltaMs = milliseconds(words, at);
        at += 2;
        samples.push(interner.intern(words, at, frames, shared), timeMs, cpuDeltaMs);
      } else {
        // Also for a host call that was taken back: the next stack may share its frames.
        const cause = interner.intern(words, at, frames, shared);
        if (kind === HOST_CALL_BEGINS) markers.pushIntervalStart(this.#hostCall, timeMs, cause);
      }
      at += frames;
    }
  }
}

/** A number of nanoseconds in two words, the low one first. */
function milliseconds(words: Uint32Array, at: number): number {
  return ((words[at + 1] as number) * 0x1_0000_0000 + (words[at] as number)) / 1e6;
}
