import type { ColumnArray } from '../profile/column.js';
import type { Slabs } from './slabs.js';

/** Bytes of one chunk: worth a system call, and little memory. */
const CHUNK_BYTES = 128 * 1024;
/** More than any number takes: a sign, 16 digits, a point, 6 digits. */
const NUMBER_BYTES = 32;
/** Numbers that are written between two looks at the room that is left. */
const BLOCK_NUMBERS = 256;

const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

const INT32_LIMIT = 0x8000_0000;
const BILLION = 1e9;

/**
 * Builds JSON as UTF-8 bytes in chunks of bounded size.
 *
 * Bytes and not strings, since nearly all of a profile is numbers: digits go straight into the
 * chunk (some 20 ns a number, where `String(number)`, concatenation and encoding take ten times
 * that), and what leaves here is what a file or a gzip stream wants.
 *
 * Filled chunks wait in a queue until {@link take}n, so the caller must take them at steady
 * intervals to keep memory bounded. A chunk is never written to after it was taken.
 */
export class JsonBytes {
  /** Where columns of numbers go instead, in a format that keeps them apart from its JSON. */
  readonly slabs: Slabs | undefined;
  #chunk = new Uint8Array(CHUNK_BYTES);
  #at = 0;
  #full: Uint8Array[] = [];

  constructor(slabs?: Slabs) {
    this.slabs = slabs;
  }

  /** The chunks filled since the last call. */
  *take(): Generator<Uint8Array> {
    if (this.#full.length === 0) return;
    const full = this.#full;
    this.#full = [];
    yield* full;
  }

  /** The last, partly filled chunk. The writer is empty afterwards. */
  *finish(): Generator<Uint8Array> {
    yield* this.take();
    if (this.#at > 0) yield this.#chunk.subarray(0, this.#at);
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#at = 0;
  }

  /** Text that is JSON already. */
  raw(json: string): void {
    if (json.length * 3 > CHUNK_BYTES - this.#at) {
      this.#rawLong(json);
      return;
    }
    const chunk = this.#chunk;
    let at = this.#at;
    for (let i = 0; i < json.length; i++) {
      const code = json.charCodeAt(i);
      if (code > 0x7f) {
        this.#at = at;
        this.#rawLong(json.slice(i));
        return;
      }
      chunk[at++] = code;
    }
    this.#at = at;
  }

  /** A value through `JSON.stringify`; see {@link toJson}. */
  value(value: unknown): void {
    this.raw(toJson(value));
  }

  comma(): void {
    if (this.#at === CHUNK_BYTES) this.#next();
    this.#chunk[this.#at++] = COMMA;
  }

  /** A whole number of any size that a double holds exactly. */
  int(value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.raw(toJson(value));
      return;
    }
    this.#reserve(NUMBER_BYTES);
    this.#at = putInt(this.#chunk, this.#at, value);
  }

  /**
   * Whole, safe numbers with commas between them, and `null` for those that equal `nullable`. One loop
   * over local variables and 32-bit integers, several times as fast as a call a number.
   */
  ints(values: ColumnArray, nullable = Number.NaN): void {
    const small = toInt32(values);
    if (small === undefined) {
      this.#each(values, (value) => (value === nullable ? this.raw('null') : this.int(value)));
      return;
    }
    for (let from = 0; from < small.length; from += BLOCK_NUMBERS) {
      const to = Math.min(from + BLOCK_NUMBERS, small.length);
      this.#reserve(BLOCK_NUMBERS * NUMBER_BYTES);
      const chunk = this.#chunk;
      let at = this.#at;
      for (let i = from; i < to; i++) {
        const value = small[i] as number;
        if (i > 0) chunk[at++] = COMMA;
        at = value === nullable ? putNull(chunk, at) : putInt(chunk, at, value);
      }
      this.#at = at;
    }
  }

  /**
   * Whole nanoseconds as a decimal number of milliseconds: 1500000 → 1.5. At most six decimals, and
   * those exact, where the shortest decimal of a double can have 17 digits of rounding noise.
   */
  nanosAsMillis(nanos: number): void {
    if (!Number.isSafeInteger(nanos)) {
      // Beyond 104 days a double has no nanoseconds left.
      this.raw(toJson(nanos / 1e6));
      return;
    }
    this.#reserve(NUMBER_BYTES);
    this.#at = putNanosAsMillis(this.#chunk, this.#at, nanos);
  }

  /**
   * {@link nanosAsMillis} of all of them, with commas between. The loop of {@link ints} once more: one that takes
   * what it writes as a function is slower by half, as V8 doesn't inline two.
   */
  allNanosAsMillis(nanos: Float64Array): void {
    const small = toInt32(nanos);
    if (small === undefined) {
      this.#each(nanos, (value) => this.nanosAsMillis(value));
      return;
    }
    for (let from = 0; from < small.length; from += BLOCK_NUMBERS) {
      const to = Math.min(from + BLOCK_NUMBERS, small.length);
      this.#reserve(BLOCK_NUMBERS * NUMBER_BYTES);
      const chunk = this.#chunk;
      let at = this.#at;
      for (let i = from; i < to; i++) {
        if (i > 0) chunk[at++] = COMMA;
        const value = small[i] as number;
        if (value < 0) chunk[at++] = MINUS;
        const nanos = Math.abs(value);
        const whole = (nanos / 1_000_000) | 0;
        at = putInt32(chunk, at, whole);
        at = putDecimals(chunk, at, nanos - whole * 1_000_000);
      }
      this.#at = at;
    }
  }

  #each(values: ColumnArray, write: (value: number) => void): void {
    for (const [i, value] of values.entries()) {
      if (i > 0) this.comma();
      write(value);
    }
  }

  #rawLong(json: string): void {
    const bytes = new TextEncoder().encode(json);
    for (let from = 0; from < bytes.length; ) {
      if (this.#at === CHUNK_BYTES) this.#next();
      const part = bytes.subarray(from, from + CHUNK_BYTES - this.#at);
      this.#chunk.set(part, this.#at);
      this.#at += part.length;
      from += part.length;
    }
  }

  /** Makes room for so many bytes in one chunk. */
  #reserve(bytes: number): void {
    if (CHUNK_BYTES - this.#at < bytes) this.#next();
  }

  #next(): void {
    this.#full.push(this.#chunk.subarray(0, this.#at));
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#at = 0;
  }
}

// These write at a place of a chunk that has room, and return the place after it: see `ints`.

/** A safe whole number. */
function putInt(chunk: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    chunk[at++] = MINUS;
    value = -value;
  }
  if (value < INT32_LIMIT) return putInt32(chunk, at, value);
  const high = Math.floor(value / BILLION);
  at = putDigits(chunk, at, high, digitCount(high));
  return putDigits(chunk, at, value - high * BILLION, 9);
}

