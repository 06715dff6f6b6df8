import {
  closeSync,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline, type Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createGzip, gzipSync } from 'node:zlib';

/** Each write to a file is a round trip to another thread, so chunks are gathered for it. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Where a profile goes: a file (by path or `file:` URL), a stream of the caller's, or, when
 * absent, memory.
 */
export type ProfileOutput = string | URL | Writable;

/**
 * Writes the chunks of a profile to `output`.
 *
 * - **File**: compressed when its name ends in `.gz`; written beside its final name and renamed at the end, so
 *   that name never holds half a profile; after a failure the partial file is gone and an older one under that
 *   name untouched.
 * - **Stream**: written with respect for its backpressure and *not* ended, since it is the caller's, who may
 *   have more to write (and may have passed `process.stdout`). Resolves once every chunk is flushed.
 * - **Absent**: resolves to the bytes. Node caps one array's size, so a huge profile belongs in a file.
 *
 * Rejects with the original error (`ENOSPC`, `EPIPE`, …).
 *
 * @param compressed The chunks are gzip already, whatever the name.
 */
export function writeProfile(chunks: Iterable<Uint8Array>): Promise<Uint8Array>;
export function writeProfile(
  chunks: Iterable<Uint8Array>,
  output: ProfileOutput,
  compressed?: boolean,
): Promise<undefined>;
export function writeProfile(
  chunks: Iterable<Uint8Array>,
  output?: ProfileOutput,
  compressed?: boolean,
): Promise<Uint8Array | undefined>;
export async function writeProfile(
  chunks: Iterable<Uint8Array>,
  output?: ProfileOutput,
  compressed = false,
): Promise<Uint8Array | undefined> {
  if (output === undefined) return joinChunks(chunks);
  if (typeof output === 'string' || output instanceof URL) {
    const path = pathOf(output);
    await writeFile(isGzip(path) && !compressed ? gzip(chunks) : chunks, path);
  } else if (typeof output?.write === 'function') {
    await writeStream(chunks, output);
  } else {
    const message = `output: expected a path, a file: URL or a Writable, got ${typeof output}`;
    throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  return undefined;
}

/**
 * `writeProfile` to a file, for a process that is about to end and can't wait for anything. A `.gz` is
 * compressed in one piece, in memory.
 */
export function writeProfileSync(
  profile: Iterable<Uint8Array>,
  output: string | URL,
  compressed = false,
): void {
  const path = pathOf(output);
  const chunks = isGzip(path) && !compressed ? [gzipSync(joinChunks(profile))] : profile;
  const plan = planFile(path);
  const { opened, flags, mode, final } = plan;
  const file = openSync(opened, flags, mode);
  try {
    try {
      // What the process masks is left out of it otherwise.
      if (mode !== undefined) fchmodSync(file, mode);
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) at += progress(writeSync(file, chunk, at));
      }
      // Its name must not be on the disk before its bytes are.
      if (final !== undefined) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    finish(plan);
  } catch (error) {
    if (final !== undefined) rmSync(opened, { force: true });
    throw error;
  }
}

async function writeFile(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  path: string,
): Promise<void> {
  const plan = planFile(path);
  const { opened, flags, mode, final } = plan;
  const file = await open(opened, flags, mode);
  try {
    try {
      if (mode !== undefined) await file.chmod(mode);
      let waiting: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of chunks) {
        waiting.push(chunk);
        bytes += chunk.length;
        if (bytes < WRITE_BYTES) continue;
        await writeWhole(file, waiting);
        waiting = [];
        bytes = 0;
      }
      await writeWhole(file, waiting);
      // Its name must not be on the disk before its bytes are.
      if (final !== undefined) await file.sync();
    } finally {
      await file.close();
    }
    finish(plan);
  } catch (error) {
    if (final !== undefined) await rm(opened, { force: true });
    throw error;
  }
}

function finish({ opened, final, isKept }: Plan): void {
  if (final === undefined) return;
  if (isKept) {
    copyFileSync(opened, final);
    rmSync(opened);
  } else {
    renameSync(opened, final);
  }
}

