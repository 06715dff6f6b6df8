import { fileURLToPath } from 'node:url';
import { isArrayBuffer, isUint8Array } from 'node:util/types';
import { bytesOf, bytesOfBuffer } from './bytes.js';
import { didYouMean } from './did-you-mean.js';
import { misuse, outOfRange, wrongType } from './errors.js';
import { isObject } from './internal.js';

/**
 * Checks of arguments: each returns its value, or throws an error that names it. Values may be of another realm, as in
 * Jest, so none asks for `instanceof` of JavaScript's own classes.
 */

export function checkString(what: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(what, 'a string', value);
  return value;
}

export function checkBoolean(what: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(what, 'a boolean', value);
  return value;
}

export function checkFunction<F>(what: string, value: F): F {
  if (typeof value !== 'function') throw wrongType(what, 'a function', value);
  return value;
}

export function checkObject(what: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw wrongType(what, 'an object', value);
  return value as Record<string, unknown>;
}

/** The bytes as an array of our own, which nobody changes while they are read. */
export function checkBytes(what: string, value: unknown): Uint8Array {
  if (isUint8Array(value)) return bytesOf(what, value);
  if (isArrayBuffer(value)) return bytesOfBuffer(what, value);
  throw wrongType(what, 'a Uint8Array or an ArrayBuffer', value);
}

/** A binary, or text format. */
export function checkBytesOrWat(value: unknown): Uint8Array | string {
  return typeof value === 'string' ? value : checkBytes('bytesOrWat', value);
}

/** A `URL`, of Node's or another implementation. */
export function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  const { href, protocol } = value as Partial<URL>;
  return typeof href === 'string' && typeof protocol === 'string';
}

/** A file's path. */
export function checkPath(what: string, path: unknown): string {
  if (isUrl(path)) return fileURLToPath(path.href);
  if (typeof path !== 'string') throw wrongType(what, 'a string or a URL', path);
  return path;
}

/** Far more than any list has that is asked for; an array's length may say anything. */
const MAXIMUM_LENGTH = 2 ** 24;

/** The elements as an array of our own: a proxy's length and elements may be others each time. */
export function checkArray(what: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(what, 'an array', value);
  const length = checkInteger(`${what}.length`, value.length, 0, MAXIMUM_LENGTH);
  const elements = new Array<unknown>(length);
  for (let i = 0; i < length; i++) elements[i] = value[i];
  return elements;
}

/** What aborts a call: an `AbortSignal`, of Node's or another implementation. */
export function checkSignal(what: string, value: unknown): AbortSignal {
  const { aborted, addEventListener } = isObject(value) ? (value as Partial<AbortSignal>) : {};
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw wrongType(what, 'an AbortSignal', value);
  }
  return value as AbortSignal;
}

export function checkNumber(what: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(what, 'a number', value);
  return value;
}

/** An integer from `minimum` to `maximum`. */
export function checkInteger(
  what: string,
  value: unknown,
  minimum = 0,
  maximum = Number.MAX_SAFE_INTEGER,
): number {
  const number = checkNumber(what, value);
  if (!Number.isInteger(number) || number < minimum || number > maximum) {
    throw outOfRange(what, `an integer from ${minimum} to ${maximum}`, value);
  }
  return number;
}

/** An integer of so many bits, not negative; a number or a bigint. */
export function checkUnsigned(what: string, value: unknown, bits: 64 | 128): bigint {
  if (typeof value === 'number') return BigInt(checkInteger(what, value));
  if (typeof value !== 'bigint') throw wrongType(what, 'a number or a bigint', value);
  if (BigInt.asUintN(bits, value) !== value) {
    throw outOfRange(what, `an integer of ${bits} bits, not negative`, value);
  }
  return value;
}

export function checkOneOf<T extends string>(
  what: string,
  value: unknown,
  choices: readonly T[],
): T {
  const choice = choices.find((choice) => choice === value);
  if (choice === undefined) {
    throw typeof value === 'string'
      ? misuse(
          'ERR_INVALID_ARG_VALUE',
          `${what}: no '${value}', there are ${choices.join(', ')}${didYouMean(value, choices)}`,
        )
      : wrongType(what, `one of ${choices.join(', ')}`, value);
  }
  return choice;
}

/** Refuses keys that nobody knows, which are misspelt ones more often than not. */
export function checkKeys(what: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw misuse(
        'ERR_INVALID_ARG_VALUE',
        `${what}: no option '${key}', there are ${known.join(', ')}${didYouMean(key, known)}`,
      );
    }
  }
}

/** The longest duration that most of these checks allow, in milliseconds. */
export const DAY_MS = 86_400_000;

/** A duration in milliseconds, fractions allowed. */
export function checkDuration(
  what: string,
  value: unknown,
  minimumMs: number,
  maximumMs: number,
): number {
  const ms = checkNumber(what, value);
  if (!(ms >= minimumMs && ms <= maximumMs)) {
    throw outOfRange(what, `milliseconds from ${minimumMs} to ${maximumMs}`, value);
  }
  return ms;
}
