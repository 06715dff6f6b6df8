import { isDataView } from 'node:util/types';
import { bytesOf, bytesOfDataView, isTypedArray } from '../bytes.js';
import { outOfRange } from '../errors.js';
import type { Encoder, Write } from './encoder.js';
import { NUMBER_ARRAYS } from './number-arrays.js';
import type { WitType } from './wit-type.js';

/** Longer lists of numbers, in bytes, are copied into the guest from where they are. */
const LONG_LIST = 1024;

/** Writes lists, of `length` elements if that is part of the type. */
export function writeList(type: WitType, element: WitType, write: Write, length?: number): Write {
  const Numbers = NUMBER_ARRAYS.get(element.kind);
  const size = Numbers?.BYTES_PER_ELEMENT ?? 0;
  const numbers = Numbers && numberBytes(Numbers.name, size);
  return (to, value) => {
    const bytes = numbers?.(to, value);
    if (bytes === undefined && !Array.isArray(value)) {
      const expected = Numbers === undefined ? 'an array' : `a ${Numbers.name} or an array`;
      throw to.wrong(expected, type, value);
    }
    const count = bytes === undefined ? (value as unknown[]).length : bytes.length / size;
    // A proxy's length may be anything.
    if (!(Number.isInteger(count) && count >= 0 && count <= 0xffff_ffff)) {
      throw outOfRange(to.where(), 'a length of 32 bits', count);
    }
    if (length === undefined) to.u32(count);
    else if (count !== length) throw outOfRange(to.where(), `${length} elements`, count);
    const hasPlace = size > 0 && length === undefined;
    if (bytes !== undefined) {
      if (hasPlace && bytes.length > LONG_LIST) {
        to.u32(to.list(bytes));
        return;
      }
      if (hasPlace) to.u32(0);
      to.bytes(bytes);
      return;
    }
    if (hasPlace) to.u32(0);
    // Getters of its elements may change the array.
    const { path } = to;
    const depth = path.push(0);
    for (let i = 0; i < count; i++) {
      path[depth - 1] = i;
      write(to, (value as unknown[])[i]);
    }
    path.pop();
  };
}

/** The bytes of the array that a list crosses as, or of a view of as many numbers. */
function numberBytes(
  name: string,
  size: number,
): (to: Encoder, value: unknown) => Uint8Array | undefined {
  const isBytes = name === 'Uint8Array';
  return (to, value) => {
    if (isTypedArray(value, name) || (isBytes && isTypedArray(value, 'Uint8ClampedArray'))) {
      return bytesOf(to.where(), value);
    }
    if (!isDataView(value)) return undefined;
    const bytes = bytesOfDataView(to.where(), value);
    if (bytes.length % size !== 0) {
      throw outOfRange(to.where(), `a multiple of ${size} bytes`, bytes.length);
    }
    return bytes;
  };
}
