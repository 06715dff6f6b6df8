import type { NativeCode, NativeRecorder } from '../generated/native.js';
import { native } from '../native.js';
import { Int32Log } from '../profile/column.js';
import type { Counter } from '../profile/counter.js';
import type { MarkerKind } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { GuestCalls } from './guest-calls.js';
import { type Lane, Lanes } from './lanes.js';
import { HostSamples } from './sampled-host-time.js';
import { StackInterner } from './stack-interner.js';

/**
 * Words of the ring when it is first written to: many a profiler sees a few samples, or none but signals', which need
 * no ring. It doubles each time that it is full.
 */
const FIRST_RING_WORDS = 2 ** 11;

const NO_RING = new Uint32Array();

/** … and at most: 1 MiB, thousands of samples. */
const MAX_RING_WORDS = 2 ** 18;

/** Kinds of records, as in `crate/sampler/src/record_format.rs`. */
const SAMPLE = 0;
const HOST_CALL_BEGINS = 1;
const WITHOUT_STACK = 2;

/** What a record without a stack tells, above its kind; the lane is above that. */
const HOST_CALL_ENDS = 0;
const SUSPENDED = 1;
const RESUMED = 2;
const FUEL = 3;
const GUEST_CALL_BEGINS = 4;
const AWAY = 6;

/** What the first frame of a sample by a signal is, as in the addon's `signal/stack.rs`. */
const HOW_SHIFT = 28;
const HOW = { guest: 0, host: 1, wasmtime: 2 };

/** Why a sample has no frames. */
const OTHERS = 'other modules';
export const OUTSIDE = 'outside the guest';

/** … one by a signal, as in the addon's `signal/stack.rs`. */
const REASONS: Readonly<Record<number, string>> = {
  0: OTHERS,
  8: 'signal handlers',
  9: 'entry and exit',
  10: 'after the end',
  11: 'unreadable',
};

/**
 * What a profiler has seen: native code writes it into a ring, from which it comes here in batches.
 * Stacks are those of the interner until the recording is over.
 */
export class Recording {
  readonly native: NativeRecorder;
  readonly interner = new StackInterner();
  /** Samples by signals that fell into the host. */
  readonly hostSamples = new HostSamples();
  /** Rows of samples at epochs that stand for time outside the guest. */
  readonly away = new Int32Log();
  /** Samples by signals that have no frames, by the reason. */
  readonly withoutFrames = new Map<string, number>();
  /** Those by signals, which are as many records of their own, in order of their times too. */
  readonly #signalled = new Cursor();
  readonly #signalledStacks = new StackInterner(this.interner);
  readonly lanes: Lanes;
  readonly guestCalls = new GuestCalls();
  #handle: object | undefined;
  #ring: Uint32Array<ArrayBuffer> = NO_RING;
  readonly #profile: Profile;
  readonly #thread: Thread;
  /** Held weakly by native code. */
  readonly #onFull = (words: number): void => this.#read(words);
  #drains = 0;
  #fuel: Counter | undefined;
  /** Words that were taken from native code, oldest first. */
  readonly #waiting: Uint32Array[] = [];
  /** Of the first of them, the next record. */
  #at = 0;

