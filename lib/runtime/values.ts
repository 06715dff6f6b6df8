import { isUint8Array } from 'node:util/types';
import { common, SLOT_COUNT } from '../native.js';
import { byteLengthOf } from './bytes.js';
import { outOfRange, wrongType } from './errors.js';
import type { Func } from './func.js';
import type { GcRef } from './reference.js';
import type { Store } from './store.js';
import type { ValType } from './types.js';

/** The JavaScript value of a WebAssembly value type. */
export type ValueOf<T extends ValType> = T extends 'i64'
  ? bigint
  : T extends 'v128'
    ? Uint8Array
    : T extends 'funcref'
      ? Func | null
      : T extends 'externref'
        ? unknown
        : T extends 'anyref' | 'eqref' | 'i31ref' | 'structref' | 'arrayref' | 'exnref'
          ? GcRef | null
          : T extends 'nullref' | 'nullfuncref' | 'nullexternref' | 'nullexnref'
            ? null
            : number;

/** The JavaScript values of a list of types. */
export type ValuesOf<T extends readonly ValType[]> = { -readonly [I in keyof T]: ValueOf<T[I]> };

/** What a function with results of these types returns: nothing, the one value, or all of them. */
export type ResultOf<R extends readonly ValType[]> = number extends R['length']
  ? unknown
  : R extends readonly []
    ? undefined
    : R extends readonly [infer T extends ValType]
      ? ValueOf<T>
      : ValuesOf<R>;

/** How references cross: functions as their native objects, `externref`s as they are. */
export interface References {
  toNative(what: string, type: ValType, value: unknown, store: Store): unknown;
  fromNative(type: ValType, value: unknown, store: Store): unknown;
}

const { slots } = common;

/** Numbers of a slot of 16 bytes, little-endian. */
const int32 = new Int32Array(slots);
const int64 = new BigInt64Array(slots);
const float32 = new Float32Array(slots);
const float64 = new Float64Array(slots);
const bytes = new Uint8Array(slots);

/**
 * Puts values into the slots, and returns the references among them by position. Nothing that could run
 * other code happens between the first slot and the native call that reads them: `values` are an array of our own, and
 * what they are is asked of them without looking at their properties.
 *
 * @throws TypeError or RangeError for a value that isn't of its type.
 */
export function encode(
  what: string,
  types: readonly ValType[],
  values: readonly unknown[],
  references: References,
  store: Store,
): unknown[] | undefined {
  let found: unknown[] | undefined;
  for (let i = 0; i < types.length; i++) {
    const type = types[i] as ValType;
    const value = values[i];
    if (putNumber(what, i, type, value)) continue;
    found ??= new Array(types.length).fill(null);
    found[i] = references.toNative(`${what}[${i}]`, type, value, store);
  }
  return found;
}

/** As {@link encode} of `[value]`. */
export function encodeOne(
  what: string,
  type: ValType,
  value: unknown,
  references: References,
  store: Store,
): unknown[] | undefined {
  if (putNumber(what, 0, type, value)) return undefined;
  return [references.toNative(`${what}[0]`, type, value, store)];
}

/** Whether values of a type are numbers, of either kind, which are in slots alone. */
export function isNumber(type: ValType): boolean {
  return type === 'i32' || type === 'i64' || type === 'f32' || type === 'f64';
}

/** Puts a value into its slot; false for a reference, which has none. */
export function putNumber(what: string, i: number, type: ValType, value: unknown): boolean {
  switch (type) {
    case 'i32':
      // Most are such, for which V8 needs no call.
      int32[4 * i] =
        typeof value === 'number' && (value | 0) === value ? value : checkI32(what, i, value);
      return true;
    case 'i64':
      int64[2 * i] = checkI64(what, i, value);
      return true;
    case 'f32':
      float32[4 * i] = checkFloat(what, i, type, value);
      return true;
    case 'f64':
      float64[2 * i] = checkFloat(what, i, type, value);
      return true;
    case 'v128':
      bytes.set(checkV128(what, i, value), 16 * i);
      return true;
    default:
      return false;
  }
}

/** Reads values from the slots, references from where native code has put them. */
export function decode(
  types: readonly ValType[],
  found: readonly unknown[] | null | undefined,
  references: References,
  store: Store,
): unknown[] {
  const values = new Array<unknown>(types.length);
  for (let i = 0; i < types.length; i++) {
    values[i] = decodeOne(i, types[i] as ValType, found, references, store);
  }
  return values;
}

/** The value at place `i`, as {@link decode} reads it. */
export function decodeOne(
  i: number,
  type: ValType,
  found: readonly unknown[] | null | undefined,
  references: References,
  store: Store,
): unknown {
  switch (type) {
    case 'i32':
      return int32[4 * i];
    case 'i64':
      return int64[2 * i];
    case 'f32':
      return float32[4 * i];
    case 'f64':
      return float64[2 * i];
    case 'v128':
      return bytes.slice(16 * i, 16 * i + 16);
    default:
      return references.fromNative(type, found?.[i], store);
  }
}

/** Refuses a list that the slots can't hold, which WebAssembly itself refuses too. */
export function checkCount(what: string, types: readonly ValType[]): void {
  if (types.length > SLOT_COUNT) {
    throw outOfRange(what, `at most ${SLOT_COUNT} values`, types.length);
  }
}

function checkI32(what: string, i: number, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(`${what}[${i}]`, 'a number (i32)', value);
  // Signed or unsigned: i32 has no sign of its own.
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff) {
    throw outOfRange(`${what}[${i}]`, 'an integer of 32 bits (i32)', value);
  }
  return value;
}

function checkI64(what: string, i: number, value: unknown): bigint {
  if (typeof value !== 'bigint') throw wrongType(`${what}[${i}]`, 'a bigint (i64)', value);
  if (value < -0x8000_0000_0000_0000n || value > 0xffff_ffff_ffff_ffffn) {
    throw outOfRange(`${what}[${i}]`, 'an integer of 64 bits (i64)', value);
  }
  return value;
}

function checkFloat(what: string, i: number, type: ValType, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(`${what}[${i}]`, `a number (${type})`, value);
  return value;
}

function checkV128(what: string, i: number, value: unknown): Uint8Array {
  if (!isUint8Array(value)) {
    throw wrongType(`${what}[${i}]`, 'a Uint8Array of 16 bytes (v128)', value);
  }
  const length = byteLengthOf(value);
  if (length !== 16) throw outOfRange(`${what}[${i}]`, '16 bytes (v128)', length);
  return value;
}
