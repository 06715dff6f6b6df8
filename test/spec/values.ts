import { Func, GcRef, type Store } from '../../lib/index.js';
import { common } from '../../lib/native.js';

/** A value of a script, as the crate json-from-wast writes it. */
export interface Const {
  readonly type: string;
  readonly value?: string | string[] | { index: number };
  readonly lane_type?: string;
  readonly values?: readonly Const[];
}

/** Values of `(ref.extern N)` and `(ref.host N)`: the same object for the same number. */
const hosts = new Map<string, { readonly host: string }>();
function host(number: string): object {
  const known = hosts.get(number) ?? { host: number };
  hosts.set(number, known);
  return known;
}

const LANES: Record<string, [bytes: number, isFloat: boolean]> = {
  i8: [1, false],
  i16: [2, false],
  i32: [4, false],
  i64: [8, false],
  f32: [4, true],
  f64: [8, true],
};

/** Patterns of NaNs: which bits must be as they are. */
function matchesLane(type: string, pattern: string, bits: bigint): boolean {
  const wide = type === 'f64';
  const mantissa = wide ? 52n : 23n;
  const exponent = wide ? 0x7ffn : 0xffn;
  const quiet = (exponent << mantissa) | (1n << (mantissa - 1n));
  const unsigned = bits & ~(1n << (wide ? 63n : 31n));
  if (pattern === 'nan:canonical') return unsigned === quiet;
  if (pattern === 'nan:arithmetic') return (unsigned & quiet) === quiet;
  const size = BigInt(8 * (LANES[type]?.[0] ?? 0));
  return BigInt.asUintN(Number(size), BigInt(pattern)) === bits;
}

function lanes(value: Const): [type: string, patterns: string[]] {
  if (value.type === 'v128') return [value.lane_type ?? '', value.value as string[]];
  return [value.type, [value.value as string]];
}

/** The bytes of a number or vector. */
function bytesOf(value: Const): Uint8Array {
  const [type, patterns] = lanes(value);
  const [size] = LANES[type] ?? [0];
  const bytes = new Uint8Array(16);
  for (const [i, pattern] of patterns.entries()) {
    let bits = BigInt.asUintN(8 * size, BigInt(pattern));
    for (let b = 0; b < size; b++, bits >>= 8n) bytes[i * size + b] = Number(bits & 0xffn);
  }
  return bytes;
}

/** An argument for `Func.call`. */
export function argument(store: Store, value: Const): unknown {
  const view = new DataView(
    bytesOf(LANES[value.type] || value.type === 'v128' ? value : { type: 'i32', value: '0' })
      .buffer,
  );
  switch (value.type) {
    case 'i32':
      return view.getInt32(0, true);
    case 'i64':
      return view.getBigInt64(0, true);
    case 'f32':
      return view.getFloat32(0, true);
    case 'f64':
      return view.getFloat64(0, true);
    case 'v128':
      return new Uint8Array(view.buffer);
    case 'externref':
      return value.value === 'null' || value.value === undefined
        ? null
        : host(value.value as string);
    case 'anyref':
      return value.value === 'null' || value.value === undefined
        ? null
        : GcRef.fromExtern(store, host(value.value as string));
    default:
      return null;
  }
}

/** Whether a number needs its very bits, which a JavaScript number doesn't keep: a NaN. */
export function isNan(value: Const): boolean {
  if (value.type !== 'f32' && value.type !== 'f64') return false;
  const view = new DataView(bytesOf(value).buffer);
  return Number.isNaN(value.type === 'f32' ? view.getFloat32(0, true) : view.getFloat64(0, true));
}

/** An argument in the text format, by its bits. */
export function constant(value: Const): string {
  const integer = value.type === 'f32' ? 'i32' : 'i64';
  if (value.type === 'f32' || value.type === 'f64') {
    return `(${value.type}.reinterpret_${integer} (${integer}.const ${value.value}))`;
  }
  if (value.type === 'v128') return `(v128.const i8x16 ${[...bytesOf(value)].join(' ')})`;
  return `(${value.type}.const ${value.value})`;
}

/** The slots as they are now: results with all their bits. */
export function rawResults(count: number): Uint8Array {
  return new Uint8Array(common.slots.slice(0, 16 * Math.max(1, count)));
}

/** Whether a result is what the script expects; `raw` are the bytes of its slot. */
export function matches(store: Store, expected: Const, value: unknown, raw: Uint8Array): boolean {
  if (expected.type === 'either') {
    return (expected.values ?? []).some((choice) => matches(store, choice, value, raw));
  }
  if (LANES[expected.type] !== undefined || expected.type === 'v128') {
    const [type, patterns] = lanes(expected);
    const [size] = LANES[type] ?? [0];
    return patterns.every((pattern, i) => {
      let bits = 0n;
      for (let b = size - 1; b >= 0; b--) bits = (bits << 8n) | BigInt(raw[i * size + b] ?? 0);
      return matchesLane(type, pattern, bits);
    });
  }
  return matchesReference(store, expected, value);
}

function matchesReference(store: Store, { type, value: expected }: Const, value: unknown): boolean {
  const kind = value instanceof GcRef ? value.kind(store) : undefined;
  switch (type) {
    case 'refnull':
    case 'nullref':
    case 'nullfuncref':
    case 'nullexternref':
    case 'nullexnref':
      return value === null;
    case 'externref':
      if (expected === undefined) return value !== null;
      return value === (expected === 'null' ? null : host(expected as string));
    case 'anyref':
      if (expected === undefined) return kind !== undefined && kind !== 'exn';
      if (expected === 'null') return value === null;
      return kind === 'extern' && (value as GcRef).toExtern(store) === host(expected as string);
    case 'funcref':
      return expected === 'null' ? value === null : value instanceof Func;
    case 'exnref':
      return expected === 'null' ? value === null : kind === 'exn';
    case 'eqref':
      return kind === 'i31' || kind === 'struct' || kind === 'array';
    case 'i31ref':
      return kind === 'i31';
    case 'structref':
      return kind === 'struct';
    case 'arrayref':
      return kind === 'array';
    default:
      throw new Error(`no result of type ${type} is known`);
  }
}
