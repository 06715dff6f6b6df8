import type { NativeModule, NativeRecorder } from '../generated/native.js';
import { native } from '../native.js';
import type { Counter } from '../profile/counter.js';
import type { MarkerKind } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import type { Thread } from '../profile/thread.js';
import { GuestCalls } from './guest-calls.js';
import { StackInterner } from './stack-interner.js';

/** Words of the ring: 1 MiB, thousands of samples. */
const RING_WORDS = 2 ** 18;

/** Kinds of records, as in the addon's `recorder.rs`. */
const SAMPLE = 0;
const HOST_CALL_BEGINS = 1;
const HOST_CALL_ENDS = 2;
/** Records without a stack: what would be their number of frames. */
const FUEL = 1;
const GUEST_CALL_BEGINS = 2;
const GUEST_CALL_ENDS = 3;

/**
 * What a profiler has seen: native code writes it into a ring, from which it comes here in batches.
 * Stacks are those of the interner until the recording is over.
 */
export class Recording {
  readonly native: NativeRecorder;
  readonly handle: object;
  readonly interner = new StackInterner();
  readonly guestCalls = new GuestCalls();
  readonly #ring = new Uint32Array(RING_WORDS);
  readonly #profile: Profile;
  readonly #thread: Thread;
  readonly #hostCall: MarkerKind;
  /** Held weakly by native code. */
  readonly #onFull = (words: number): void => this.#read(words);
  #drains = 0;
  #fuel: Counter | undefined;

  constructor(modules: NativeModule[], profile: Profile, thread: Thread, hostCall: MarkerKind) {
    this.#profile = profile;
    this.#thread = thread;
    this.#hostCall = hostCall;
    this.native = new native.NativeRecorder(modules, this.#ring.buffer, this.#onFull);
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

  #fuelCounter(): Counter {
    this.#fuel ??= this.#profile.addCounter({
      name: 'fuel used',
      description: 'Fuel that the guest used since the reading before',
      graph: 'rate',
      color: 'green',
    });
    return this.#fuel;
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
        if (frames === FUEL) {
          this.#fuelCounter().push(timeMs, wide(words, at));
          at += 2;
        } else if (frames === GUEST_CALL_BEGINS || frames === GUEST_CALL_ENDS) {
          this.guestCalls.push(markers.length, timeMs, frames === GUEST_CALL_BEGINS);
        } else {
          markers.pushIntervalEnd(this.#hostCall, timeMs);
        }
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

/** A number of nanoseconds in two words. */
function milliseconds(words: Uint32Array, at: number): number {
  return wide(words, at) / 1e6;
}

/** A number in two words, the low one first. */
function wide(words: Uint32Array, at: number): number {
  return (words[at + 1] as number) * 0x1_0000_0000 + (words[at] as number);
}
