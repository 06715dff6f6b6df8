import { isAscii } from 'node:buffer';
import { isSharedArrayBuffer } from 'node:util/types';
import { misuse } from './errors.js';

/**
 * Typed arrays of any realm, as they are: what a subclass or an own property makes of `length` or `buffer` is not
 * looked at, since that would run code of the caller's.
 */

const PROTOTYPE: object = Object.getPrototypeOf(Uint8Array.prototype);

function getter<T>(key: PropertyKey, prototype = PROTOTYPE): (array: object) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get as () => T;
  return (array) => Reflect.apply(get, array, []);
}

/** `Uint8Array`, `Float64Array` …; undefined for what is no typed array. */
const nameOf = getter<string | undefined>(Symbol.toStringTag);
const bufferOf = getter<ArrayBufferLike>('buffer');
const byteOffsetOf = getter<number>('byteOffset');

const viewedBuffer = getter<ArrayBufferLike>('buffer', DataView.prototype);
const viewOffset = getter<number>('byteOffset', DataView.prototype);
const viewLength = getter<number>('byteLength', DataView.prototype);

/** Its size in bytes. */
export const byteLengthOf = getter<number>('byteLength');

/** Whether `value` is a typed array with a constructor of that name; a proxy is none. */
export function isTypedArray<T extends NodeJS.TypedArray>(
  value: unknown,
  name: string,
): value is T {
  return typeof value === 'object' && value !== null && nameOf(value) === name;
}

/**
 * The bytes of a typed array as an array of our own: the same memory, but a copy where another thread may change it.
 *
 * @throws TypeError `ERR_DETACHED` for one whose buffer was transferred, or has become too small for it.
 */
export function bytesOf(what: string, array: NodeJS.TypedArray): Uint8Array {
  const length = byteLengthOf(array);
  if (length === 0) checkAttached(what, array);
  const buffer = bufferOf(array);
  const bytes = new Uint8Array(buffer, byteOffsetOf(array), length);
  return isSharedArrayBuffer(buffer) ? new Uint8Array(bytes) : bytes;
}

/** The bytes of a `DataView`, see {@link bytesOf}. */
export function bytesOfDataView(what: string, view: DataView): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(viewedBuffer(view), viewOffset(view), viewLength(view));
  } catch (error) {
    throw detached(what, error);
  }
  return isSharedArrayBuffer(bytes.buffer) ? new Uint8Array(bytes) : bytes;
}

/** All of a buffer, see {@link bytesOf}. */
export function bytesOfBuffer(what: string, buffer: ArrayBuffer): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch (error) {
    throw detached(what, error);
  }
}

/** Such arrays have no length, as empty ones; only their methods tell the two apart. */
function checkAttached(what: string, array: NodeJS.TypedArray): void {
  try {
    Reflect.apply(Uint8Array.prototype.at, array, [0]);
  } catch (error) {
    throw detached(what, error);
  }
}

function detached(what: string, cause: unknown): TypeError {
  const error = misuse('ERR_DETACHED', `${what}: the buffer of these bytes was transferred`);
  return Object.assign(error, { cause });
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** From so many bytes on it is worth looking whether they are ASCII. */
const LONG_TEXT = 1024;

/**
 * The text whose UTF-8 `bytes`, an array of our own, are; a byte order mark stays. ASCII is most often what long texts
 * are, and each of its bytes a character of V8's: it is copied two to three times as fast as it is decoded.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length < LONG_TEXT || !isAscii(bytes)) return utf8.decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
