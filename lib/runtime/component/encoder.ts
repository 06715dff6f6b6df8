import type { NativeResource } from '../../generated/native.js';
import { common } from '../../native.js';
import { outOfRange, wrongType } from '../errors.js';
import type { Store } from '../store.js';
import { HostResources } from './host-resources.js';
import { type WitType, witText } from './wit-type.js';

/** Values that don't fit the value buffer: bytes, and beside them long lists of numbers and handles of resources. */
export type Packet = readonly [Uint8Array, Uint8Array[], NativeResource[]];

/** Writes a value of one type; `encode.ts` makes them. */
export type Write = (to: Encoder, value: unknown) => void;

const slots = new Uint8Array(common.slots);
const utf8 = new TextEncoder();

/** Longer text is written by Node, for the price of a call. */
const SHORT_TEXT = 64;
/** Longer text is given no more room than it needs. */
const LONG_TEXT = 1 << 12;
/** Bytes of a buffer that is kept for the next call, and of the one that may be larger. */
const KEPT_BUFFER = 1 << 16;
const LARGE_KEPT_BUFFER = 1 << 22;
const KEPT_ENCODERS = 8;

/** Encoders that no call uses. */
const spare: Encoder[] = [];

/**
 * Where values are written as native code reads them (crate/addon/src/component/values.rs). One is taken for a call, and
 * ended after it.
 */
export class Encoder {
  #store: Store | undefined;
  #resources: HostResources | undefined;
  #handles: NativeResource[] | undefined;
  #lists: Uint8Array[] | undefined;
  /** Objects that got a number here: all of them are taken back when the values are refused. */
  #given: number[] | undefined;
  /** Those of them that are lent, until the call is over. */
  #lent: number[] | undefined;
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Where in the values: an argument's name, then keys and indices. */
  readonly path: (string | number)[] = [];

  static take(store: Store): Encoder {
    const encoder = spare.pop() ?? new Encoder();
    encoder.#store = store;
    return encoder;
  }

  /** Takes back what was lent. The encoder isn't used any more. */
  end(): void {
    this.#takeBack(this.#lent);
    this.#handles = undefined;
    this.#lists = undefined;
    this.#given = undefined;
    this.#lent = undefined;
    this.#store = undefined;
    this.#resources = undefined;
    this.#length = 0;
    this.path.length = 0;
    const kept = spare.length === 0 ? LARGE_KEPT_BUFFER : KEPT_BUFFER;
    if (this.#bytes.length <= kept && spare.length < KEPT_ENCODERS) spare.push(this);
  }

  /** What the values are written to, the store's own. */
  get store(): Store {
    return this.#store as Store;
  }

  get handles(): NativeResource[] {
    this.#handles ??= [];
    return this.#handles;
  }

  /** For native code, which reads them at once: how many bytes they are in the value buffer, or all of them. */
  values(): number | Packet {
    if (this.#handles !== undefined || this.#lists !== undefined || this.#length > slots.length) {
      return this.packet();
    }
    const length = this.#length;
    if (length > 256) slots.set(this.#bytes.subarray(0, length));
    else for (let i = 0; i < length; i++) slots[i] = this.#bytes[i] as number;
    return length;
  }

  packet(): Packet {
    return [this.#bytes.subarray(0, this.#length), this.#lists ?? [], this.#handles ?? []];
  }

  /** Writes `value`, which messages call `what`. */
  add(what: string, write: Write, value: unknown): void {
    this.path.push(what);
    try {
      write(this, value);
    } catch (error) {
      this.#takeBack(this.#given);
      this.#lent = undefined;
      throw error;
    }
    this.path.pop();
  }

  part(key: string | number, write: Write, value: unknown): void {
    this.path.push(key);
    write(this, value);
    this.path.pop();
  }

  u8(number: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, number);
  }

  u16(number: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, number, true);
  }

  u32(number: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, number, true);
  }

  u64(number: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, number, true);
  }

  f32(number: number): void {
    const at = this.#grow(4);
    this.#view.setFloat32(at, number, true);
  }

  f64(number: number): void {
    const at = this.#grow(8);
    this.#view.setFloat64(at, number, true);
  }

  /** The text's UTF-8, after its length. */
  text(text: string): void {
    const { length } = text;
    // To count is worth it where there is much; else there is as much as UTF-8 may need, given back after.
    const at = this.#grow(4 + (length > LONG_TEXT ? Buffer.byteLength(text) : 3 * length));
    let written = 0;
    if (length <= SHORT_TEXT) {
      while (written < length) {
        const unit = text.charCodeAt(written);
        if (unit >= 0x80) break;
        this.#bytes[at + 4 + written++] = unit;
      }
    }
    if (written < length || length > SHORT_TEXT) {
      if (!text.isWellFormed()) {
        throw outOfRange(this.where(), 'a string without lone surrogates', text);
      }
      ({ written } = utf8.encodeInto(text, this.#bytes.subarray(at + 4)));
    }
    this.#view.setUint32(at, written, true);
    this.#length = at + 4 + written;
  }

  bytes(bytes: Uint8Array): void {
    // Before the buffer is asked for: it may be another then.
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Gives a list of numbers as it is, to be copied into the guest; its place. */
  list(bytes: Uint8Array): number {
    this.#lists ??= [];
    return this.#lists.push(bytes);
  }

  /** The number of an object of the host's. */
  object(object: object, isLent: boolean): number {
    this.#resources ??= HostResources.of(this.store);
    const number = this.#resources.add(object);
    this.#given ??= [];
    this.#given.push(number);
    if (isLent) {
      this.#lent ??= [];
      this.#lent.push(number);
    }
    return number;
  }

  wrong(expected: string, type: WitType, value: unknown): TypeError {
    return wrongType(this.where(), `${expected} (${witText(type)})`, value);
  }

  /** `args[0].field[2]` */
  where(): string {
    const [first, ...rest] = this.path;
    return `${first}${rest.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;
  }

  #takeBack(numbers: number[] | undefined): void {
    if (numbers === undefined) return;
    for (const number of numbers.splice(0)) this.#resources?.remove(number);
  }

  /** Makes room for `size` bytes more; where they begin. */
  #grow(size: number): number {
    const at = this.#length;
    const length = at + size;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = length;
    return at;
  }
}
