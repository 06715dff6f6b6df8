import { checkInternal, guardReceivers, type INTERNAL, isObject } from '../runtime/internal.js';
import type { Store } from '../runtime/store.js';
import type { FinishedProfile } from './finished-profile.js';
import { GuestProfiler } from './guest-profiler.js';
import type { NamedModule } from './named-module.js';
import type { Recorder, RecorderOptions } from './recorder.js';

/** @internal What becomes of a task's profile, and what it was sampled by. */
export type WriteTask = (profile: FinishedProfile, sampler: Recorder['sampler']) => void;

/** One task that is profiled; a harness may run it several times, the last run's profile stays. */
export class BenchTask {
  /** As it was given, and the name of its file. */
  readonly name: string;
  readonly #store: Store;
  readonly #modules: readonly NamedModule[];
  readonly #intervalMs: number;
  readonly #how: RecorderOptions;
  readonly #write: WriteTask;
  #profiler: GuestProfiler | undefined;
  #sampler: Recorder['sampler'] = 'signal';

  /** @internal */
  constructor(
    key: typeof INTERNAL,
    name: string,
    store: Store,
    modules: readonly NamedModule[],
    intervalMs: number,
    how: RecorderOptions,
    write: WriteTask,
  ) {
    checkInternal(key, new.target);
    this.name = name;
    this.#store = store;
    this.#modules = modules;
    this.#intervalMs = intervalMs;
    this.#how = how;
    this.#write = write;
  }

  /** Begins a profile; one that is under way is dropped. */
  start(): void {
    this.#profiler?.finishProfile();
    const profiler = new GuestProfiler(this.name, this.#intervalMs, this.#modules);
    this.#sampler = profiler.attach(this.#store, this.#how).sampler;
    this.#profiler = profiler;
  }

  /** Ends the profile and writes its files. Without a `start` it does nothing. */
  stop(): void {
    const profile = this.#profiler?.finishProfile();
    this.#profiler = undefined;
    if (profile !== undefined) this.#write(profile, this.#sampler);
  }

  /** @internal */
  static is(value: unknown): value is BenchTask {
    return isObject(value) && #store in value;
  }

  static {
    guardReceivers(BenchTask, (value) => #store in value);
  }
}
