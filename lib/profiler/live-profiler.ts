import { mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { claimFile } from '../formats/claim-file.js';
import {
  checkDuration,
  checkFunction,
  checkInteger,
  checkKeys,
  checkObject,
  checkSignal,
  checkString,
  DAY_MS,
} from '../runtime/check.js';
import { misuse } from '../runtime/errors.js';
import { guardReceivers, isObject } from '../runtime/internal.js';
import { Store, type Storelike } from '../runtime/store.js';
import type { FinishedProfile } from './finished-profile.js';
import { checkExtension } from './format-options.js';
import { GuestProfiler } from './guest-profiler.js';
import type { NamedModule } from './named-module.js';
import { handlePprof } from './pprof-handler.js';
import { type RecorderOptions, samplerOptions } from './recorder.js';
import type { SampleClock, Sampler } from './sampler.js';

/** What a {@link LiveProfiler} profiles. */
export interface LiveProfilerOptions {
  /** Modules that may appear in stacks, with their names. */
  readonly modules: readonly NamedModule[];
  /** The profiles' name; by default the first module's. */
  readonly name?: string;
  /** Milliseconds between two samples, 10 by default. */
  readonly intervalMs?: number;
  /** As in {@link RecorderOptions}. */
  readonly sampler?: Sampler;
  /** As in {@link RecorderOptions}. */
  readonly clock?: SampleClock;
}

/** Where {@link LiveProfiler.rotate} writes. */
export interface RotateOptions {
  /** It is made when there is none. */
  readonly directory: string;
  /** Milliseconds that a file spans, 60,000 by default. */
  readonly everyMs?: number;
  /** The ends of the files' names, and so their format; `.json.gz` by default. */
  readonly extension?: string;
  /** Files that stay; older ones of this kind in the directory go. 60 by default. */
  readonly keep?: number;
  /** Told what went wrong with a file; the next one is tried all the same. `process.emitWarning` by default. */
  readonly onError?: (error: unknown) => void;
}

const KEYS = ['modules', 'name', 'intervalMs', 'sampler', 'clock'];
const PREFIX = 'guest-';
/** Of a file of ours, without its extension: no other is ever removed. */
const NAME = /^guest-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;

/**
 * Profiles the stores of a program that goes on running: for some seconds when asked, or always, a file
 * after the other.
 *
 * ```ts
 * const live = new LiveProfiler({ modules: [['app', module]] });
 * live.watch(store);                       // each store that may be profiled
 * createServer(live.handler).listen(6060); // go tool pprof http://localhost:6060/debug/pprof/profile?seconds=5
 * ```
 *
 * Guests hold the JavaScript thread while they run: recordings begin and end between their calls.
 *
 * @example
 * ```js
 * import { Engine, LiveProfiler, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const module = Module.compile(engine, '(module)');
 * const live = new LiveProfiler({ modules: [['app', module]] });
 * live.watch(new Store(engine));
 * const profile = await live.record(10);
 * console.log(profile.hotFunctions().length); // 0
 * ```
 */
export class LiveProfiler {
  readonly #options: Required<Omit<LiveProfilerOptions, 'sampler' | 'clock'>>;
  readonly #how: RecorderOptions;
  readonly #stores = new WatchedStores();
  #recording: GuestProfiler | undefined;

  /** @throws TypeError for wrong types and unknown options; RangeError for an interval out of range. */
  constructor(options: LiveProfilerOptions) {
    checkKeys('options', checkObject('options', options), KEYS);
    const { modules, intervalMs = 10 } = options;
    const name = options.name ?? modules?.[0]?.[0] ?? 'guest';
    this.#options = { modules, name, intervalMs };
    this.#how = samplerOptions(options);
    // Tells what is wrong now, not at the first request.
    this.#begin().finishProfile();
  }

  /** Whether a recording is under way: there is one at a time. */
  get recording(): boolean {
    return this.#recording !== undefined;
  }

  /** Profiles this store too, from now on, as long as it lives. */
  watch(store: Storelike): void {
    const owner = Store.of('store', store);
    if (this.#stores.has(owner)) return;
    this.#recording?.attach(owner, this.#how);
    this.#stores.add(owner);
  }

  /**
   * Profiles for that long, or until the signal is aborted.
   *
   * @throws TypeError `ERR_PROFILER_BUSY` when a recording is under way.
   */
  async record(durationMs: number, signal?: AbortSignal): Promise<FinishedProfile> {
    checkDuration('durationMs', durationMs, 1, DAY_MS);
    if (signal !== undefined) checkSignal('signal', signal);
    this.#start();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, durationMs);
      signal?.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      if (signal?.aborted) done();
    });
    return this.#stop();
  }

  /**
   * Profiles all the time, a file after the other, named for the moment at which it began. Resolves after
   * `signal` was aborted and the last file is written.
   *
   * @throws TypeError `ERR_PROFILER_BUSY` when a recording is under way, and for unknown options.
   */
  async rotate(options: RotateOptions, signal: AbortSignal): Promise<void> {
    checkKeys('options', checkObject('options', options), [
      ...['directory', 'everyMs', 'extension', 'keep', 'onError'],
    ]);
    checkSignal('signal', signal);
    const { everyMs = 60_000, extension = '.json.gz', keep = 60 } = options;
    const { onError = (error) => process.emitWarning(error as Error) } = options;
    const directory = checkString('options.directory', options.directory);
    checkDuration('options.everyMs', everyMs, 1, DAY_MS);
    checkInteger('options.keep', keep, 1);
    checkFunction('options.onError', onError);
    checkExtension('options.extension', extension);
    mkdirSync(directory, { recursive: true });
    let written: Promise<void> = Promise.resolve();
    while (!signal.aborted) {
      const startMs = Date.now();
      const profile = await this.record(everyMs, signal);
      // While the next one is recorded; but only one is written at a time.
      await written;
      written = (async () => profile.write(claimName(directory, startMs, extension)))()
        .then(() => removeOld(directory, extension, keep))
        .catch(onError);
    }
    await written;
  }

  /**
   * A request handler for `node:http`, or a middleware: `GET /debug/pprof/profile?seconds=N` records for N
   * seconds (30 by default) and answers in pprof's format, or in that of `format=`. While another recording
   * is under way it answers 409. Who can ask for it learns the names of the guest's functions and slows it
   * down: mount it where only you get to. Rejects with a TypeError for a request or response that is none.
   */
  readonly handler = (
    request: IncomingMessage,
    response: ServerResponse,
    next?: () => void,
  ): Promise<void> => handlePprof(this, request, response, next);

  #start(): void {
    if (this.#recording !== undefined) {
      throw misuse('ERR_PROFILER_BUSY', 'a recording is under way');
    }
    const profiler = this.#begin();
    for (const store of this.#stores) {
      try {
        profiler.attach(store, this.#how);
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_DISPOSED') {
          profiler.finishProfile();
          throw error;
        }
      }
    }
    this.#recording = profiler;
  }

  #stop(): FinishedProfile {
    const profiler = this.#recording ?? this.#begin();
    this.#recording = undefined;
    return profiler.finishProfile();
  }

  #begin(): GuestProfiler {
    const { name, intervalMs, modules } = this.#options;
    return new GuestProfiler(name, intervalMs, modules);
  }

  /** @internal */
  static is(value: unknown): value is LiveProfiler {
    return isObject(value) && #options in value;
  }

  static {
    guardReceivers(LiveProfiler, (value) => #options in value);
  }
}