/** A whole number from 0 to 2³¹ − 1. */
function putInt32(chunk: Uint8Array, at: number, value: number): number {
  return putDigits(chunk, at, value, digitCount(value));
}

function putNanosAsMillis(chunk: Uint8Array, at: number, nanos: number): number {
  if (nanos < 0) {
    chunk[at++] = MINUS;
    nanos = -nanos;
  }
  const whole = Math.floor(nanos / 1e6);
  at = putInt(chunk, at, whole);
  return putDecimals(chunk, at, (nanos - whole * 1e6) | 0);
}

/** Nanoseconds below a million as decimals of a millisecond. */
function putDecimals(chunk: Uint8Array, at: number, nanos: number): number {
  if (nanos === 0) return at;
  let count = 6;
  for (let rest = (nanos / 10) | 0; rest * 10 === nanos; rest = (nanos / 10) | 0) {
    nanos = rest;
    count--;
  }
  chunk[at] = POINT;
  return putDigits(chunk, at + 1, nanos, count);
}

/** `value` (below 2³¹) with exactly `count` digits. */
function putDigits(chunk: Uint8Array, at: number, value: number, count: number): number {
  for (let i = at + count - 1; i >= at; i--) {
    const rest = (value / 10) | 0;
    chunk[i] = ZERO + (value - rest * 10);
    value = rest;
  }
  return at + count;
}

/** The same numbers as 32-bit integers, unless one is none. */
function toInt32(values: ColumnArray): Int32Array | undefined {
  if (values instanceof Int32Array) return values;
  const small = new Int32Array(values);
  for (let i = 0; i < small.length; i++) {
    if (small[i] !== values[i]) return undefined;
  }
  return small;
}

function putNull(chunk: Uint8Array, at: number): number {
  chunk[at] = 0x6e;
  chunk[at + 1] = 0x75;
  chunk[at + 2] = chunk[at + 3] = 0x6c;
  return at + 4;
}

function digitCount(value: number): number {
  if (value < 1e5) {
    if (value < 1e2) return value < 1e1 ? 1 : 2;
    if (value < 1e3) return 3;
    return value < 1e4 ? 4 : 5;
  }
  if (value < 1e7) return value < 1e6 ? 6 : 7;
  if (value < 1e8) return 8;
  return value < 1e9 ? 9 : 10;
}

/**
 * `JSON.stringify`, which escapes control characters and lone surrogates (names come from the
 * guest and may hold any byte), and beyond it the two character pairs that would end or hide a
 * `<script>` element, should someone put a profile into a page.
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('<') ? json.replace(/<(?=\/|!--)/g, '\\u003c') : json;
}
