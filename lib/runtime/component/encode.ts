import { isMap } from 'node:util/types';
import type { NativeResource } from '../../generated/native.js';
import { bytesOf, isTypedArray } from '../bytes.js';
import { misuse, outOfRange, wrongType } from '../errors.js';
import type { Store } from '../store.js';
import { HostResources } from './host-resources.js';
import { NUMBER_ARRAYS } from './number-arrays.js';
import { ResourceAny } from './resource-any.js';
import { type WitType, witText } from './wit-type.js';

/** The integers of up to 32 bits: bytes, least and greatest. */
const INTEGERS = {
  s8: [1, -0x80, 0x7f],
  u8: [1, 0, 0xff],
  s16: [2, -0x8000, 0x7fff],
  u16: [2, 0, 0xffff],
  s32: [4, -0x8000_0000, 0x7fff_ffff],
  u32: [4, 0, 0xffff_ffff],
} as const;

const utf8 = new TextEncoder();

/**
 * Writes values as native code reads them (crate/addon/src/component/values.rs). A value that isn't of its
 * type is a TypeError or RangeError that names the place: `args[0].field[2]`.
 */
export class Encoder {
  readonly handles: NativeResource[] = [];
  readonly #store: Store;
  readonly #resources: HostResources;
  /** Objects that got a number here: all of them are taken back when the values are refused. */
  readonly #given: number[] = [];
  /** Those of them that are lent, until the call is over. */
  readonly #lent: number[] = [];
  #view = new DataView(new ArrayBuffer(64));
  #length = 0;
  /** Where in the values: an argument's name, then keys and indices. */
  readonly #path: (string | number)[] = [];

  constructor(store: Store) {
    this.#store = store;
    this.#resources = HostResources.of(store);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#length);
  }

  /** Writes `value`, which messages call `what`. */
  add(what: string, type: WitType, value: unknown): void {
    this.#path.push(what);
    try {
      this.#write(type, value);
    } catch (error) {
      for (const number of this.#given.splice(0)) this.#resources.remove(number);
      throw error;
    }
    this.#path.pop();
  }

  /** Takes back what was lent. */
  end(): void {
    for (const number of this.#lent.splice(0)) this.#resources.remove(number);
  }

  #write(type: WitType, value: unknown): void {
    switch (type.kind) {
      case 'bool':
        if (typeof value !== 'boolean') throw this.#wrong('a boolean', type, value);
        this.#u8(value ? 1 : 0);
        break;
      case 's8':
      case 'u8':
      case 's16':
      case 'u16':
      case 's32':
      case 'u32':
        this.#integer(type.kind, value);
        break;
      case 's64':
      case 'u64':
        this.#bigint(type.kind, value);
        break;
      case 'f32': {
        const at = this.#grow(4);
        this.#view.setFloat32(at, this.#number(type, value), true);
        break;
      }
      case 'f64': {
        const at = this.#grow(8);
        this.#view.setFloat64(at, this.#number(type, value), true);
        break;
      }
      case 'char':
        this.#char(value);
        break;
      case 'string':
        this.#string(value);
        break;
      case 'list':
        this.#list(type, type.element, value);
        break;
      case 'fixed-length-list':
        this.#list(type, type.element, value, type.length);
        break;
      case 'map':
        this.#map(type, value);
        break;
      case 'record': {
        const record = this.#object('an object', type, value);
        for (const { key, type: fieldType } of type.fields) {
          this.#part(key, fieldType, record[key]);
        }
        break;
      }
      case 'tuple': {
        const { types } = type;
        if (!Array.isArray(value)) throw this.#wrong('an array', type, value);
        if (value.length !== types.length) {
          throw outOfRange(this.#where(), `${types.length} elements`, value.length);
        }
        for (const [i, part] of types.entries()) this.#part(i, part, value[i]);
        break;
      }
      case 'variant':
        this.#variant(type, value);
        break;
      case 'enum':
        this.#u32(this.#case(type.names, value));
        break;
      case 'option':
        this.#option(type.type, value);
        break;
      case 'result':
        this.#result(type, value);
        break;
      case 'flags':
        this.#flags(type.flags, value);
        break;
      case 'own':
      case 'borrow':
        this.#resource(type, value);
        break;
      default:
        throw misuse(
          'ERR_UNSUPPORTED_TYPE',
          `${this.#where()}: a value of type ${witText(type)} can't come from JavaScript`,
        );
    }
  }

  #part(key: string | number, type: WitType, value: unknown): void {
    this.#path.push(key);
    this.#write(type, value);
    this.#path.pop();
  }

  #integer(kind: keyof typeof INTEGERS, value: unknown): void {
    const [size, least, greatest] = INTEGERS[kind];
    if (typeof value !== 'number') throw this.#wrong('a number', { kind }, value);
    if (!Number.isInteger(value) || value < least || value > greatest) {
      throw outOfRange(this.#where(), `an integer from ${least} to ${greatest} (${kind})`, value);
    }
    const at = this.#grow(size);
    if (size === 1) this.#view.setUint8(at, value);
    else if (size === 2) this.#view.setUint16(at, value, true);
    else this.#view.setUint32(at, value, true);
  }

  #bigint(kind: 's64' | 'u64', value: unknown): void {
    if (typeof value !== 'bigint') throw this.#wrong('a bigint', { kind }, value);
    const fits = kind === 's64' ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
    if (fits !== value) throw outOfRange(this.#where(), `an integer of 64 bits (${kind})`, value);
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
  }

  #number(type: WitType, value: unknown): number {
    if (typeof value !== 'number') throw this.#wrong('a number', type, value);
    return value;
  }

