import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parseChunked } from '@discoveryjs/json-ext';
import type { Profile } from '../profile/profile.js';
import { profileOfFirefox } from './firefox-read.js';
import { invalidProfile } from './invalid-profile.js';
import { isJslb, readJslb } from './jslb-read.js';

const GZIP = [0x1f, 0x8b];

/**
 * Reads a profile in the Firefox Profiler's processed format, version 70: JSON or JSON Slabs, compressed or
 * not, told apart by content. JSON is parsed in pieces, since V8 has no string for a file of half a gigabyte.
 *
 * @throws TypeError `ERR_INVALID_PROFILE` for anything else, or what `node:fs` throws.
 */
export async function readProfile(path: string | URL): Promise<Profile> {
  const gzip = await startsWith(path, GZIP);
  try {
    return profileOfFirefox(await parse(chunksOf(path, gzip)));
  } catch (error) {
    throw explained(error);
  }
}

/** {@link readProfile} of bytes. */
export async function readProfileBytes(bytes: Uint8Array): Promise<Profile> {
  const gzip = GZIP.every((byte, i) => bytes[i] === byte);
  try {
    return profileOfFirefox(await parse(gzip ? gunzip(Readable.from([bytes])) : [bytes]));
  } catch (error) {
    throw explained(error);
  }
}

async function startsWith(path: string | URL, magic: readonly number[]): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(new Uint8Array(magic.length));
    return magic.every((byte, i) => buffer[i] === byte);
  } finally {
    await file.close();
  }
}

function chunksOf(path: string | URL, gzip: boolean): AsyncIterable<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  return gzip ? gunzip(file) : file;
}

function gunzip(stream: Readable): AsyncIterable<Uint8Array> {
  const plain = createGunzip({ chunkSize: 1024 * 1024 });
  // What goes wrong comes out of the loop over the chunks.
  pipeline(stream, plain, () => {});
  return plain;
}

async function parse(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<unknown> {
  const iterator = (async function* () {
    for await (const chunk of chunks) if (chunk.length > 0) yield chunk;
  })();
  const first = await iterator.next();
  if (first.done) throw invalidProfile('an empty file is no profile');
  if (isJslb(first.value)) {
    const parts = [first.value];
    for await (const chunk of iterator) parts.push(chunk);
    return readJslb(Buffer.concat(parts));
  }
  return parseChunked(async function* () {
    yield first.value;
    yield* iterator;
  });
}

function explained(error: unknown): unknown {
  const { code, name } = error as { code?: string; name?: string };
  if (name === 'SyntaxError' || code?.startsWith('Z_')) {
    const reason = code === undefined ? 'it is no JSON' : 'its compressed data is damaged';
    return invalidProfile(`no profile in the Firefox Profiler's format: ${reason}`, error);
  }
  return error;
}
