import type { NativeRecorder, NativeStore } from '../generated/native.js';
import { checkOneOf } from '../runtime/check.js';
import { Engine } from '../runtime/engine.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../runtime/internal.js';
import { Store, type Storelike } from '../runtime/store.js';
import { FuelSampler } from './fuel-sampler.js';
import { CLOCKS, SAMPLERS, type SampleClock, type Sampler } from './sampler.js';

/** How {@link GuestProfiler.attach} samples a store. */
export interface RecorderOptions {
  /**
   * By signals by default, where they are supported and a check of this process has passed; else at epochs.
   * {@link Recorder.sampler} tells which.
   */
  readonly sampler?: Sampler;
  /**
   * For samples by signals; `'cpu'` by default: nothing while the guest's thread sleeps. With `'wall'` signals
   * wake system calls of host functions that sleep; almost all of those go on by themselves.
   */
  readonly clock?: SampleClock;
  /** Milliseconds between two samples, 0.05 to 1,000; the profiler's own interval by default. */
  readonly intervalMs?: number;
  /**
   * Sample, at epochs, at every tick of the engine's epoch that you make yourself instead, and start no ticker.
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
   * - `'markers'`: a marker for each, named after its import, `fd_write`, where that
   *   can be told: not from an indirect call, nor of a module that came compiled.
   * - `'frames'`: also samples of the time in them where these are taken at epochs, which would show none: the
   *   stack that called, and on top of it the import's name, in the category 'Host'. Nothing else of the host is
   *   shown. Samples by signals are taken there anyway.
   * - `true`: markers as upstream has them, all named `hostcall`.
   *
   * The first two tell, by a marker `suspended`, when the guest of an asynchronous call was suspended: that is
   * time of neither the guest nor the host.
   */
  readonly hostCalls?: boolean | 'markers' | 'frames';
}

/** @internal Those of the options that say how to sample, checked; of an options object that has others too. */
export function samplerOptions(options: RecorderOptions): RecorderOptions {
  const { sampler, clock } = options;
  return {
    ...(sampler !== undefined && { sampler: checkOneOf('options.sampler', sampler, SAMPLERS) }),
    ...(clock !== undefined && { clock: checkOneOf('options.clock', clock, CLOCKS) }),
  };
}

/** A store that is being sampled, from {@link GuestProfiler.attach}. */
export class Recorder {
  readonly #store: Store;
  readonly #native: { detach(store: NativeStore): void };
  readonly #ticks: Ticks | undefined;
  readonly #sampler: Sampler | 'fuel';
  #ended: (() => void) | undefined;

  /** @internal */
  constructor(
    key: typeof INTERNAL,
    store: Store,
    recorder: { detach(store: NativeStore): void },
    sampler: Sampler | 'fuel',
    ticks: Ticks | undefined,
    ended: () => void,
  ) {
    checkInternal(key, new.target);
    this.#store = store;
    this.#native = recorder;
    this.#sampler = sampler;
    this.#ticks = ticks;
    this.#ended = ended;
  }

  /** Whether the store is still sampled. */
  get attached(): boolean {
    return this.#ended !== undefined;
  }

  /** What samples interrupt the guest by; `'fuel'` for those of {@link RecorderOptions.everyFuel}. */
  get sampler(): Sampler | 'fuel' {
    return this.#sampler;
  }

  /** Ticks that were not sampled, since the ticking thread came late, or the guest's had not taken the sample before yet:
   * each of them was one interval without a sample. */
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

  /** @internal */
  static is(value: unknown): value is Recorder {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Recorder, (value) => #native in value);
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
    INTERNAL,
    store,
    new FuelSampler(store, BigInt(everyFuel), sample),
    'fuel',
    undefined,
    ended,
  );
  Store.retainRecorder(store, handle);
  return handle;
}

/** How a store is sampled, with nothing left open. */
export interface CheckedRecorderOptions {
  readonly sampler: Sampler;
  readonly clock: SampleClock;
  readonly intervalMs: number;
  readonly everyEpoch: boolean;
  readonly hostCalls: boolean;
  /** Also what cuts host calls: suspensions, and what they call back in the guest. */
  readonly cuts: boolean;
}

/** What paces a recorder. */
interface Ticks {
  missed(): number;
  release(): void;
}

/** @internal Starts sampling; undefined when another recorder does already. */
export function attachRecorder(
  storelike: Storelike,
  recorder: NativeRecorder,
  options: CheckedRecorderOptions,
  ended: () => void,
): Recorder | undefined {
  const store = Store.of('store', storelike);
  if (Store.hasRecorder(store)) return undefined;
  const attach = options.sampler === 'signal' ? attachSignals : attachEpochs;
  const ticks = attach(store, storelike, recorder, options);
  if (ticks === null) return undefined;
  const handle = new Recorder(INTERNAL, store, recorder, options.sampler, ticks, ended);
  // The store keeps its recorder, and so the profiler, alive, and ends it when it is disposed.
  Store.retainRecorder(store, handle);
  return handle;
}

/** The attached recorder's ticks; null when another is attached already. */
type Attach = (
  store: Store,
  storelike: Storelike,
  recorder: NativeRecorder,
  options: CheckedRecorderOptions,
) => Ticks | undefined | null;

const attachEpochs: Attach = (store, storelike, recorder, { hostCalls, cuts, ...options }) => {
  const ticks = options.everyEpoch
    ? undefined
    : Engine.recorderTicks(store.engine, options.intervalMs);
  let attached = false;
  try {
    attached = recorder.attach(Store.native(store, storelike), ticks?.native, hostCalls, cuts);
  } finally {
    if (!attached) ticks?.release();
  }
  if (!attached) return null;
  return ticks && fromNow(ticks);
};

const attachSignals: Attach = (store, storelike, recorder, options) => {
  const { intervalMs, clock, hostCalls, cuts } = options;
  const native = Store.native(store, storelike);
  const source = recorder.attachSignals(native, intervalMs, clock === 'wall', hostCalls, cuts);
  return source === null
    ? null
    : fromNow({ missed: () => recorder.missed(source), release: () => {} });
};

/** What is missed until the release: those that tick do so for others before and after. */
function fromNow({ missed, release }: Ticks): Ticks {
  const before = missed();
  let ended: number | undefined;
  return {
    missed: () => ended ?? missed() - before,
    release: () => {
      ended = missed() - before;
      release();
    },
  };
}