  constructor(
    code: NativeCode[],
    profile: Profile,
    thread: Thread,
    hostCall: MarkerKind,
    suspended: () => MarkerKind,
  ) {
    this.#profile = profile;
    this.#thread = thread;
    this.lanes = new Lanes(thread.markers, hostCall, suspended);
    this.native = new native.NativeRecorder(code, this.#onFull);
  }

  /** For the functions of `hot`. */
  get handle(): object {
    this.#handle ??= this.native.handle;
    return this.#handle;
  }

  /** Times that the ring was full while a guest waited. */
  get fullRings(): number {
    return this.#drains;
  }

  /** Reads all that was written so far. */
  drain(): void {
    this.#take(this.native.take());
    this.#decode();
    this.#decodeSignalled(Number.POSITIVE_INFINITY);
  }

  /** Reads the rest. */
  end(): void {
    this.drain();
    this.lanes.settle();
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
    // At first there is no ring to be full.
    if (words > 0) this.#drains++;
    this.#take(words);
    try {
      this.#grow();
      this.#decode();
    } catch {
      // Where JavaScript's own stack is at its end: `drain` goes on with the record where this stopped.
    }
  }

  /** Gives native code a larger ring, as this one was too small; it is empty now. */
  #grow(): void {
    if (this.#ring.length >= MAX_RING_WORDS) return;
    const ring = new Uint32Array(Math.max(FIRST_RING_WORDS, this.#ring.length * 2));
    this.native.setRing(ring.buffer);
    this.#ring = ring;
  }

  /**
   * Native code may forget what it gave, and keeps what this throws for. At the end of JavaScript's stack any call may
   * throw: so there is none between a taking and where its words are kept.
   */
  #take(words: number): void {
    const waiting = this.#waiting;
    const spilled = this.native.takeSpilled();
    for (let i = 0; i < spilled.length; i++) waiting[waiting.length] = spilled[i] as Uint32Array;
    this.#drains += spilled.length;
    const ring = words > 0 ? this.#ring.slice(0, words) : undefined;
    const { pieces } = this.#signalled;
    // After the ring was written: what is older than any of its records is there by now.
    const samples = this.native.takeSamples();
    for (let i = 0; i < samples.length; i++) pieces[pieces.length] = samples[i] as Uint32Array;
    if (ring !== undefined) waiting[waiting.length] = ring;
  }

  #decode(): void {
    for (let words = this.#waiting[0]; words !== undefined; words = this.#waiting[0]) {
      this.#decodeWords(words);
      this.#waiting.shift();
      this.#at = 0;
    }
  }

  #decodeWords(words: Uint32Array): void {
    const { samples } = this.#thread;
    const { interner, lanes } = this;
    for (let at = this.#at; at < words.length; this.#at = at) {
      const first = words[at] as number;
      const kind = first & 3;
      const frames = first >>> 2;
      const timeMs = milliseconds(words, at + 1);
      this.#decodeSignalled(timeMs);
      at += 3;
      if (kind === WITHOUT_STACK) {
        const what = (first >>> 2) & 7;
        if (what === FUEL) {
          this.#fuelCounter().push(timeMs, wide(words, at));
          at += 2;
        } else if (what === AWAY) {
          this.away.push(samples.push(NO_STACK, timeMs, milliseconds(words, at)));
          at += 2;
        } else {
          this.#event(what, first >>> 5, timeMs);
        }
        continue;
      }
      lanes.settle();
      const shared = words[at] as number;
      at += 1;
      if (kind === SAMPLE) {
        const cpuDeltaMs = milliseconds(words, at);
        at += 2;
        samples.push(interner.intern(words, at, frames, shared), timeMs, cpuDeltaMs);
      } else {
        const lane = words[at] as number;
        at += 1;
        // Also for a host call that was taken back: the next stack may share its frames.
        const cause = interner.intern(words, at, frames, shared);
        if (kind === HOST_CALL_BEGINS) lanes.hostCallBegins(lane, timeMs, cause);
      }
      at += frames;
    }
  }

  /** Samples by signals up to that time. */
  #decodeSignalled(untilMs: number): void {
    const { samples } = this.#thread;
    for (let words = this.#signalled.words; words !== undefined; words = this.#signalled.words) {
      const { at } = this.#signalled;
      const timeMs = milliseconds(words, at + 1);
      if (timeMs >= untilMs) return;
      this.lanes.settle();
      const frames = (words[at] as number) >>> 2;
      const third = words[at + 3] as number;
      const how = third >>> HOW_SHIFT;
      const shared = third & ((1 << HOW_SHIFT) - 1);
      const cpuDeltaMs = milliseconds(words, at + 4);
      const stack = this.#signalledStacks.intern(words, at + 6, frames, shared);
      const row = samples.push(stack, timeMs, cpuDeltaMs);
      this.#signalled.go(6 + frames);
      if (frames + shared === 0) this.#countWithoutFrames(REASONS[how] ?? OTHERS);
      else if (how !== HOW.guest) this.hostSamples.push(row, how === HOW.host);
    }
  }

  #countWithoutFrames(reason: string): void {
    this.withoutFrames.set(reason, (this.withoutFrames.get(reason) ?? 0) + 1);
  }

  #event(what: number, lane: Lane, timeMs: number): void {
    if (what === SUSPENDED) this.lanes.suspended(lane, timeMs);
    else if (what === RESUMED) this.lanes.resumed(lane, timeMs);
    else {
      this.lanes.settle();
      if (what === HOST_CALL_ENDS) this.lanes.hostCallEnds(lane, timeMs);
      else this.#guestCall(lane, timeMs, what === GUEST_CALL_BEGINS);
    }
  }

  #guestCall(lane: Lane, timeMs: number, begins: boolean): void {
    this.guestCalls.push(lane, this.#thread.markers.length, timeMs, begins);
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

/** Where one is in pieces of words. */
class Cursor {
  /** Oldest first; new ones go to the end. */
  readonly pieces: Uint32Array[] = [];
  at = 0;

  /** The piece that is read; undefined at the end. */
  get words(): Uint32Array | undefined {
    return this.pieces[0];
  }

  /** Over so many words, a whole record. */
  go(words: number): void {
    this.at += words;
    if (this.at < (this.pieces[0]?.length ?? 0)) return;
    this.pieces.shift();
    this.at = 0;
  }
}
