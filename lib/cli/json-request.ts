/** What a request's JSON holds, checked: anyone may have written it. */

/** Tells what is wrong with a request: the answer is that message. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

export function objectOf(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new RequestError(`${what}: expected an object`);
}

export function arrayOf(what: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new RequestError(`${what}: expected an array`);
}

export function stringOf(what: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new RequestError(`${what}: expected a string`);
}

/** An offset or an index. */
export function naturalOf(what: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new RequestError(`${what}: expected a whole number from 0`);
}

/** An offset as this API writes it in most places: `0x1a2b`. */
export function hexOf(what: string, value: unknown): number {
  const text = stringOf(what, value);
  const number = /^0x[\da-f]{1,13}$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new RequestError(`${what}: expected an offset such as 0x1a2b`);
}

export function toHex(offset: number): string {
  return `0x${offset.toString(16)}`;
}
