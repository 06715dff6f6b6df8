/**
 * The Firefox Profiler's format in a JSON Slabs container, version 1: columns of numbers lie in it as
 * typed arrays, which a reader takes as they are. Where JSON needs parsing, this needs none.
 *
 * ```
 * magic · version · slab count · root slab     20 bytes
 * type, offset, bytes                          12 for each slab
 * slabs, each aligned for its type             the columns, and last the JSON, with {"$s": slab} in it
 * ```
 *
 * Facts: `FORMAT.md` in `mstange/json-slabs`. No package of it is to be had from npm.
 */

import type { ColumnArray } from '../profile/column.js';
import type { Profile } from '../profile/profile.js';
import { firefoxJson } from './firefox.js';
import { type Slab, Slabs } from './slabs.js';

export const JSLB_MAGIC = Uint8Array.of(0xdc, 0xdf, 0x4a, 0x53, 0x4c, 0x42, 0x01, 0x00);
export const JSLB_VERSION = 1;
export const JSLB_HEADER_BYTES = 20;
export const JSLB_ENTRY_BYTES = 12;
/** The type of a slab of JSON. */
export const JSLB_JSON = 0x0a;
/** The types of columns that this project has; the format knows more. */
export const JSLB_ARRAYS: ReadonlyMap<number, ColumnArrayConstructor> = new Map<
  number,
  ColumnArrayConstructor
>([
  [0x01, Uint8Array],
  [0x04, Int32Array],
  [0x05, Uint32Array],
  [0x07, Float64Array],
]);

type ColumnArrayConstructor =
  | Uint8ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Float64ArrayConstructor;

/** Offsets and sizes are 32 bits wide. */
const MAXIMUM_BYTES = 2 ** 32 - 1;

interface Entry {
  readonly type: number;
  readonly start: number;
  readonly bytes: number;
}

/**
 * The profile as a JSON Slabs container. Everything is gone through twice, since sizes stand before data:
 * so memory stays bounded.
 *
 * @throws RangeError `ERR_PROFILE_TOO_LARGE` for more than 4 GiB.
 */
export function* jslb(profile: Profile): Generator<Uint8Array> {
  const slabs = new Slabs();
  let jsonBytes = 0;
  for (const chunk of firefoxJson(profile, slabs)) jsonBytes += chunk.length;

  const columns = [...slabs];
  let at = JSLB_HEADER_BYTES + JSLB_ENTRY_BYTES * (columns.length + 1);
  const entries = columns.map((slab): Entry => {
    const { type, alignment, bytes } = measure(slab);
    const start = Math.ceil(at / alignment) * alignment;
    at = start + bytes;
    return { type, start, bytes };
  });
  entries.push({ type: JSLB_JSON, start: at, bytes: jsonBytes });
  at += jsonBytes;
  if (at > MAXIMUM_BYTES) {
    const message = `a profile of ${at} bytes: this format ends at 4 GiB, JSON does not`;
    throw Object.assign(new RangeError(message), { code: 'ERR_PROFILE_TOO_LARGE' });
  }

  const header = headerOf(entries);
  yield header;
  let written = header.length;
  for (const [i, slab] of columns.entries()) {
    const { start, bytes } = entries[i] as Entry;
    yield new Uint8Array(start - written);
    for (const segment of slab.segments()) yield littleEndian(segment);
    written = start + bytes;
  }
  yield* firefoxJson(profile, new Slabs());
}

function headerOf(entries: readonly Entry[]): Uint8Array {
  const header = new Uint8Array(JSLB_HEADER_BYTES + JSLB_ENTRY_BYTES * entries.length);
  header.set(JSLB_MAGIC);
  const view = new DataView(header.buffer);
  const root = entries.length - 1;
  const words = [JSLB_VERSION, entries.length, root];
  for (const { type, start, bytes } of entries) words.push(type, start, bytes);
  for (const [i, word] of words.entries()) view.setUint32(JSLB_MAGIC.length + 4 * i, word, true);
  return header;
}

function measure(slab: Slab): { type: number; alignment: number; bytes: number } {
  let bytes = 0;
  let first: ColumnArray | undefined;
  for (const segment of slab.segments()) {
    first ??= segment;
    bytes += segment.byteLength;
  }
  for (const [type, Kind] of JSLB_ARRAYS) {
    if (first instanceof Kind) return { type, alignment: Kind.BYTES_PER_ELEMENT, bytes };
  }
  throw new TypeError('expected a column with rows, got an empty one');
}

/** The bytes of the numbers: the platforms of this package have them in the format's order. */
function littleEndian(segment: ColumnArray): Uint8Array {
  return new Uint8Array(segment.buffer, segment.byteOffset, segment.byteLength);
}
