import type { NativeResource } from '../../generated/native.js';
import { misuse } from '../errors.js';
import type { Store } from '../store.js';
import { HostResources } from './host-resources.js';
import { NUMBER_ARRAYS } from './number-arrays.js';
import { ResourceAny } from './resource-any.js';
import { type WitType, witText } from './wit-type.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads values as native code writes them (crate/addon/src/component/values.rs). */
export class Decoder {
  readonly #store: Store;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #handles: readonly NativeResource[];
  #at = 0;

  constructor(store: Store, bytes: Uint8Array, handles: readonly NativeResource[]) {
    this.#store = store;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#handles = handles;
  }

  read(type: WitType): unknown {
    switch (type.kind) {
      case 'bool':
        return this.#u8() !== 0;
      case 's8':
        return this.#view.getInt8(this.#skip(1));
      case 'u8':
        return this.#u8();
      case 's16':
        return this.#view.getInt16(this.#skip(2), true);
      case 'u16':
        return this.#view.getUint16(this.#skip(2), true);
      case 's32':
        return this.#view.getInt32(this.#skip(4), true);
      case 'u32':
        return this.#u32();
      case 's64':
        return this.#view.getBigInt64(this.#skip(8), true);
      case 'u64':
        return this.#view.getBigUint64(this.#skip(8), true);
      case 'f32':
        return this.#view.getFloat32(this.#skip(4), true);
      case 'f64':
        return this.#view.getFloat64(this.#skip(8), true);
      case 'char':
        return String.fromCodePoint(this.#u32());
      case 'string': {
        const length = this.#u32();
        const at = this.#skip(length);
        return utf8.decode(this.#bytes.subarray(at, at + length));
      }
      case 'list':
        return this.#list(type.element, this.#u32());
      case 'fixed-length-list':
        return this.#list(type.element, type.length);
      case 'map': {
        const map = new Map<unknown, unknown>();
        const count = this.#u32();
        for (let i = 0; i < count; i++) {
          const key = this.read(type.key);
          map.set(key, this.read(type.value));
        }
        return map;
      }
      case 'record': {
        const record: Record<string, unknown> = {};
        for (const { key, type: fieldType } of type.fields) record[key] = this.read(fieldType);
        return record;
      }
      case 'tuple':
        return type.types.map((part) => this.read(part));
      case 'variant': {
        const { name = '', type: payload } = type.cases[this.#u32()] ?? {};
        return payload === undefined ? { tag: name } : { tag: name, val: this.read(payload) };
      }
      case 'enum':
        return type.names[this.#u32()];
      case 'option': {
        const isSome = this.#u8() !== 0;
        // Nested, undefined would be ambiguous.
        if (type.type.kind === 'option') {
          return isSome ? { tag: 'some', val: this.read(type.type) } : { tag: 'none' };
        }
        return isSome ? this.read(type.type) : undefined;
      }
      case 'result': {
        const isOk = this.#u8() === 0;
        const payload = isOk ? type.ok : type.err;
        const val = payload === undefined ? undefined : this.read(payload);
        return { tag: isOk ? 'ok' : 'err', val };
      }
      case 'flags': {
        const flags: Record<string, boolean> = {};
        const at = this.#skip(Math.ceil(type.flags.length / 8));
        for (const [i, { key }] of type.flags.entries()) {
          flags[key] = (((this.#bytes[at + (i >> 3)] ?? 0) >> (i & 7)) & 1) === 1;
        }
        return flags;
      }
      case 'own':
      case 'borrow':
        return this.#resource(type.kind);
      default:
        throw misuse(
          'ERR_UNSUPPORTED_TYPE',
          `a value of type ${witText(type)} can't go to JavaScript`,
        );
    }
  }

  #list(element: WitType, count: number): unknown {
    const Numbers = NUMBER_ARRAYS.get(element.kind);
    if (Numbers === undefined) {
      const list = new Array<unknown>(count);
      for (let i = 0; i < count; i++) list[i] = this.read(element);
      return list;
    }
    const length = count * Numbers.BYTES_PER_ELEMENT;
    const at = this.#skip(length);
    // A copy of its own, aligned as typed arrays must be.
    return new Numbers(this.#bytes.slice(at, at + length).buffer as ArrayBuffer);
  }

  #resource(kind: 'own' | 'borrow'): unknown {
    const isHandle = this.#u8() !== 0;
    const number = this.#u32();
    if (isHandle)
      return ResourceAny.fromNative(this.#store, this.#handles[number] as NativeResource);
    const objects = HostResources.of(this.#store);
    return kind === 'own' ? objects.remove(number) : objects.get(number);
  }

  #u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #skip(size: number): number {
    const at = this.#at;
    this.#at += size;
    return at;
  }
}