/** Stores, as long as they live: a server may have one for each request. */
class WatchedStores {
  readonly #known = new WeakSet<Store>();
  readonly #references = new Set<WeakRef<Store>>();
  readonly #collected = new FinalizationRegistry<WeakRef<Store>>((reference) => {
    this.#references.delete(reference);
  });

  has(store: Store): boolean {
    return this.#known.has(store);
  }

  add(store: Store): void {
    const reference = new WeakRef(store);
    this.#known.add(store);
    this.#references.add(reference);
    this.#collected.register(store, reference);
  }

  *[Symbol.iterator](): Generator<Store> {
    for (const reference of this.#references) {
      const store = reference.deref();
      if (store !== undefined) yield store;
    }
  }
}

/** The path of a profile that began then; later by milliseconds where others rotate in the same directory. */
function claimName(directory: string, startMs: number, extension: string): string {
  for (let ms = startMs; ; ms++) {
    const time = new Date(ms).toISOString().replace(/[:.]/g, '-');
    const claimed = claimFile(join(directory, `${PREFIX}${time}${extension}`));
    if (claimed !== undefined) return claimed;
  }
}

async function removeOld(directory: string, extension: string, keep: number): Promise<void> {
  const files = (await readdir(directory))
    .filter((file) => file.endsWith(extension) && NAME.test(file.slice(0, -extension.length)))
    // Their names are their times.
    .sort();
  for (const file of files.slice(0, Math.max(0, files.length - keep))) {
    await rm(join(directory, file), { force: true });
  }
}
