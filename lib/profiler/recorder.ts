import type { NativeRecorder, NativeStore } from '../generated/native.js';
import { Engine, type RecorderTicks } from '../runtime/engine.js';
import { Store, type Storelike } from '../runtime/store.js';
import { FuelSampler } from './fuel-sampler.js';

/** How {@link GuestProfiler.attach} samples a store. */
export interface RecorderOptions {
  /**
   * Milliseconds between two samples, 0.05 to 1,000; the profiler's own interval by default. Samples
   * fall at the guest's next function entry or loop header.
   */
  readonly intervalMs?: number;
  /**
   * Sample at every tick of the engine's epoch that you make yourself instead, and start no ticker.
   * Then `intervalMs` is of no use.
   */
  readonly everyEpoch?: boolean;
  /**
   * Sample each time that the guest has used so much fuel instead, 1,000 to 10¹²: two runs of the same work give the
   * same samples, whatever the machine does. The engine needs `consumeFuel`, and no epochs; the store its fuel. Times
   * and CPU times of such samples count fuel, a nanosecond for each unit, and each call of a host function counts
   * 100. See docs/fuel.md for what it costs, and how it is biased.
   */
  readonly everyFuel?: number;
  /**
   * What the profile tells of host calls, which take longer then. Off by default.
   *
   * - `'markers'`: a marker for each, named after its import, `wasi_snapshot_preview1.fd_write`, where that
   *   can be told: not from an indirect call, nor of a module that came compiled.
   * - `'frames'`: samples of the time in them too, which would show none: the stack that called, and on top
   *   of it the import's name, in the category 'Host'. Nothing else of the host is shown.
   * - `true`: markers as upstream has them, all named `hostcall`.
   *
   * The first two tell, by a marker `suspended`, when the guest of an asynchronous call was suspended: that is
   * time of neither the guest nor the host.
   */
  readonly hostCalls?: boolean | 'markers' | 'frames';
}

/** A store that is being sampled, from {@link GuestProfiler.attach}. */
export class Recorder {
  readonly #store: Store;
  readonly #native: { detach(store: NativeStore): void };
  readonly #ticks: RecorderTicks | undefined;
  #ended: (() => void) | undefined;

  /** @internal */
  constructor(
    store: Store,
    recorder: { detach(store: NativeStore): void },
    ticks: RecorderTicks | undefined,
    ended: () => void,
  ) {
    this.#store = store;
    this.#native = recorder;
    this.#ticks = ticks;
    this.#ended = ended;
  }

  /** Whether the store is still sampled. */
  get attached(): boolean {
    return this.#ended !== undefined;
  }

  /** Ticks that the operating system let no time for: each of them was one interval without a sample. */
  get missedTicks(): number {
    return this.#ticks?.missed() ?? 0;
  }

  /**
   * Stops sampling the store, also while an asynchronous call of it is under way; the profile keeps what it
   * has. Once more does nothing.
   */
  detach(): void {
    if (this.#ended === undefined) return;
    this.#native.detach(Store.native(this.#store));
    this.end();
  }

  /** @internal The store samples no more. */
  end(): void {
    const ended = this.#ended;
    if (ended === undefined) return;
    this.#ended = undefined;
    Store.releaseRecorder(this.#store);
    this.#ticks?.release();
    ended();
  }

  /** {@link Recorder.detach}, for `using`. */
  [Symbol.dispose](): void {
    this.detach();
  }
}

/** @internal Samples by fuel, each time with `sample`; undefined when a recorder does already. */
export function attachFuelRecorder(
  store: Store,
  everyFuel: number,
  sample: () => void,
  ended: () => void,
): Recorder | undefined {
  if (Store.hasRecorder(store)) return undefined;
  const handle = new Recorder(
    store,
    new FuelSampler(store, BigInt(everyFuel), sample),
    undefined,
    ended,
  );
  Store.retainRecorder(store, handle);
  return handle;
}

/** @internal Starts sampling; undefined when another recorder does already. */
export function attachRecorder(
  storelike: Storelike,
  recorder: NativeRecorder,
  options: {
    intervalMs: number;
    everyEpoch: boolean;
    hostCalls: boolean;
    /** Also what cuts host calls: suspensions, and what they call back in the guest. */
    cuts: boolean;
  },
  ended: () => void,
): Recorder | undefined {
  const store = Store.of('store', storelike);
  const { hostCalls, cuts } = options;
  if (Store.hasRecorder(store)) return undefined;
  const ticks = options.everyEpoch
    ? undefined
    : Engine.recorderTicks(store.engine, options.intervalMs);
  let attached = false;
  try {
    attached = recorder.attach(Store.native(store, storelike), ticks?.native, hostCalls, cuts);
  } finally {
    if (!attached) ticks?.release();
  }
  if (!attached) return undefined;
  const handle = new Recorder(store, recorder, ticks, ended);
  // The store keeps its recorder, and so the profiler, alive, and ends it when it is disposed.
  Store.retainRecorder(store, handle);
  return handle;
}
