/** Reads a JSON Slabs container; see `jslb.ts`. */

import { invalidProfile } from './invalid-profile.js';
import {
  JSLB_ARRAYS,
  JSLB_ENTRY_BYTES,
  JSLB_HEADER_BYTES,
  JSLB_JSON,
  JSLB_MAGIC,
  JSLB_VERSION,
} from './jslb.js';
import { JsonBudget } from './json-budget.js';
import type { ReadOptions } from './row-limit.js';

/**
 * How often as many bytes as the file has its columns may be referred to. Writers refer to each column once; tables that
 * share a few would be read into any number of rows.
 */
const MOST_REFERENCES = 4;

/** Whether bytes begin as such a container does. */
export function isJslb(bytes: Uint8Array): boolean {
  return JSLB_MAGIC.every((byte, i) => bytes[i] === byte);
}

/**
 * The root value of a container, with typed arrays for columns.
 *
 * @throws TypeError `ERR_INVALID_PROFILE`.
 */
export function readJslb(file: Uint8Array, options: ReadOptions = {}): unknown {
  // Typed arrays must begin at a multiple of their numbers' size.
  const bytes = file.byteOffset % 8 === 0 ? file : new Uint8Array(file);
  if (bytes.length < JSLB_HEADER_BYTES) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== JSLB_VERSION) throw invalidProfile(`JSON Slabs of version ${version}, not 1`);
  const count = view.getUint32(12, true);
  if (JSLB_HEADER_BYTES + count * JSLB_ENTRY_BYTES > bytes.length) throw damaged();
  const slabs = Array.from({ length: count }, (_, i) => {
    const at = JSLB_HEADER_BYTES + i * JSLB_ENTRY_BYTES;
    const [type, start, length] = [0, 4, 8].map((word) => view.getUint32(at + word, true));
    return slabOf(bytes, type as number, start as number, length as number);
  });
  return slabs[view.getUint32(16, true)]?.json(slabs, new JsonBudget(options)) ?? fail();
}

type Numbers = ArrayLike<number> & { readonly byteLength: number };

interface Slab {
  readonly numbers?: Numbers;
  json(slabs: readonly Slab[], budget: JsonBudget): unknown;
}

function slabOf(bytes: Uint8Array, type: number, start: number, length: number): Slab {
  if (start + length > bytes.length) throw damaged();
  if (type === JSLB_JSON) {
    const most = MOST_REFERENCES * bytes.length;
    return {
      json(slabs, budget) {
        const json = bytes.subarray(start, start + length);
        budget.take(json);
        return parse(json, slabs, most);
      },
    };
  }
  const Kind = JSLB_ARRAYS.get(type);
  if (Kind === undefined) throw invalidProfile(`a slab of type ${type}, which is unknown here`);
  const size = Kind.BYTES_PER_ELEMENT;
  if (start % size !== 0 || length % size !== 0) throw damaged();
  const buffer = bytes.buffer as ArrayBuffer;
  return { numbers: new Kind(buffer, bytes.byteOffset + start, length / size), json: fail };
}

function parse(json: Uint8Array, slabs: readonly Slab[], most: number): unknown {
  let left = most;
  const column = (slab: Slab | undefined): Numbers => {
    const numbers = slab?.numbers ?? fail();
    left -= numbers.byteLength;
    if (left < 0) throw invalidProfile('columns that are referred to again and again');
    return numbers;
  };
  return JSON.parse(
    Buffer.from(json.buffer, json.byteOffset, json.length).toString(),
    (_, value) => (isReference(value) ? column(slabs[value.$s]) : value),
  );
}

function isReference(value: unknown): value is { $s: number } {
  return typeof value === 'object' && value !== null && '$s' in value;
}

function fail(): never {
  throw damaged();
}

function damaged(): Error {
  return invalidProfile('a damaged JSON Slabs file');
}
