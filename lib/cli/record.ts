import { GuestProfiler } from '../profiler/guest-profiler.js';
import { watchMemory } from '../profiler/memory-watch.js';
import type { ModuleSymbols } from '../profiler/module-symbols.js';
import { REAL_CLOCK } from '../profiler/options.js';
import type { SampleClock, Sampler } from '../profiler/sampler.js';
import type { SourceReader } from '../profiler/source-texts.js';
import { CallHook } from '../runtime/call-hook.js';
import { threadCpuTime } from '../runtime/clock.js';
import type { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import { InterruptHandle } from '../runtime/interrupt-handle.js';
import { Store } from '../runtime/store.js';
import { WasiConfig, type WasiOptions } from '../runtime/wasi-config.js';
import { CliError } from './cli-error.js';
import { type Ending, endingOf, endingOfAsync, Interrupted } from './ending.js';
import type { Guest } from './guest-file.js';
import { ProgressLine } from './progress-line.js';

export interface RecordOptions {
  /** Of the module, in the profile. */
  readonly name: string;
  readonly intervalMs: number;
  /** Between samples, instead of a time. */
  readonly everyFuel?: number;
  readonly sampler: Sampler;
  readonly clock: SampleClock;
  /** Forever when absent. */
  readonly timeoutMs?: number;
  /** What the guest may use; without, it isn't counted. */
  readonly fuel?: bigint;
  /** Most bytes of each memory. */
  readonly maxMemoryBytes?: number;
  /** Mark the calls of host functions, which takes time at each. */
  readonly hostCalls: false | 'markers' | 'frames';
  /** Show how it goes on the terminal. */
  readonly progress: boolean;
  /** Where the module's lines come from, beside itself. */
  readonly symbols: ModuleSymbols;
  /** Where the profile gets source texts from. */
  readonly sources: false | SourceReader;
  /** Shown in the profile. */
  readonly arguments: readonly string[];
  readonly wasi: WasiOptions;
}

/** A guest's run. */
export interface Recording {
  /** Still to be finished. */
  readonly profiler: GuestProfiler;
  readonly ending: Ending;
  readonly wallMs: number;
  /** Still listens to signals: a Ctrl-C that comes late must not cost the profile. */
  readonly interrupt: InterruptHandle;
  /** CPU time of the guest's thread, which is the JavaScript thread. */
  readonly cpuMs: number;
  /** What the guest used of its fuel, when that was counted. */
  readonly fuelUsed?: bigint;
  /** Samples that the operating system left no time for. */
  readonly missedTicks: number;
}

/** Without a limit: more than any guest uses. */
const MOST_FUEL = 2n ** 63n - 1n;

/** Runs a guest to its end and profiles it. */
export function record(engine: Engine, guest: Guest, options: RecordOptions): Recording {
  const { store, interrupt, end } = begin(engine, guest, options);
  return end(endingOf(() => guest.run(store), interrupt));
}

/** {@link record}s a guest that others on this thread run beside: at each tick of the engine's epoch, it is their turn. */
export async function recordAmongOthers(
  engine: Engine,
  guest: Guest & Required<Pick<Guest, 'runAsync'>>,
  options: RecordOptions,
): Promise<Recording> {
  const { store, interrupt, end } = begin(engine, guest, options);
  store.setEpochDeadline(1);
  store.epochDeadlineAsyncYieldAndUpdate(1);
  return end(await endingOfAsync(() => guest.runAsync(store), interrupt));
}

/** A guest that is to be run, and what is to be done when it has ended. */
interface Begun {
  readonly store: Store;
  readonly interrupt: InterruptHandle;
  end(ending: Ending): Recording;
}

function begin(engine: Engine, guest: Guest, options: RecordOptions): Begun {
  const { name, intervalMs, everyFuel, sampler, clock, timeoutMs, fuel, maxMemoryBytes } = options;
  const store = new Store(engine);
  setWasi(store, options.wasi);
  const interrupt = new InterruptHandle();
  store.setInterruptHandle(interrupt);
  const profiler = new GuestProfiler(
    name,
    intervalMs,
    [[name, guest.code, options.symbols], ...(guest.preloads ?? [])],
    {
      arguments: options.arguments,
      sources: options.sources,
    },
  );
  const limit = fuel ?? (everyFuel === undefined ? undefined : MOST_FUEL);
  if (limit !== undefined) store.setFuel(limit);
  if (everyFuel !== undefined) interruptAtFuel(store, interrupt);
  const limits = maxMemoryBytes === undefined ? {} : { memorySize: maxMemoryBytes };
  store.limiter(watchMemory(profiler, limits));
  const how =
    everyFuel === undefined
      ? { intervalMs, sampler, clock, hostCalls: options.hostCalls }
      : { everyFuel };
  const recorder = profiler.attach(store, how);

  const progress =
    options.progress && ProgressLine.wanted
      ? // Without epochs nothing of JavaScript's runs while the guest does.
        sampler === 'signal'
        ? GuestProfiler.showProgress(profiler)
        : new ProgressLine(store, GuestProfiler.progress(profiler))
      : undefined;
  // From here on Ctrl-C ends the guest, not the process. A second one must not cost the profile either.
  InterruptHandle.triggerOnTwoSignals(interrupt, 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT');
  if (timeoutMs !== undefined) interrupt.triggerAfter(timeoutMs);
  const startMs = REAL_CLOCK.monotonic();
  const startCpuMs = threadCpuTime();
  const end = (ending: Ending): Recording => {
    const cpuMs = threadCpuTime() - startCpuMs;
    const wallMs = REAL_CLOCK.monotonic() - startMs;
    recorder.detach();
    progress?.end();
    const { missedTicks } = recorder;
    const used = limit === undefined ? {} : { fuelUsed: limit - store.getFuel() };
    return { profiler, ending, wallMs, cpuMs, missedTicks, interrupt, ...used };
  };
  return { store, interrupt, end };
}

/** Samples by fuel come without ticks of the epoch, which would be other ones in each run. */
function interruptAtFuel(store: Store, interrupt: InterruptHandle): void {
  store.setEpochDeadline(Number.MAX_SAFE_INTEGER);
  store.callHook((_, kind) => {
    if (kind === CallHook.CallingHost && interrupt.reason !== undefined) throw new Interrupted();
  });
}

function setWasi(store: Store, wasi: WasiOptions): void {
  try {
    store.setWasi(new WasiConfig(wasi));
  } catch (error) {
    // A directory that isn't there.
    if (error instanceof WasmtimeError) throw new CliError(error.message, { cause: error });
    throw error;
  }
}