function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}

async function* gzip(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const compressed = createGzip();
  // What goes wrong destroys the stream, and so comes out of the loop below.
  pipeline(chunks, compressed, () => {});
  for await (const chunk of compressed) yield chunk as Uint8Array;
}

/** Where bytes go before they are a profile, and how they become one. */
interface Plan {
  readonly opened: string;
  readonly flags: 'wx' | 'w';
  /** Permissions of a file that is made. */
  readonly mode?: number;
  /** The name that it gets at the end. */
  readonly final?: string;
  /** Whether what has that name must stay, and gets the bytes: it has other names too, or is another user's. */
  readonly isKept?: boolean;
}

/**
 * A link is followed, not replaced, wherever it leads; and what is there but no regular file (a pipe, `/dev/stdout`,
 * `/dev/null`) is opened itself: a rename would put a file in its place. A file that is replaced has the permissions
 * of the one before it from the start on.
 */
function planFile(path: string): Plan {
  const final = targetOf(path);
  const stats = statSync(final, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) return { opened: path, flags: 'w' };
  // In the same directory, since a rename works only within one file system.
  const name = `${basename(final).slice(0, 60)}.${unusedSuffix()}.partial`;
  const plan = { opened: join(dirname(final), name), flags: 'wx', final } as const;
  if (stats === undefined) return plan;
  const isOthers = process.getuid !== undefined && stats.uid !== process.getuid();
  return { ...plan, mode: stats.mode & 0o777, isKept: stats.nlink > 1 || isOthers };
}

/** For a file that is made with the flag `wx`: unlike that of any other process or thread. */
export function unusedSuffix(): string {
  // Those of `node:crypto` would take 4 ms to load.
  return `${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
}

/** Links that lead to each other are followed so often. */
const MOST_LINKS = 40;

/** The file that a path names, or would, behind links that may lead to none yet. */
export function targetOf(path: string): string {
  let target = path;
  for (let i = 0; i < MOST_LINKS; i++) {
    if (!lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
    target = resolve(realpathSync(dirname(target)), readlinkSync(target));
  }
  // The system's own words for that.
  return realpathSync(path);
}

async function writeWhole(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten } = await file.writev(chunks);
  // What one call didn't take.
  for (const chunk of chunks) {
    const done = Math.min(bytesWritten, chunk.length);
    bytesWritten -= done;
    for (let at = done; at < chunk.length; ) {
      at += progress((await file.write(chunk, at)).bytesWritten);
    }
  }
}

/** Bytes that a write took; one that takes none without an error never will. */
function progress(written: number): number {
  if (written > 0) return written;
  throw Object.assign(new Error('the file takes no more bytes'), { code: 'EIO' });
}

/**
 * One chunk at a time, each waited for: at most one is under way, whatever the stream's own buffer
 * allows, and an error is known before the next is made.
 */
async function writeStream(chunks: Iterable<Uint8Array>, stream: Writable): Promise<void> {
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Listened to through `Promise.race` only: a rejection between two races must not count as unhandled.
  failed.catch(() => {});
  // A stream destroyed without an error never calls back, hence 'close' too.
  const onClose = (): void => fail(stream.errored ?? closedEarly());
  stream.on('error', fail);
  stream.on('close', onClose);
  try {
    if (stream.destroyed) throw stream.errored ?? closedEarly();
    for (const chunk of chunks) {
      const written = new Promise<void>((resolve, reject) => {
        stream.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
      await Promise.race([written, failed]);
    }
    // Only after success: a failed stream calls back first and emits the same error some ticks later, which
    // would end the process if no one listened.
    stream.off('error', fail);
  } finally {
    stream.off('close', onClose);
  }
}

function closedEarly(): Error {
  const error = new Error('expected a stream that stays open, got one that closed');
  return Object.assign(error, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}

function joinChunks(chunks: Iterable<Uint8Array>): Uint8Array {
  const parts = [...chunks];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function pathOf(output: string | URL): string {
  return typeof output === 'string' ? output : fileURLToPath(output);
}
