import type { NativeResource } from '../../generated/native.js';
import { common } from '../../native.js';
import { decodeUtf8 } from '../bytes.js';
import { misuse } from '../errors.js';
import type { Store } from '../store.js';
import type { Packet } from './encoder.js';
import { HostResources } from './host-resources.js';
import { NUMBER_ARRAYS } from './number-arrays.js';
import { ResourceAny } from './resource-any.js';
import { type WitType, witText } from './wit-type.js';

/** Reads a value of one type. */
export type Read = (from: Decoder) => unknown;

/** Longer text is read by Node, for the price of a call. */
const SHORT_TEXT = 24;

/** Reads values as native code writes them (crate/addon/src/component/values.rs). */
export class Decoder {
  #store: Store | undefined;
  #resources: HostResources | undefined;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #lists: readonly Uint8Array[];
  readonly #handles: readonly NativeResource[];
  #at = 0;

  private constructor([bytes, lists, handles]: Packet) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#lists = lists;
    this.#handles = handles;
  }

  /** Of what native code has given: undefined means the value buffer, which is to be read at once. */
  static of(store: Store, values: Packet | undefined): Decoder {
    const decoder = values === undefined ? ofSlots : new Decoder(values);
    decoder.#store = store;
    decoder.#at = 0;
    return decoder;
  }

  /** All is read. */
  end(): void {
    this.#store = undefined;
    this.#resources = undefined;
  }

  /** @internal Of the value buffer. */
  static ofSlots(): Decoder {
    return new Decoder([new Uint8Array(common.slots), [], []]);
  }

  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  s8(): number {
    return this.#view.getInt8(this.#skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  s16(): number {
    return this.#view.getInt16(this.#skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  s32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#skip(8), true);
  }

  s64(): bigint {
    return this.#view.getBigInt64(this.#skip(8), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#skip(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }

  text(): string {
    const length = this.u32();
    const at = this.#skip(length);
    if (length > SHORT_TEXT) return decodeUtf8(this.#bytes.subarray(at, at + length));
    let text = '';
    for (let i = at; i < at + length; i++) {
      const unit = this.#bytes[i] as number;
      if (unit >= 0x80) return decodeUtf8(this.#bytes.subarray(at, at + length));
      text += String.fromCharCode(unit);
    }
    return text;
  }

  /** A copy of its own. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#skip(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  /** The long list at that place. */
  list(place: number): Uint8Array {
    return this.#lists[place - 1] as Uint8Array;
  }

  handle(number: number): ResourceAny {
    return ResourceAny.fromNative(this.#store as Store, this.#handles[number] as NativeResource);
  }

  /** An object of the host's, which is its own again if the guest doesn't only lend it. */
  object(number: number, isOwn: boolean): unknown {
    this.#resources ??= HostResources.of(this.#store as Store);
    return isOwn ? this.#resources.remove(number) : this.#resources.get(number);
  }

  #skip(size: number): number {
    const at = this.#at;
    this.#at += size;
    return at;
  }
}

const ofSlots = Decoder.ofSlots();

/** What reads values of each type: made once, with the type's parts looked up. */
const known = new WeakMap<WitType, Read>();

export function reader(type: WitType): Read {
  let read = known.get(type);
  if (read === undefined) {
    read = make(type);
    known.set(type, read);
  }
  return read;
}

function make(type: WitType): Read {
  switch (type.kind) {
    case 'bool':
      return (from) => from.u8() !== 0;
    case 's8':
    case 'u8':
    case 's16':
    case 'u16':
    case 's32':
    case 'u32':
    case 's64':
    case 'u64':
    case 'f32':
    case 'f64':
      return NUMBERS[type.kind];
    case 'char':
      return (from) => String.fromCodePoint(from.u32());
    case 'string':
      return (from) => from.text();
    case 'list':
      return list(type.element);
    case 'fixed-length-list':
      return list(type.element, type.length);
    case 'map':
      return map(type);
    case 'record':
      return record(type);
    case 'tuple': {
      const readers = type.types.map(reader);
      return (from) => readers.map((read) => read(from));
    }
    case 'variant':
      return variant(type);
    case 'enum': {
      const { names } = type;
      return (from) => names[from.u32()];
    }
    case 'option': {
      const read = reader(type.type);
      // Nested, undefined would be ambiguous.
      if (type.type.kind === 'option') {
        return (from) => (from.u8() === 0 ? { tag: 'none' } : { tag: 'some', val: read(from) });
      }
      return (from) => (from.u8() === 0 ? undefined : read(from));
    }
    case 'result': {
      const readOk = type.ok && reader(type.ok);
      const readErr = type.err && reader(type.err);
      return (from) =>
        from.u8() === 0 ? { tag: 'ok', val: readOk?.(from) } : { tag: 'err', val: readErr?.(from) };
    }
    case 'flags':
      return flags(type);
    case 'own':
    case 'borrow': {
      const isOwn = type.kind === 'own';
      return (from) => {
        const isHandle = from.u8() !== 0;
        const number = from.u32();
        return isHandle ? from.handle(number) : from.object(number, isOwn);
      };
    }
    default:
      return () => {
        throw misuse(
          'ERR_UNSUPPORTED_TYPE',
          `a value of type ${witText(type)} can't go to JavaScript`,
        );
      };
  }
}

const NUMBERS = {
  s8: (from: Decoder) => from.s8(),
  u8: (from: Decoder) => from.u8(),
  s16: (from: Decoder) => from.s16(),
  u16: (from: Decoder) => from.u16(),
  s32: (from: Decoder) => from.s32(),
  u32: (from: Decoder) => from.u32(),
  s64: (from: Decoder) => from.s64(),
  u64: (from: Decoder) => from.u64(),
  f32: (from: Decoder) => from.f32(),
  f64: (from: Decoder) => from.f64(),
} as const;

function list(element: WitType, length?: number): Read {
  const Numbers = NUMBER_ARRAYS.get(element.kind);
  if (Numbers === undefined) {
    const read = reader(element);
    return (from) => {
      const values = new Array<unknown>(length ?? from.u32());
      for (let i = 0; i < values.length; i++) values[i] = read(from);
      return values;
    };
  }
  const size = Numbers.BYTES_PER_ELEMENT;
  return (from) => {
    const count = length ?? from.u32();
    const place = length === undefined ? from.u32() : 0;
    const bytes = place === 0 ? from.bytes(count * size) : from.list(place);
    if (Numbers === Uint8Array) return bytes;
    return new Numbers(bytes.buffer as ArrayBuffer, bytes.byteOffset, count);
  };
}

function map(type: WitType & { kind: 'map' }): Read {
  const readKey = reader(type.key);
  const readValue = reader(type.value);
  return (from) => {
    const map = new Map<unknown, unknown>();
    const count = from.u32();
    for (let i = 0; i < count; i++) {
      const key = readKey(from);
      map.set(key, readValue(from));
    }
    return map;
  };
}

function record(type: WitType & { kind: 'record' }): Read {
  const keys = type.fields.map(({ key }) => key);
  const readers = type.fields.map((field) => reader(field.type));
  // A copy has all fields as its own from the beginning, so that its shape is known and no setter of a prototype runs.
  const template = Object.fromEntries(keys.map((key) => [key, undefined]));
  return (from) => {
    const record: Record<string, unknown> = { ...template };
    for (let i = 0; i < keys.length; i++) record[keys[i] as string] = (readers[i] as Read)(from);
    return record;
  };
}

function variant(type: WitType & { kind: 'variant' }): Read {
  const cases = type.cases.map((item) => ({
    tag: item.name,
    read: item.type && reader(item.type),
  }));
  return (from) => {
    const { tag = '', read } = cases[from.u32()] ?? {};
    return read === undefined ? { tag } : { tag, val: read(from) };
  };
}

function flags(type: WitType & { kind: 'flags' }): Read {
  const keys = type.flags.map(({ key }) => key);
  return (from) => {
    const flags: Record<string, boolean> = {};
    let bits = 0;
    for (const [i, key] of keys.entries()) {
      if ((i & 7) === 0) bits = from.u8();
      flags[key] = ((bits >> (i & 7)) & 1) === 1;
    }
    return flags;
  };
}
