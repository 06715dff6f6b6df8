import type { FormatOptions } from '../formats/formats.js';
import type { ProfileOutput } from '../formats/output.js';
import type { NativeProgress } from '../generated/native.js';
import { hot, native } from '../native.js';
import { HOSTCALL_SCHEMA, type MarkerSchema, SUSPENDED_SCHEMA } from '../profile/marker-schema.js';
import { Profile } from '../profile/profile.js';
import type { Milliseconds } from '../profile/sample-table.js';
import { SIGNALS_BY_CPU } from '../profile/sampling.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { CallHook } from '../runtime/call-hook.js';
import {
  checkArray,
  checkBoolean,
  checkDuration,
  checkKeys,
  checkObject,
  checkOneOf,
  checkPath,
  checkString,
  DAY_MS,
} from '../runtime/check.js';
import { Component } from '../runtime/component/component.js';
import { misuse, outOfRange } from '../runtime/errors.js';
import { guardReceivers, INTERNAL, invalidThis, isObject } from '../runtime/internal.js';
import { Store, type Storelike } from '../runtime/store.js';
import {
  Annotations,
  type CounterOptions,
  type MarkerOptions,
  type ProfileCounter,
} from './annotations.js';
import { FinishedProfile } from './finished-profile.js';
import { checkFormatOptions } from './format-options.js';
import { checkEveryFuel } from './fuel-sampler.js';
import { hostCallTimes, nameHostCalls } from './host-calls.js';
import { withHostTime } from './host-time.js';
import { addHostTimeCounter } from './host-time-counter.js';
import { placeJoinedCallers } from './joined-callers.js';
import type { ListedCode } from './listed-code.js';
import { joinMemoryGrowths } from './memory-growths.js';
import { listedCode, type NamedModule } from './named-module.js';
import { checkOptions, type ProfilerOptions, REAL_CLOCK } from './options.js';
import { ProgressReader } from './progress.js';
import {
  attachFuelRecorder,
  attachRecorder,
  type Recorder,
  type RecorderOptions,
} from './recorder.js';
import { OUTSIDE, Recording } from './recording.js';
import { recordingFacts } from './recording-facts.js';
import { countResumed, withoutJoined } from './resumed-stacks.js';
import { hostLeaves } from './sampled-host-time.js';
import { CLOCKS } from './sampler.js';
import { samplerFor } from './signal-sampler.js';
import { SourceTexts } from './source-texts.js';
import { symbolicate } from './symbolicate.js';
import { addTraps } from './trap-markers.js';

/** A unit of fuel is a nanosecond of a profile by fuel. */
const MS_PER_FUEL = 1e-6;

/** What a recorder's ticker can keep up with, in milliseconds. */
const RECORDER_INTERVALS = { minimum: 0.05, maximum: 1000 };

/**
 * Collects a profile of a WebAssembly guest. Mirrors `wasmtime::GuestProfiler`.
 *
 * Arrange for {@link GuestProfiler.sample} to be called at regular intervals while the guest is on the
 * stack, most simply from an epoch deadline callback:
 *
 * ```ts
 * const profiler = new GuestProfiler('my guest', 1, [['my guest', module]]);
 * let cpu = threadCpuTime();
 * store.epochDeadlineCallback((store) => {
 *   const now = threadCpuTime();
 *   profiler.sample(store, now - cpu);
 *   cpu = now;
 *   return UpdateDeadline.continue(1);
 * });
 * ```
 *
 * ## Accuracy
 *
 * Samples are as good as what interrupts the guest. Signals do so at whatever instruction runs, in the host too.
 * Epochs are looked at on function entry and in loop headers only, which biases the result somewhat, and samples
 * at them are taken while WebAssembly runs, not during host calls. Stacks are whole, however deep.
 *
 * ## Security
 *
 * Profiles hold no detail of the host such as memory addresses, and nothing of modules that weren't
 * listed, so that they are fit to be shown to the guest's owner. They do hold the SHA-256 of the listed
 * modules' binaries, and offsets into their compiled code, which tell something of its size: list modules of
 * the guest's owner only.
 *
 * @example
 * ```js
 * import { Engine, GuestProfiler, Linker, Module, Store } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const module = Module.compile(engine, `(module
 *   (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
 *   (func (export "sum") (param $n i32) (result i32) (local $sum i32)
 *     (loop $next
 *       (local.set $sum (i32.add (local.get $sum) (call $square (local.get $n))))
 *       (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
 *     (local.get $sum)))`);
 * const store = new Store(engine);
 * const sum = new Linker(engine).instantiate(store, module).getFunc(store, 'sum');
 * const profiler = new GuestProfiler('app', 1, [['app', module]]);
 * const recorder = profiler.attach(store, { intervalMs: 0.1 });
 * sum.call(store, 20_000_000);
 * recorder.detach();
 * for (const { name, selfSamples } of profiler.finishProfile().hotFunctions()) {
 *   console.log(name, selfSamples);
 * }
 * ```
 */
