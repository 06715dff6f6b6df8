import { createReadStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parseChunked } from '@discoveryjs/json-ext';
import type { Profile } from '../profile/profile.js';
import { profileOfFirefox } from './firefox-read.js';
import { invalidProfile } from './invalid-profile.js';
import { isJslb, readJslb } from './jslb-read.js';
import { JsonBudget } from './json-budget.js';
import type { ReadOptions } from './row-limit.js';

const GZIP = [0x1f, 0x8b];
/** Bytes that are parsed at once: they may take a hundred times as much memory. */
const PIECE_BYTES = 1024 * 1024;
/** Bytes that tell JSON Slabs from others. */
const LONGEST_MAGIC = 16;

/**
 * Reads a profile in the Firefox Profiler's processed format, version 70: JSON or JSON Slabs, compressed or
 * not, told apart by content. JSON is parsed in pieces, since V8 has no string for a file of half a gigabyte.
 * The file may be a pipe: it is read once, from its beginning.
 *
 * @throws TypeError `ERR_INVALID_PROFILE` for anything else, or what `node:fs` throws.
 */
export async function readProfile(path: string | URL, options: ReadOptions = {}): Promise<Profile> {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  try {
    return await readProfileStream(file, options);
  } finally {
    file.destroy();
  }
}

/** {@link readProfile} of a file of plain JSON, at once. */
export function readProfileSync(path: string): Profile {
  try {
    const bytes = readFileSync(path);
    new JsonBudget().take(bytes);
    return profileOfFirefox(JSON.parse(bytes.toString()));
  } catch (error) {
    throw explained(error);
  }
}

/** {@link readProfile} of bytes. */
export async function readProfileBytes(
  bytes: Uint8Array,
  options: ReadOptions = {},
): Promise<Profile> {
  return readProfileStream([bytes], options);
}

/** {@link readProfile} of what comes in pieces, as from standard input. */
export async function readProfileStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadOptions = {},
): Promise<Profile> {
  try {
    const [first, all] = await peek(chunks, GZIP.length);
    const isGzip = GZIP.every((byte, i) => first[i] === byte);
    const plain = isGzip ? gunzip(all) : all;
    return profileOfFirefox(await parse(plain, options), options);
  } catch (error) {
    throw explained(error);
  }
}

/** The first `length` bytes or more, and the whole. */
async function peek(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  length: number,
): Promise<[Uint8Array, AsyncIterable<Uint8Array>]> {
  const iterator = (async function* () {
    yield* chunks;
  })();
  let first: Uint8Array = new Uint8Array();
  while (first.length < length) {
    const next = await iterator.next();
    if (next.done) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    if (first.length > 0) yield first;
    yield* iterator;
  }
  return [first, all()];
}

function gunzip(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const plain = createGunzip({ chunkSize: 1024 * 1024 });
  // What goes wrong comes out of the loop over the chunks.
  pipeline(stream, plain, () => {});
  return plain;
}

async function parse(chunks: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<unknown> {
  const [first, all] = await peek(chunks, LONGEST_MAGIC);
  if (first.length === 0) throw invalidProfile('an empty file is no profile');
  if (!isJslb(first)) return parseChunked(withinBudget(all, options));
  const parts: Uint8Array[] = [];
  for await (const chunk of all) parts.push(chunk);
  return readJslb(Buffer.concat(parts), options);
}

/** The same bytes, in pieces that are looked at before they are parsed. */
async function* withinBudget(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const budget = new JsonBudget(options);
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      budget.take(piece);
      yield piece;
    }
  }
}

function explained(error: unknown): unknown {
  const { code, name } = error as { code?: string; name?: string };
  if (name === 'SyntaxError' || code?.startsWith('Z_')) {
    const reason = code === undefined ? 'it is no JSON' : 'its compressed data is damaged';
    return invalidProfile(`no profile in the Firefox Profiler's format: ${reason}`, error);
  }
  if (name === 'RangeError') {
    return invalidProfile('it has a list or a text that is longer than V8 can hold', error);
  }
  return error;
}
