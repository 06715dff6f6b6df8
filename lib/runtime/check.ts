import { fileURLToPath } from 'node:url';
import { misuse, outOfRange, wrongType } from './errors.js';

/** Checks of arguments: each returns its value, or throws an error that names it. */

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

export function checkBytes(what: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw wrongType(what, 'a Uint8Array or an ArrayBuffer', value);
}

/** A binary, or text format. */
export function checkBytesOrWat(value: unknown): Uint8Array | string {
  return typeof value === 'string' ? value : checkBytes('bytesOrWat', value);
}

/** A file's path. */
export function checkPath(what: string, path: unknown): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path !== 'string') throw wrongType(what, 'a string or a URL', path);
  return path;
}

export function checkArray(what: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(what, 'an array', value);
  return value;
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
      ? misuse('ERR_INVALID_ARG_VALUE', `${what}: no '${value}', there are ${choices.join(', ')}`)
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
        `${what}: no option '${key}', there are ${known.join(', ')}`,
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
