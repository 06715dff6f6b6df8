import { isMap } from 'node:util/types';
import { misuse, outOfRange, wrongType } from '../errors.js';
import { writeList } from './encode-list.js';
import type { Encoder, Write } from './encoder.js';
import { ResourceAny } from './resource-any.js';
import { type WitType, witText } from './wit-type.js';

/** What writes values of each type: made once, with the type's parts looked up. */
const known = new WeakMap<WitType, Write>();

/** A value that isn't of its type is a TypeError or RangeError that names the place: `args[0].field[2]`. */
export function writer(type: WitType): Write {
  let write = known.get(type);
  if (write === undefined) {
    write = make(type);
    known.set(type, write);
  }
  return write;
}

function make(type: WitType): Write {
  switch (type.kind) {
    case 'bool':
      return (to, value) => {
        if (typeof value !== 'boolean') throw to.wrong('a boolean', type, value);
        to.u8(value ? 1 : 0);
      };
    case 's8':
      return integer(type, -0x80, 0x7f, (to, value) => to.u8(value));
    case 'u8':
      return integer(type, 0, 0xff, (to, value) => to.u8(value));
    case 's16':
      return integer(type, -0x8000, 0x7fff, (to, value) => to.u16(value));
    case 'u16':
      return integer(type, 0, 0xffff, (to, value) => to.u16(value));
    case 's32':
      return integer(type, -0x8000_0000, 0x7fff_ffff, (to, value) => to.u32(value));
    case 'u32':
      return integer(type, 0, 0xffff_ffff, (to, value) => to.u32(value));
    case 's64':
      return bigint(type, (value) => BigInt.asIntN(64, value));
    case 'u64':
      return bigint(type, (value) => BigInt.asUintN(64, value));
    case 'f32':
      return (to, value) => {
        if (typeof value !== 'number') throw to.wrong('a number', type, value);
        to.f32(value);
      };
    case 'f64':
      return (to, value) => {
        if (typeof value !== 'number') throw to.wrong('a number', type, value);
        to.f64(value);
      };
    case 'char':
      return writeChar;
    case 'string':
      return (to, value) => {
        if (typeof value !== 'string') throw to.wrong('a string', type, value);
        to.text(value);
      };
    case 'list':
      return writeList(type, type.element, writer(type.element));
    case 'fixed-length-list':
      return writeList(type, type.element, writer(type.element), type.length);
    case 'map':
      return map(type);
    case 'record':
      return record(type);
    case 'tuple':
      return tuple(type);
    case 'variant':
      return variant(type);
    case 'enum': {
      const number = caseNumbers(type.names);
      return (to, value) => to.u32(number(to, value));
    }
    case 'option':
      return option(type.type);
    case 'result':
      return result(type);
    case 'flags':
      return flags(type);
    case 'own':
    case 'borrow':
      return (to, value) => writeResource(to, type, value);
    default:
      return (to) => {
        throw misuse(
          'ERR_UNSUPPORTED_TYPE',
          `${to.where()}: a value of type ${witText(type)} can't come from JavaScript`,
        );
      };
  }
}

function integer(
  type: WitType,
  least: number,
  greatest: number,
  write: (to: Encoder, value: number) => void,
): Write {
  return (to, value) => {
    if (typeof value !== 'number') throw to.wrong('a number', type, value);
    if (!Number.isInteger(value) || value < least || value > greatest) {
      const expected = `an integer from ${least} to ${greatest} (${type.kind})`;
      throw outOfRange(to.where(), expected, value);
    }
    write(to, value);
  };
}

function bigint(type: WitType, wrap: (value: bigint) => bigint): Write {
  return (to, value) => {
    if (typeof value !== 'bigint') throw to.wrong('a bigint', type, value);
    if (wrap(value) !== value) {
      throw outOfRange(to.where(), `an integer of 64 bits (${type.kind})`, value);
    }
    to.u64(BigInt.asUintN(64, value));
  };
}

function writeChar(to: Encoder, value: unknown): void {
  if (typeof value !== 'string') throw to.wrong('a string', { kind: 'char' }, value);
  const point = value.codePointAt(0) ?? -1;
  const isOne = point >= 0 && value.length === (point > 0xffff ? 2 : 1);
  if (!isOne || (point >= 0xd800 && point < 0xe000)) {
    throw outOfRange(to.where(), 'a string of one Unicode character (char)', value);
  }
  to.u32(point);
}

function map(type: WitType & { kind: 'map' }): Write {
  const writeKey = writer(type.key);
  const writeValue = writer(type.value);
  return (to, value) => {
    if (!isMap(value)) throw to.wrong('a Map', type, value);
    // Not by an iterator of theirs.
    const pairs = [...Reflect.apply(Map.prototype.entries, value, [])];
    to.u32(pairs.length);
    for (const [i, [key, item]] of pairs.entries()) {
      to.part(`key ${i}`, writeKey, key);
      to.part(`value ${i}`, writeValue, item);
    }
  };
}

