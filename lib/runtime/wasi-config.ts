import type { Writable } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import type { NativeInput, NativeOutput, NativeWasiConfig } from '../generated/native.js';
import { bytesOf } from './bytes.js';
import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkKeys,
  checkObject,
  checkString,
} from './check.js';
import { misuse, wrongType } from './errors.js';
import { guardReceivers, isObject } from './internal.js';
import { WasiInputFeed } from './wasi-input.js';
import { networkOf, type WasiNetwork } from './wasi-network.js';
import { clocksOf, randomOf, type WasiClocks, type WasiRandom } from './wasi-sources.js';

/**
 * A guest's stdin: the process's own, these bytes, a file, a stream, or empty. A `Readable` or any other stream of bytes
 * or text is for asynchronous calls with {@link Linker.addWasiAsync} or {@link ComponentLinker.addWasiAsync}, in one
 * store: it is read when the guest waits for more, and left open. What it rejects with unwinds the guest.
 */
export type WasiInput =
  | 'inherit'
  | Uint8Array
  | { readonly file: string }
  | AsyncIterable<Uint8Array | string>
  | 'null';

/**
 * A guest's stdout or stderr: the process's own, kept for {@link Store.wasiOutput}, a file (made or
 * emptied), nowhere, a function that is given each piece as the guest writes it, or a stream, which is left
 * open. The guest doesn't wait for a stream, which buffers what it can't write at once. What a function
 * throws unwinds the guest. A capture keeps the first `limit` bytes; what the guest writes beyond fails as on
 * a full disk, which many a program doesn't look at.
 */
export type WasiOutput =
  | 'inherit'
  | 'capture'
  | { readonly capture: { readonly limit: number } }
  | { readonly file: string }
  | 'null'
  | ((bytes: Uint8Array) => void)
  | Writable;

/** @internal What takes the guest's output, by its descriptor. */
export type OutputCallback = (store: object, descriptor: number, bytes: Uint8Array) => void;

/** A host directory that a guest may open. */
export interface WasiPreopen {
  /** Path on the host. */
  readonly host: string;
  /** The guest's name for it. */
  readonly guest: string;
  /** False by default. */
  readonly readOnly?: boolean;
}

/** What a {@link WasiConfig} is made of; nothing is inherited unless it says so. */
export interface WasiOptions {
  /** The program's arguments, its own name first. */
  readonly args?: readonly string[];
  /** Environment variables; none by default. Those that are undefined are left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Empty by default. */
  readonly stdin?: WasiInput;
  /** Nowhere by default. */
  readonly stdout?: WasiOutput;
  /** Nowhere by default. */
  readonly stderr?: WasiOutput;
  /** Directories that the guest may open; none by default. */
  readonly preopens?: readonly WasiPreopen[];
  /** None by default; sockets are preview 2's. */
  readonly network?: WasiNetwork;
  /** Random numbers that are the same in each run; the system's by default. */
  readonly random?: WasiRandom;
  /** Clocks that tell the same times in each run; the system's by default. */
  readonly clocks?: WasiClocks;
}

const STREAMS = ['stdin', 'stdout', 'stderr'];
const KEYS = ['args', 'env', ...STREAMS, 'preopens', 'network', 'random', 'clocks'];

/**
 * A WASI program's arguments, environment, streams and directories. Mirrors `WasiCtxBuilder`.
 *
 * @example
 * ```js
 * import { Engine, Store, WasiConfig } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine());
 * store.setWasi(
 *   new WasiConfig({ args: ['app', '--verbose'], env: { LANG: 'C' }, stdout: 'inherit', preopens: [{ host: '.', guest: '/' }] }),
 * );
 * ```
 */
export class WasiConfig {
  readonly #native: NativeWasiConfig;
  readonly #onOutput: OutputCallback | null;
  readonly #stdin: AsyncIterable<unknown> | undefined;