  #char(value: unknown): void {
    const kind = 'char';
    if (typeof value !== 'string') throw this.#wrong('a string', { kind }, value);
    const point = value.codePointAt(0) ?? -1;
    const isOne = point >= 0 && value.length === (point > 0xffff ? 2 : 1);
    if (!isOne || (point >= 0xd800 && point < 0xe000)) {
      throw outOfRange(this.#where(), 'a string of one Unicode character (char)', value);
    }
    this.#u32(point);
  }

  #string(value: unknown): void {
    if (typeof value !== 'string') throw this.#wrong('a string', { kind: 'string' }, value);
    if (LONE_SURROGATE.test(value)) {
      throw outOfRange(this.#where(), 'a string without lone surrogates', value);
    }
    // As much as UTF-8 may need, given back after.
    const at = this.#grow(4 + 3 * value.length);
    const { written } = utf8.encodeInto(value, new Uint8Array(this.#view.buffer, at + 4));
    this.#view.setUint32(at, written, true);
    this.#length = at + 4 + written;
  }

  #list(type: WitType, element: WitType, value: unknown, length?: number): void {
    const Numbers = NUMBER_ARRAYS.get(element.kind);
    const isNumbers =
      Numbers !== undefined && isTypedArray<InstanceType<typeof Numbers>>(value, Numbers.name);
    if (!isNumbers && !Array.isArray(value)) {
      const expected = Numbers === undefined ? 'an array' : `a ${Numbers.name} or an array`;
      throw this.#wrong(expected, type, value);
    }
    const bytes = isNumbers ? bytesOf(this.#where(), value) : undefined;
    // Getters of an array's elements may change it, and a proxy's length may be anything.
    const count =
      bytes === undefined ? value.length : bytes.length / (Numbers?.BYTES_PER_ELEMENT ?? 1);
    if (!(Number.isInteger(count) && count >= 0 && count <= 0xffff_ffff)) {
      throw outOfRange(this.#where(), 'a length of 32 bits', count);
    }
    if (length === undefined) this.#u32(count);
    else if (count !== length) throw outOfRange(this.#where(), `${length} elements`, count);
    if (bytes !== undefined) {
      const at = this.#grow(bytes.length);
      new Uint8Array(this.#view.buffer).set(bytes, at);
      return;
    }
    for (let i = 0; i < count; i++) this.#part(i, element, value[i]);
  }

  #map(type: WitType & { kind: 'map' }, value: unknown): void {
    if (!isMap(value)) throw this.#wrong('a Map', type, value);
    // Not by an iterator of theirs.
    const pairs = [...Reflect.apply(Map.prototype.entries, value, [])];
    this.#u32(pairs.length);
    for (const [i, [key, item]] of pairs.entries()) {
      this.#part(`key ${i}`, type.key, key);
      this.#part(`value ${i}`, type.value, item);
    }
  }

  #variant(type: WitType & { kind: 'variant' }, value: unknown): void {
    const variant = this.#object('an object { tag, val }', type, value);
    const names = type.cases.map(({ name }) => name);
    this.#path.push('tag');
    const number = this.#case(names, variant['tag']);
    this.#path.pop();
    this.#u32(number);
    const payload = type.cases[number]?.type;
    if (payload !== undefined) this.#part('val', payload, variant['val']);
  }

  #case(names: readonly string[], value: unknown): number {
    const number = typeof value === 'string' ? names.indexOf(value) : -1;
    if (number < 0) {
      const shown = names.slice(0, 20).map((name) => `'${name}'`);
      if (names.length > shown.length) shown.push('…');
      throw wrongType(this.#where(), `one of ${shown.join(', ')}`, value);
    }
    return number;
  }

  #option(type: WitType, value: unknown): void {
    if (type.kind === 'option') {
      // Nested, undefined would be ambiguous.
      const option = this.#object("an object { tag: 'some' | 'none', val }", type, value);
      this.#path.push('tag');
      const isSome = this.#case(['none', 'some'], option['tag']) === 1;
      this.#path.pop();
      this.#u8(isSome ? 1 : 0);
      if (isSome) this.#part('val', type, option['val']);
      return;
    }
    const isSome = value !== undefined && value !== null;
    this.#u8(isSome ? 1 : 0);
    if (isSome) this.#write(type, value);
  }

  #result(type: WitType & { kind: 'result' }, value: unknown): void {
    const result = this.#object("an object { tag: 'ok' | 'err', val }", type, value);
    this.#path.push('tag');
    const number = this.#case(['ok', 'err'], result['tag']);
    this.#path.pop();
    this.#u8(number);
    const payload = number === 0 ? type.ok : type.err;
    if (payload !== undefined) this.#part('val', payload, result['val']);
  }

  #flags(flags: readonly { readonly key: string }[], value: unknown): void {
    const set = this.#object('an object of booleans', { kind: 'flags', flags: [] }, value);
    for (const key of Object.keys(set)) {
      if (!flags.some((flag) => flag.key === key)) {
        const known = flags.map((flag) => flag.key).join(', ');
        throw misuse('ERR_INVALID_ARG_VALUE', `${this.#where()}: no flag '${key}' among ${known}`);
      }
    }
    const bits = new Uint8Array(Math.ceil(flags.length / 8));
    for (const [i, { key }] of flags.entries()) {
      const flag = set[key] ?? false;
      if (typeof flag !== 'boolean') {
        this.#path.push(key);
        throw wrongType(this.#where(), 'a boolean', flag);
      }
      if (flag) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
    }
    for (const byte of bits) this.#u8(byte);
  }

  #resource(type: WitType & { kind: 'own' | 'borrow' }, value: unknown): void {
    const what = this.#where();
    if (ResourceAny.is(value)) {
      const handle = ResourceAny.native(what, value, this.#store);
      ResourceAny.checkType(what, value, type.resource);
      if (type.kind === 'own') {
        if (!value.owned || this.handles.includes(handle)) {
          throw misuse(
            'ERR_RESOURCE_LENT',
            `${what}: a resource that is borrowed can't be given away`,
          );
        }
      }
      this.#u8(1);
      this.#u32(this.handles.length);
      this.handles.push(handle);
      return;
    }
    if (!type.resource.isHost) throw this.#wrong('a ResourceAny', type, value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      throw this.#wrong('an object', type, value);
    }
    const number = this.#resources.add(value);
    this.#given.push(number);
    if (type.kind === 'borrow') this.#lent.push(number);
    this.#u8(0);
    this.#u32(number);
  }

  #object(expected: string, type: WitType, value: unknown): Record<string, unknown> {
    if (typeof value !== 'object' || value === null) throw this.#wrong(expected, type, value);
    return value as Record<string, unknown>;
  }

  #u8(number: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, number);
  }

  #u32(number: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, number, true);
  }

  /** Makes room for `size` bytes more; where they begin. */
  #grow(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#view.byteLength) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#view.byteLength));
      grown.set(new Uint8Array(this.#view.buffer, 0, at));
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  #wrong(expected: string, type: WitType, value: unknown): TypeError {
    return wrongType(this.#where(), `${expected} (${witText(type)})`, value);
  }

  #where(): string {
    const [first, ...rest] = this.#path;
    return `${first}${rest.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;