export class GuestProfiler {
  readonly #modules: readonly ListedCode[];
  readonly #options: Required<ProfilerOptions>;
  readonly #warnings = new Set<string>();
  readonly #startMs: Milliseconds;
  readonly #recording: Recording;
  readonly #recorders = new Set<Recorder>();
  readonly #profile: Profile;
  readonly #thread: Thread;
  readonly #annotations: Annotations;
  /** The most that any recorder was asked to tell of host calls. */
  #hostCalls: 'none' | 'markers' | 'frames' = 'none';
  /** Of recorders that had a ticker and are done; undefined when there was none. */
  #missedTicks: number | undefined;
  /** Whether samples may be at ticks of the user's. */
  #everyEpoch = false;
  /** Of recorders by fuel. */
  #everyFuel: number | undefined;
  #fuelSamples = 0;
  /** What samples were taken by. */
  readonly #how = new Set<string>();
  #state: 'recording' | 'ended' | 'finished' = 'recording';

  /**
   * Begins a profile now. Mirrors `GuestProfiler::new`.
   *
   * @param moduleName names the profile.
   * @param intervalMs milliseconds between two samples as you mean to take them; a hint for readers.
   * @param modules those that may appear in stacks, with the names that they get there. Frames of all
   * others, and of the host, are left out. A component stands for all modules in it. A third element says
   * where a module's debug information is.
   * @throws TypeError for wrong types, for modules of several engines (`ERR_WRONG_ENGINE`) and for an
   * engine with `guestDebug` (`ERR_GUEST_DEBUG`), RangeError for an interval that isn't above 0 and at
   * most a day.
   */
  constructor(
    moduleName: string,
    intervalMs: number,
    modules: readonly NamedModule[],
    options: ProfilerOptions = {},
  ) {
    checkString('moduleName', moduleName);
    checkDuration('intervalMs', intervalMs, Number.MIN_VALUE, DAY_MS);
    this.#modules = listedCode(modules);
    this.#options = checkOptions(options);
    const { clock } = this.#options;
    this.#profile = new Profile({
      product: moduleName,
      intervalMs,
      startTimeUnixMs: clock.wall(),
      arguments: commandLine(this.#options.arguments),
    });
    this.#thread = this.#profile.addThread({ name: moduleName, processName: moduleName });
    const { strings, markerSchemas } = this.#profile;
    const kind = (schema: MarkerSchema) => ({
      name: strings.intern(schema.name),
      schema: markerSchemas.intern(schema),
    });
    const code = this.#modules.map(({ code }) => code);
    this.#recording = new Recording(code, this.#profile, this.#thread, kind(HOSTCALL_SCHEMA), () =>
      kind(SUSPENDED_SCHEMA),
    );
    this.#annotations = new Annotations(this.#profile, this.#thread, () => this.now());
    // Native code keeps time for recorders: both clocks start at its moment.
    this.#startMs = clock.monotonic() - this.#recording.native.now();
  }

  /**
   * Begins a profile of a component, in which all of its modules may appear, and `extraModules`: short for
   * listing the component among the modules. Mirrors `GuestProfiler::new_component`.
   *
   * @throws as the constructor.
   */
  static forComponent(
    componentName: string,
    intervalMs: number,
    component: Component,
    extraModules: readonly NamedModule[] = [],
    options: ProfilerOptions = {},
  ): GuestProfiler {
    checkString('componentName', componentName);
    Component.native('component', component);
    const modules = [[componentName, component], ...checkArray('extraModules', extraModules)];
    return new GuestProfiler(componentName, intervalMs, modules as NamedModule[], options);
  }

  /**
   * Adds a sample: the stack of `store` now, or an empty one when it runs no WebAssembly. Mirrors
   * `GuestProfiler::sample`.
   *
   * @param deltaMs milliseconds of CPU time that the guest used since the sample before, from
   * {@link threadCpuTime}; 0 when you don't need it.
   * @throws RangeError for a delta that is negative, NaN or more than a day, TypeError
   * `ERR_PROFILER_FINISHED` after `finish`, WasmtimeError `ERR_STACK_WALK` when stacks can't be trusted: before
   * the first sample of a process one walk is compared with Wasmtime's own.
   */
  sample(store: Storelike, deltaMs: number): void {
    if (!GuestProfiler.is(this)) throw invalidThis(GuestProfiler, 'sample');
    this.#checkRecording();
    checkDuration('deltaMs', deltaMs, 0, DAY_MS);
    const handle = Store.handle(Store.of('store', store), store);
    // Native code's own clock is the cheaper one.
    const now = this.#options.clock === REAL_CLOCK ? -1 : this.now();
    hot.sample(this.#recording.handle, handle, deltaMs, now);
  }

  /**
   * Adds a marker `hostcall` for the time between `CallingHost` and `ReturningFromHost`; the other two
   * kinds add nothing. Meant for a callback of {@link Store.callHook}. Mirrors
   * `GuestProfiler::call_hook`: an epoch deadline callback is a host call too.
   *
   * @throws TypeError `ERR_PROFILER_FINISHED` after `finish`.
   */
  callHook(store: Storelike, kind: CallHook): void {
    this.#checkRecording();
    switch (kind) {
      case CallHook.CallingHost: {
        const now = this.now();
        const native = Store.native(Store.of('store', store), store);
        this.#recording.native.hostCallBegins(native, now);
        break;
      }
      case CallHook.ReturningFromHost:
        this.#recording.native.hostCallEnds(this.now());
        break;
      default:
        checkOneOf('kind', kind, Object.values(CallHook));
    }
  }

  /**
   * Samples `store` from native code, and measures the CPU time of each sample's interval: by signals, at
   * whatever instruction runs, or where that isn't supported at epochs, see {@link RecorderOptions.sampler}. Time
   * in the host has samples too then, of the stack that called and on top of it what was called: the import, in
   * the category 'Host', or an instruction such as `memory.fill`, in the category 'Wasmtime'.
   *
   * Your own epoch deadline and call hook go on as they were: the recorder's ticks don't count for them. A store
   * that has no deadline just runs. A store whose guest is suspended, in an asynchronous call, may be attached and
   * detached too.
   *
   * @throws TypeError `ERR_RECORDER_ATTACHED` when the store has a recorder, `ERR_SAMPLER` when samples by signals
   * are asked for and not to be had, `ERR_NO_EPOCHS` when they aren't to be had and the store's engine was made
   * without `epochInterruption`, WasmtimeError `ERR_FUEL` with `everyFuel` and an engine without `consumeFuel`,
   * TypeError `ERR_FUEL_YIELDS` with `everyFuel` and a store that yields at fuel intervals, `ERR_PROFILER_FINISHED`
   * after `finish`; RangeError for
   * an interval out of range; WasmtimeError `ERR_STACK_WALK` as {@link GuestProfiler.sample}.
   */
  attach(store: Storelike, options: RecorderOptions = {}): Recorder {
    this.#checkRecording();
    const owner = Store.of('store', store);
    checkObject('options', options);
    checkKeys('options', options, KEYS);
    if (options.everyFuel !== undefined) return this.#attachByFuel(owner, options);
    const { minimum, maximum } = RECORDER_INTERVALS;
    const { everyEpoch = false, hostCalls = false, intervalMs } = options;
    const checked = {
      everyEpoch: checkBoolean('options.everyEpoch', everyEpoch),
      clock: checkOneOf('options.clock', options.clock ?? 'cpu', CLOCKS),
      hostCalls: checkHostCalls(hostCalls),
      intervalMs: everyEpoch
        ? 0
        : checkDuration(
            'options.intervalMs',
            intervalMs ?? this.#profile.intervalMs,
            minimum,
            maximum,
          ),
    };
    const sampler = samplerFor(owner.engine, options);
    const how = {
      ...checked,
      sampler,
      hostCalls: checked.hostCalls !== false,
      // Upstream tells nothing of them.
      cuts: typeof checked.hostCalls === 'string',
    };
    const recorder = attachRecorder(store, this.#recording.native, how, () => {
      if (recorder === undefined) return;
      this.#recorders.delete(recorder);
      if (!everyEpoch) this.#missedTicks = (this.#missedTicks ?? 0) + recorder.missedTicks;
    });
    if (recorder === undefined) {
      throw misuse('ERR_RECORDER_ATTACHED', 'the store has a recorder already');
    }
    this.#recorders.add(recorder);
    this.#everyEpoch ||= everyEpoch;
    this.#how.add(sampler === 'signal' ? signalNames[checked.clock] : 'epochs');
    // Where signals sample, time in host calls is seen, and nothing is to be made up.
    const hostTime = checked.hostCalls === 'frames' && sampler === 'epoch';
    if (hostTime) this.#hostCalls = 'frames';
    else if (typeof checked.hostCalls === 'string' && this.#hostCalls === 'none') {
      this.#hostCalls = 'markers';
    }
    return recorder;
  }

  #attachByFuel(store: Store, options: RecorderOptions): Recorder {
    const { everyEpoch = false, hostCalls = false, intervalMs } = options;
    if (everyEpoch || hostCalls !== false || intervalMs !== undefined) {
      throw outOfRange('options.everyFuel', 'no other option', options);
    }
    const everyFuel = checkEveryFuel(options.everyFuel);
    if (this.#everyFuel !== undefined && this.#everyFuel !== everyFuel) {
      throw outOfRange('options.everyFuel', `${this.#everyFuel}, as before`, everyFuel);
    }
    const ms = everyFuel * MS_PER_FUEL;
    const sample = () => {
      this.#fuelSamples++;
      const { handle } = this.#recording;
      hot.sample(handle, Store.handle(store), ms, this.#fuelSamples * ms);
    };
    const recorder = attachFuelRecorder(store, everyFuel, sample, () => {
      if (recorder !== undefined) this.#recorders.delete(recorder);
    });
    if (recorder === undefined) {
      throw misuse('ERR_RECORDER_ATTACHED', 'the store has a recorder already');
    }
    this.#everyFuel = everyFuel;
    this.#profile.intervalMs = ms;
    this.#recorders.add(recorder);
    return recorder;
  }

  /**
   * Milliseconds since the profile began, on its own clock: what markers' times count in. Of samples by fuel, a
   * millisecond for each million units that the samples so far stand for.
   */
  now(): Milliseconds {
    if (this.#everyFuel !== undefined) return this.#fuelSamples * this.#everyFuel * MS_PER_FUEL;
    return this.#options.clock.monotonic() - this.#startMs;
  }

  /** Whether the profile still takes samples, markers and counters. */
  get recording(): boolean {
    return this.#state === 'recording';
  }

  /**
   * Adds a marker of your own: a point in time, now by default, or an interval.
   *
   * ```ts
   * const startMs = profiler.now();
   * handle(request);
   * profiler.addMarker('request', { startMs, endMs: profiler.now(), data: { path: '/', bytes: 512 } });
   * ```
   *
   * @throws TypeError `ERR_PROFILER_FINISHED` after `finish`, and for wrong types; RangeError for an end
   * before its start.
   */
  addMarker(name: string, options: MarkerOptions = {}): void {
    this.#checkRecording();
    this.#annotations.addMarker(name, options);
  }

  /**
   * Adds a counter, which the Firefox Profiler shows as a track: the guest's fuel, a queue's length.
   *
   * @throws TypeError `ERR_PROFILER_FINISHED` after `finish`, and for wrong types.
   */
  addCounter(name: string, options: CounterOptions = {}): ProfileCounter {
    this.#checkRecording();
    return this.#annotations.addCounter(name, options);
  }

  /**
   * Ends the profile and writes it, to a path, to a stream (which is left open), or to the bytes that it
   * resolves to: in the Firefox Profiler's processed format, or the one that the path's name ends in or
   * `options` ask for (see {@link FormatOptions}). A file is whole or not there: it gets its name at the
   * end; one that ends in `.gz` is compressed. Mirrors `GuestProfiler::finish`.
   *
   * For several files of one profile, write them from {@link GuestProfiler.finishProfile}'s result. When the
   * output fails, the promise rejects with its error, and another `finish` may try again.
   *
   * @throws TypeError `ERR_PROFILER_FINISHED` when the profile was written before, or is being written;
   * for unknown options and formats, and `ERR_FORMAT_WEIGHT` for a weight that the format can't say.
   */
  finish(): Promise<Uint8Array>;
  finish(output: undefined, options?: FormatOptions): Promise<Uint8Array>;
  finish(output: ProfileOutput, options?: FormatOptions): Promise<undefined>;
  async finish(
    output?: ProfileOutput,
    options: FormatOptions = {},
  ): Promise<Uint8Array | undefined> {
    checkFormatOptions(this.#profile, options, output);
    const profile = this.finishProfile();
    try {
      return await profile.write(output, options);
    } catch (error) {
      this.#state = 'ended';
      throw error;
    }
  }

  /** {@link GuestProfiler.finish} to a file, for a process that is about to end. */
  finishSync(path: string | URL, options: FormatOptions = {}): void {
    checkPath('path', path);
    checkFormatOptions(this.#profile, options, path);
    const profile = this.finishProfile();
    try {
      profile.writeSync(path, options);
    } catch (error) {
      this.#state = 'ended';
      throw error;
    }
  }

  /**
   * Ends the profile and gives it, to be written as often and in as many formats as wanted.
   *
   * @throws TypeError `ERR_PROFILER_FINISHED` when the profile was written before, or is being written.
   */
  finishProfile(): FinishedProfile {
    if (this.#state === 'finished') throw finished();
    this.#end();
    this.#state = 'finished';
    return new FinishedProfile(INTERNAL, this.#profile);
  }

  /**
   * What kept the finished profile from having all names and lines: the module's name, the section or
   * option that could not be read, and why. Empty before `finish`.
   */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** @internal What a recording under way has seen; to be looked at while its guest waits. */
  static progress(profiler: GuestProfiler): ProgressReader {
    return new ProgressReader(profiler.#recording, profiler.#thread, profiler.#modules);
  }

  /** @internal A line on the terminal that tells of samples by signals, until it is ended. */
  static showProgress(profiler: GuestProfiler): NativeProgress {
    const code = profiler.#modules.map(({ code }) => code);
    return native.NativeProgress.start(profiler.#recording.native, code);
  }

  /** @internal What a recording under way has seen. */
  static recording(profiler: GuestProfiler): Recording {
    return profiler.#recording;
  }

  /** @internal Ends the recording; the profile's model, from which any format can be written. */
  static end(profiler: GuestProfiler): Profile {
    profiler.#end();
    return profiler.#profile;
  }

  #end(): void {
    if (this.#state !== 'recording') return;
    // A clock of the user's may throw.
    const now = this.now();
    this.#state = 'ended';
    for (const recorder of this.#recorders) recorder.detach();
    this.#recording.end();
    this.#thread.end(now);
    for (const counter of this.#profile.counters) counter.end(now);
    const { interner, native, lanes, guestCalls } = this.#recording;
    const warn = (warning: string) => this.#warnings.add(warning);
    const bases = native.bases();
    const callers = native.joinedCallers();
    const isJoined = placeJoinedCallers(interner.addresses, callers, this.#modules, bases, warn);
    addTraps(this.#profile, this.#thread, interner, native.takeTraps());
    if (this.#hostCalls !== 'none') {
      nameHostCalls(this.#profile, this.#thread, interner, this.#modules, bases, warn);
    }
    const { sources } = this.#options;
    const read = sources === true ? () => undefined : sources;
    const leaves = hostLeaves(
      this.#profile,
      this.#thread.samples,
      this.#recording.hostSamples,
      interner,
      this.#modules,
      bases,
      warn,
    );
    const texts = read === false ? undefined : new SourceTexts(this.#profile, read, warn);
    const how = { ...this.#options, texts, warn };
    const { stack } = this.#thread.samples;
    const leftOut = this.#options.goroutineCallers ? undefined : isJoined;
    const resumed = countResumed(stack, interner, this.#modules, bases, warn, isJoined);
    const stackOf = symbolicate(this.#profile, interner, this.#modules, bases, how, leftOut);
    renumber(this.#thread.samples.stack, stackOf);
    leaves(this.#thread);
    renumber(this.#thread.markers.cause, stackOf);
    if (this.#hostCalls !== 'none') {
      const calls = hostCallTimes(this.#profile, this.#thread, lanes, guestCalls);
      addHostTimeCounter(this.#profile, calls);
      if (this.#hostCalls === 'frames') {
        const away = this.#everyEpoch ? undefined : this.#recording.away;
        this.#thread.samples = withHostTime(this.#profile, this.#thread, calls, away);
      }
    }
    // After all that knows markers by their rows.
    if (this.#hostCalls !== 'none') joinMemoryGrowths(this.#profile, this.#thread);
    const { away, withoutFrames } = this.#recording;
    if (away.length > 0 && this.#hostCalls !== 'frames') withoutFrames.set(OUTSIDE, away.length);
    this.#profile.extra.push(
      recordingFacts(this.#profile, {
        missedTicks: this.#missedTicks,
        everyFuel: this.#everyFuel,
        samplers: [...this.#how],
        withoutFrames,
        resumed: leftOut === undefined ? resumed : withoutJoined(resumed),
      }),
    );
    // Last: the user's own function may throw, and the profile is whole by then.
    texts?.embed();
  }

  #checkRecording(): void {
    if (this.#state !== 'recording') throw finished();
  }

  /** @internal */
  static is(value: unknown): value is GuestProfiler {
    return isObject(value) && #options in value;
  }

  static {
    guardReceivers(GuestProfiler, (value) => #options in value, ['sample']);
  }
}

/** Arguments as a line, those with other than plain characters in quotes; undefined for none. */
function commandLine(args: readonly string[]): string | undefined {
  if (args.length === 0) return undefined;
  return args.map((arg) => (/^[\w./:=@%+,-]+$/.test(arg) ? arg : JSON.stringify(arg))).join(' ');
}

function finished(): Error {
  return misuse('ERR_PROFILER_FINISHED', 'the profiler is finished');
}

const KEYS = ['sampler', 'clock', 'intervalMs', 'everyEpoch', 'everyFuel', 'hostCalls'];

const signalNames = { cpu: SIGNALS_BY_CPU, wall: 'signals, wall time' };

function checkHostCalls(hostCalls: unknown): boolean | 'markers' | 'frames' {
  if (typeof hostCalls === 'boolean') return hostCalls;
  return checkOneOf('options.hostCalls', hostCalls, ['markers', 'frames'] as const);
}

/** Puts the profile's stacks in the place of the recorded ones. */
function renumber(
  column: { length: number; segments(): Iterable<Int32Array> },
  stackOf: Int32Array,
): void {
  for (const stacks of column.segments()) {
    for (let i = 0; i < stacks.length; i++) {
      const stack = stacks[i] as number;
      if (stack !== NO_STACK) stacks[i] = stackOf[stack] as number;
    }
  }
}
