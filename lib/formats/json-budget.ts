import { getHeapStatistics } from 'node:v8';
import { invalidProfile } from './invalid-profile.js';
import { DEFAULT_MAX_ROWS, type ReadOptions } from './row-limit.js';

/** Levels of objects and arrays: profiles have fewer than ten. */
const MOST_LEVELS = 500;
/** Keys of an object: tables and threads have some twenty. Parsers take time by the square of them. */
const MOST_KEYS = 10_000;
/** Bytes of memory for each row that a file may have, and for what profiles have beside rows. */
const ROW_BYTES = 64;
const OTHER_BYTES = 16 * 1024 ** 2;
/** Which share of the memory that V8 still has a file may take. */
const HEAP_SHARE = 0.5;

/** What V8 takes for each of them in bytes, or more for those that it is slow with. */
const CONTAINER_BYTES = 150;
const ITEM_BYTES = 12;
const KEY_BYTES = 60;
const STRING_BYTES = 60;
const SPACE_BYTES = 8;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Bytes outside of strings that change what is counted. */
enum Kind {
  Other,
  Open,
  Close,
  Colon,
  Quote,
}

const KINDS = new Uint8Array(256);
/** What a byte outside of a string takes. */
const COSTS = new Uint8Array(256).fill(1);
for (const [bytes, kind, cost] of [
  ['[{', Kind.Open, CONTAINER_BYTES],
  [']}', Kind.Close, 1],
  [':', Kind.Colon, KEY_BYTES],
  ['"', Kind.Quote, STRING_BYTES],
  [',', Kind.Other, ITEM_BYTES],
  [' \n\r\t', Kind.Other, SPACE_BYTES],
] as const) {
  for (const byte of Buffer.from(bytes)) {
    KINDS[byte] = kind;
    COSTS[byte] = cost;
  }
}

/**
 * Looks at JSON before it is parsed, and refuses what would exhaust the process. V8 ends the process when its heap is
 * full, and a few hundred kilobytes of compressed brackets are enough to fill it.
 */
export class JsonBudget {
  #left: number;
  readonly #most: number;
  #level = 0;
  /** Keys so far of the object of each level. */
  readonly #keys = new Array<number>(MOST_LEVELS + 1).fill(0);
  #isString = false;
  #isEscaped = false;

  constructor({ maxRows = DEFAULT_MAX_ROWS }: ReadOptions = {}) {
    const { heap_size_limit, used_heap_size } = getHeapStatistics();
    const free = Math.max(0, heap_size_limit - used_heap_size) * HEAP_SHARE;
    this.#most = Math.min(free, OTHER_BYTES + maxRows * ROW_BYTES);
    this.#left = this.#most;
  }

  /**
   * Takes the next bytes of the file.
   *
   * @throws TypeError `ERR_INVALID_PROFILE`.
   */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      if (this.#isString) at = this.#endOfString(bytes, at);
      else at = this.#endOfOthers(bytes, at);
    }
    if (this.#left < 0) {
      const most = Math.floor(this.#most / 1024 ** 2);
      throw invalidProfile(
        `it would take more than ${most} MiB of memory: maxRows (--max-rows) and node --max-old-space-size let it take more`,
      );
    }
  }

  /** The place of the quote that ends a string, or the end. */
  #endOfString(bytes: Uint8Array, from: number): number {
    let at = from;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isString = false;
        break;
      }
    }
    this.#left -= at - from;
    return at;
  }

  /** The place of the quote that begins a string, or the end. */
  #endOfOthers(bytes: Uint8Array, from: number): number {
    let [at, cost] = [from, 0];
    for (; at < bytes.length && !this.#isString; at++) {
      const byte = bytes[at] as number;
      cost += COSTS[byte] as number;
      if (KINDS[byte] !== Kind.Other) this.#note(KINDS[byte]);
    }
    this.#left -= cost;
    return this.#isString ? at - 1 : at;
  }

  #note(kind: Kind | undefined): void {
    if (kind === Kind.Quote) this.#isString = true;
    else if (kind === Kind.Open) {
      if (++this.#level > MOST_LEVELS) {
        throw invalidProfile(`more than ${MOST_LEVELS} levels of values`);
      }
      this.#keys[this.#level] = 0;
    } else if (kind === Kind.Close) this.#level = Math.max(0, this.#level - 1);
    else if (this.#addKey() > MOST_KEYS) {
      throw invalidProfile(`an object of more than ${MOST_KEYS} keys`);
    }
  }

  #addKey(): number {
    const keys = (this.#keys[this.#level] ?? 0) + 1;
    this.#keys[this.#level] = keys;
    return keys;
  }
}