function record(type: WitType & { kind: 'record' }): Write {
  const keys = type.fields.map(({ key }) => key);
  const writers = type.fields.map((field) => writer(field.type));
  return (to, value) => {
    const from = object(to, 'an object', type, value);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      to.part(key, writers[i] as Write, from[key]);
    }
  };
}

function tuple(type: WitType & { kind: 'tuple' }): Write {
  const writers = type.types.map(writer);
  return (to, value) => {
    if (!Array.isArray(value)) throw to.wrong('an array', type, value);
    if (value.length !== writers.length) {
      throw outOfRange(to.where(), `${writers.length} elements`, value.length);
    }
    for (let i = 0; i < writers.length; i++) to.part(i, writers[i] as Write, value[i]);
  };
}

function variant(type: WitType & { kind: 'variant' }): Write {
  const tagNumber = tagNumbers(type.cases.map(({ name }) => name));
  const writers = type.cases.map((item) => item.type && writer(item.type));
  return (to, value) => {
    const from = object(to, 'an object { tag, val }', type, value);
    const number = tagNumber(to, from);
    to.u32(number);
    const write = writers[number];
    if (write !== undefined) to.part('val', write, from['val']);
  };
}

function option(type: WitType): Write {
  const write = writer(type);
  if (type.kind === 'option') {
    const tagNumber = tagNumbers(['none', 'some']);
    // Nested, undefined would be ambiguous.
    return (to, value) => {
      const from = object(to, "an object { tag: 'some' | 'none', val }", type, value);
      const number = tagNumber(to, from);
      to.u8(number);
      if (number === 1) to.part('val', write, from['val']);
    };
  }
  return (to, value) => {
    const isSome = value !== undefined && value !== null;
    to.u8(isSome ? 1 : 0);
    if (isSome) write(to, value);
  };
}

function result(type: WitType & { kind: 'result' }): Write {
  const tagNumber = tagNumbers(['ok', 'err']);
  const writers = [type.ok && writer(type.ok), type.err && writer(type.err)];
  return (to, value) => {
    const from = object(to, "an object { tag: 'ok' | 'err', val }", type, value);
    const number = tagNumber(to, from);
    to.u8(number);
    const write = writers[number];
    if (write !== undefined) to.part('val', write, from['val']);
  };
}

/** Finds the number of a case by its name. */
function caseNumbers(names: readonly string[]): (to: Encoder, value: unknown) => number {
  const numbers = new Map<unknown, number>(names.map((name, i) => [name, i]));
  return (to, value) => {
    const number = numbers.get(value);
    if (number !== undefined) return number;
    const shown = names.slice(0, 20).map((name) => `'${name}'`);
    if (names.length > shown.length) shown.push('…');
    throw wrongType(to.where(), `one of ${shown.join(', ')}`, value);
  };
}

function tagNumbers(
  names: readonly string[],
): (to: Encoder, from: Record<string, unknown>) => number {
  const number = caseNumbers(names);
  return (to, from) => {
    to.path.push('tag');
    const found = number(to, from['tag']);
    to.path.pop();
    return found;
  };
}

function flags(type: WitType & { kind: 'flags' }): Write {
  const places = new Map(type.flags.map(({ key }, i) => [key, i]));
  const keys = [...places.keys()];
  const bytes = Math.ceil(keys.length / 8);
  return (to, value) => {
    const set = object(to, 'an object of booleans', { kind: 'flags', flags: [] }, value);
    for (const key of Object.keys(set)) {
      if (!places.has(key)) {
        const what = `${to.where()}: no flag '${key}' among ${keys.join(', ')}`;
        throw misuse('ERR_INVALID_ARG_VALUE', what);
      }
    }
    for (let byte = 0; byte < bytes; byte++) {
      let bits = 0;
      for (let i = 8 * byte; i < Math.min(8 * byte + 8, keys.length); i++) {
        const key = keys[i] as string;
        const flag = set[key] ?? false;
        if (typeof flag !== 'boolean') {
          to.path.push(key);
          throw wrongType(to.where(), 'a boolean', flag);
        }
        if (flag) bits |= 1 << (i & 7);
      }
      to.u8(bits);
    }
  };
}

function writeResource(
  to: Encoder,
  type: WitType & { kind: 'own' | 'borrow' },
  value: unknown,
): void {
  if (ResourceAny.is(value)) {
    const what = to.where();
    const handle = ResourceAny.native(what, value, to.store);
    ResourceAny.checkType(what, value, type.resource);
    const { handles } = to;
    if (type.kind === 'own' && (!value.owned || handles.includes(handle))) {
      throw misuse('ERR_RESOURCE_LENT', `${what}: a resource that is borrowed can't be given away`);
    }
    to.u8(1);
    to.u32(handles.length);
    handles.push(handle);
    return;
  }
  if (!type.resource.isHost) throw to.wrong('a ResourceAny', type, value);
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    throw to.wrong('an object', type, value);
  }
  to.u8(0);
  to.u32(to.object(value, type.kind === 'borrow'));
}

function object(
  to: Encoder,
  expected: string,
  type: WitType,
  value: unknown,
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw to.wrong(expected, type, value);
  return value as Record<string, unknown>;
}
