import { setImmediate as turn } from 'node:timers/promises';
import type { NativeCompilation, NativeSource } from '../generated/native.js';
import { common, native } from '../native.js';
import { checkBytes, checkBytesOrWat, checkKeys, checkObject, checkSignal } from './check.js';
import { misuse, wrongType } from './errors.js';
import { isObject } from './internal.js';
import { keepAlive } from './keep-alive.js';
import { nextCall } from './wake-ups.js';

/** How long pieces that are there already may keep the event loop, in milliseconds. */
const TURN_MS = 5;

/** How something is compiled on another thread. */
export interface CompileOptions {
  /**
   * Rejects with its reason when it is aborted. What waits for a thread is then never compiled; what is being compiled
   * is thrown away when it is done, since Wasmtime can't stop before.
   */
  readonly signal?: AbortSignal;
}

/** Bytes that come in pieces, of a module or a component. */
export type BytesStream = Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** @internal What is compiled, in bytes or text: a copy. */
export function sourceOf(bytesOrWat: unknown): NativeSource {
  const source = new native.NativeSource();
  source.push(checkBytesOrWat(bytesOrWat));
  return source;
}

/** @internal Compiles on another thread what `start` has begun under a number; native code gives what it came to. */
export function compileAsync<T>(
  options: unknown,
  start: (id: number) => NativeCompilation,
): Promise<T> {
  const signal = signalOf(options);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw signal.reason;
    const id = nextCall();
    const compilation = start(id);
    const alive = keepAlive();
    const end = () => {
      signal?.removeEventListener('abort', abort);
      common.calls.delete(id);
      alive.release();
    };
    const abort = () => {
      end();
      compilation.cancel();
      reject(signal?.reason);
    };
    const schedule = () => {
      end();
      try {
        resolve(compilation.take() as T);
      } catch (error) {
        reject(error);
      }
    };
    common.calls.set(id, { schedule });
    signal?.addEventListener('abort', abort);
  });
}

/**
 * @internal All that comes of a stream.
 *
 * @throws TypeError for what is no stream, or has pieces that aren't bytes; `ERR_HTTP_STATUS` for a response that isn't ok.
 */
export async function readStream(
  what: string,
  stream: BytesStream | PromiseLike<BytesStream>,
  options: unknown,
): Promise<NativeSource> {
  const signal = signalOf(options);
  signal?.throwIfAborted();
  const pieces = iterableOf(what, await orAborted(stream, signal))[Symbol.asyncIterator]();
  const source = new native.NativeSource();
  try {
    for (let turnEnd = performance.now() + TURN_MS; ; ) {
      const { done, value } = await orAborted(pieces.next(), signal);
      if (done) return source;
      source.push(checkBytes(`a piece of ${what}`, value));
      if (performance.now() < turnEnd) continue;
      await orAborted(turn(), signal);
      turnEnd = performance.now() + TURN_MS;
    }
  } catch (error) {
    // Not waited for: it may hang as what came before.
    pieces.return?.()?.catch?.(() => {});
    throw error;
  }
}

function signalOf(options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined;
  const { signal } = checkObject('options', options);
  checkKeys('options', options as object, ['signal']);
  return signal === undefined ? undefined : checkSignal('options.signal', signal);
}

/** A response or a stream may be of another implementation than Node's. */
function iterableOf(what: string, stream: unknown): AsyncIterable<unknown> {
  if (isAsyncIterable(stream)) return stream;
  if (isObject(stream)) {
    const { ok, status, body } = stream as Partial<Response>;
    if (ok === false)
      throw misuse('ERR_HTTP_STATUS', `${what}: the response's status is ${status}`);
    if (isAsyncIterable(body)) return body;
  }
  throw wrongType(what, 'a Response, a ReadableStream or an AsyncIterable', stream);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    isObject(value) &&
    typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function'
  );
}

/** What comes of it, unless `signal` is aborted before. */
async function orAborted<T>(
  value: T | PromiseLike<T>,
  signal: AbortSignal | undefined,
): Promise<Awaited<T>> {
  if (signal === undefined) return await value;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