  /**
   * @throws TypeError for an unknown option, one of the wrong type, or a string with a NUL character,
   * which WASI can't carry.
   */
  constructor(options: WasiOptions = {}) {
    checkObject('options', options);
    checkKeys('options', options, KEYS);
    const { stdout = 'null', stderr = 'null' } = options;
    const takers = [undefined, taker(stdout), taker(stderr)];
    const hasTaker = takers.some((take) => take !== undefined);
    this.#onOutput = hasTaker ? (_store, descriptor, bytes) => takers[descriptor]?.(bytes) : null;
    const { stdin = 'null' } = options;
    this.#stdin = isStream(stdin) ? stdin : undefined;
    this.#native = {
      args: checkArray('options.args', options.args ?? []).map((arg, i) =>
        checkText(`options.args[${i}]`, arg),
      ),
      env: Object.entries(checkObject('options.env', options.env ?? {}))
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [
          checkText('options.env', name),
          checkText(`options.env.${name}`, value),
        ]),
      stdin: input(stdin),
      stdout: output('options.stdout', stdout),
      stderr: output('options.stderr', stderr),
      preopens: checkArray('options.preopens', options.preopens ?? []).map(preopen),
      ...(options.network !== undefined && { network: networkOf(options.network) }),
      ...(options.random !== undefined && { random: randomOf(options.random) }),
      ...(options.clocks !== undefined && { clocks: clocksOf(options.clocks) }),
    };
  }

  /** @internal */
  static native(what: string, config: WasiConfig): NativeWasiConfig {
    if (!WasiConfig.is(config)) throw wrongType(what, 'a WasiConfig', config);
    // The buffer may have been transferred since.
    const { bytes } = config.#native.stdin;
    if (bytes !== undefined) bytesOf('options.stdin', bytes);
    return config.#native;
  }

  /** @internal What feeds a store's guest, if a stream does. */
  static inputFeed(config: WasiConfig): WasiInputFeed | undefined {
    return config.#stdin === undefined ? undefined : new WasiInputFeed(config.#stdin);
  }

  /** @internal */
  static onOutput(config: WasiConfig): OutputCallback | null {
    return config.#onOutput;
  }

  /** @internal */
  static is(value: unknown): value is WasiConfig {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(WasiConfig, (value) => #native in value);
  }
}

function checkText(what: string, value: unknown): string {
  const text = checkString(what, value);
  if (text.includes('\0')) {
    throw misuse('ERR_INVALID_ARG_VALUE', `${what}: expected a string without NUL characters`);
  }
  return text;
}

function input(stdin: WasiInput): NativeInput {
  if (stdin === 'inherit' || stdin === 'null') return { kind: stdin };
  if (isUint8Array(stdin)) return { kind: 'bytes', bytes: bytesOf('options.stdin', stdin) };
  if (isStream(stdin)) return { kind: 'stream' };
  const file = fileOf(stdin);
  if (file !== undefined) return { kind: 'file', path: checkText('options.stdin.file', file) };
  throw wrongType(
    'options.stdin',
    "'inherit', 'null', a Uint8Array, { file } or a Readable",
    stdin,
  );
}

function isStream(stdin: WasiInput): stdin is AsyncIterable<Uint8Array | string> {
  return typeof stdin === 'object' && stdin !== null && Symbol.asyncIterator in stdin;
}

function output(what: string, stream: WasiOutput): NativeOutput {
  if (stream === 'inherit' || stream === 'null' || stream === 'capture') return { kind: stream };
  const file = fileOf(stream);
  if (file !== undefined) return { kind: 'file', path: checkText(`${what}.file`, file) };
  if (taker(stream) !== undefined) return { kind: 'stream' };
  if (typeof stream === 'object' && stream !== null && 'capture' in stream) {
    const { limit } = checkObject(`${what}.capture`, stream.capture);
    return { kind: 'capture', limit: checkInteger(`${what}.capture.limit`, limit) };
  }
  throw wrongType(
    what,
    "'inherit', 'null', 'capture', { capture }, { file }, a function or a Writable",
    stream,
  );
}

/** What takes the output of `stream`, if JavaScript does. */
function taker(stream: WasiOutput): ((bytes: Uint8Array) => void) | undefined {
  if (typeof stream === 'function') return (bytes) => stream(bytes);
  if (typeof stream === 'object' && stream !== null && 'write' in stream) {
    if (typeof stream.write === 'function') return (bytes) => void stream.write(bytes);
  }
  return undefined;
}

function fileOf(stream: unknown): unknown {
  return typeof stream === 'object' && stream !== null && 'file' in stream
    ? stream.file
    : undefined;
}

function preopen(value: unknown, i: number): NativeWasiConfig['preopens'][number] {
  const what = `options.preopens[${i}]`;
  const directory = checkObject(what, value);
  checkKeys(what, directory, ['host', 'guest', 'readOnly']);
  return {
    host: checkText(`${what}.host`, directory['host']),
    guest: checkText(`${what}.guest`, directory['guest']),
    readOnly: checkBoolean(`${what}.readOnly`, directory['readOnly'] ?? false),
  };
}
