import { firefoxJson } from '../formats/firefox.js';
import { type ProfileOutput, writeProfile, writeProfileSync } from '../formats/output.js';
import { HOSTCALL_SCHEMA } from '../profile/marker-schema.js';
import type { MarkerKind } from '../profile/marker-table.js';
import { Profile } from '../profile/profile.js';
import type { Milliseconds } from '../profile/sample-table.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { CallHook } from '../runtime/call-hook.js';
import { checkArray, checkDuration, checkOneOf, checkString } from '../runtime/check.js';
import { Engine } from '../runtime/engine.js';
import { misuse, wrongType } from '../runtime/errors.js';
import { Module } from '../runtime/module.js';
import { Store, type Storelike } from '../runtime/store.js';
import { Sampler } from './sampler.js';
import { StackInterner } from './stack-interner.js';
import { type NamedModule, symbolicate } from './symbolicate.js';

/** Clocks of a profiler, in milliseconds; the real ones unless a test brings its own. */
export interface ProfilerClock {
  /** Since 1970. */
  wall(): Milliseconds;
  /** Since any moment, never falling. */
  monotonic(): Milliseconds;
}

const REAL_CLOCK: ProfilerClock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Intervals and deltas up to a day. */
const MAXIMUM_MS = 86_400_000;

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
 * Samples are as good as what interrupts the guest. Epochs are looked at on function entry and in loop
 * headers only, which biases the result somewhat, and samples are taken while WebAssembly runs, not
 * during host calls. Stacks are whole, however deep.
 *
 * ## Security
 *
 * Profiles hold no detail of the host such as memory addresses, and nothing of modules that weren't
 * listed, so that they are fit to be shown to the guest's owner. They do hold offsets into the compiled
 * code of the listed modules, which tell something of its size: list modules of the guest's owner only.
 */
export class GuestProfiler {
  readonly #modules: readonly NamedModule[];
  readonly #sampler: Sampler;
  readonly #clock: ProfilerClock;
  readonly #startMs: Milliseconds;
  readonly #recorded = new StackInterner();
  readonly #profile: Profile;
  readonly #thread: Thread;
  readonly #hostcall: MarkerKind;
  #state: 'recording' | 'ended' | 'finished' = 'recording';

  /**
   * Begins a profile now. Mirrors `GuestProfiler::new`.
   *
   * @param moduleName names the profile.
   * @param intervalMs milliseconds between two samples as you mean to take them; a hint for readers.
   * @param modules those that may appear in stacks, with the names that they get there. Frames of all
   * others, and of the host, are left out.
   * @throws TypeError for wrong types, for modules of several engines (`ERR_WRONG_ENGINE`) and for an
   * engine with `guestDebug` (`ERR_GUEST_DEBUG`), RangeError for an interval that isn't above 0 and at
   * most a day.
   */
  constructor(
    moduleName: string,
    intervalMs: number,
    modules: readonly NamedModule[],
    clock: ProfilerClock = REAL_CLOCK,
  ) {
    checkString('moduleName', moduleName);
    checkDuration('intervalMs', intervalMs, Number.MIN_VALUE, MAXIMUM_MS);
    this.#modules = checkModules(modules);
    this.#sampler = new Sampler(this.#modules.map(([, module]) => Module.native('module', module)));
    this.#clock = clock;
    this.#profile = new Profile({
      product: moduleName,
      intervalMs,
      startTimeUnixMs: clock.wall(),
    });
    this.#thread = this.#profile.addThread({ name: moduleName, processName: moduleName });
    this.#hostcall = {
      name: this.#profile.strings.intern(HOSTCALL_SCHEMA.name),
      schema: this.#profile.markerSchemas.intern(HOSTCALL_SCHEMA),
    };
    this.#startMs = clock.monotonic();
  }

  /**
   * Adds a sample: the stack of `store` now, or an empty one when it runs no WebAssembly. Mirrors
   * `GuestProfiler::sample`.
   *
   * @param deltaMs milliseconds of CPU time that the guest used since the sample before, from
   * {@link threadCpuTime}; 0 when you don't need it.
   * @throws RangeError for a delta that is negative, NaN or more than a day, TypeError
   * `ERR_PROFILER_FINISHED` after `finish`.
   */
  sample(store: Storelike, deltaMs: number): void {
    this.#checkRecording();
    const now = this.#now();
    checkDuration('deltaMs', deltaMs, 0, MAXIMUM_MS);
    this.#thread.samples.push(this.#stackOf(store), now, deltaMs);
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
        const now = this.#now();
        this.#thread.markers.pushIntervalStart(this.#hostcall, now, this.#stackOf(store));
        break;
      }
      case CallHook.ReturningFromHost:
        this.#thread.markers.pushIntervalEnd(this.#hostcall, this.#now());
        break;
      default:
        checkOneOf('kind', kind, Object.values(CallHook));
    }
  }

  /**
   * Ends the profile and writes it in the Firefox Profiler's processed format, to a path, to a stream
   * (which is left open), or to the bytes that it resolves to. A file is whole or not there: it gets
   * its name at the end. Mirrors `GuestProfiler::finish`.
   *
   * When the output fails, the promise rejects with its error, and another `finish` may try again.
   *
   * @throws TypeError `ERR_PROFILER_FINISHED` when the profile was written before, or is being written.
   */
  finish(): Promise<Uint8Array>;
  finish(output: ProfileOutput): Promise<undefined>;
  async finish(output?: ProfileOutput): Promise<Uint8Array | undefined> {
    const profile = this.#finish();
    try {
      return await writeProfile(firefoxJson(profile), output);
    } catch (error) {
      this.#state = 'ended';
      throw error;
    }
  }

  /** {@link GuestProfiler.finish} to a file, for a process that is about to end. */
  finishSync(path: string | URL): void {
    const profile = this.#finish();
    try {
      writeProfileSync(firefoxJson(profile), path);
    } catch (error) {
      this.#state = 'ended';
      throw error;
    }
  }

  /** @internal Ends the recording; the profile's model, from which any format can be written. */
  static end(profiler: GuestProfiler): Profile {
    profiler.#end();
    return profiler.#profile;
  }

  #finish(): Profile {
    if (this.#state === 'finished') throw finished();
    this.#end();
    this.#state = 'finished';
    return this.#profile;
  }

  #end(): void {
    if (this.#state !== 'recording') return;
    this.#state = 'ended';
    this.#thread.end(this.#now());
    const stackOf = symbolicate(this.#profile, this.#recorded, this.#modules);
    renumber(this.#thread.samples.stack, stackOf);
    renumber(this.#thread.markers.cause, stackOf);
  }

  #stackOf(store: Storelike): StackIndex {
    const count = this.#sampler.walk(Store.native(Store.of('store', store)));
    return this.#recorded.intern(this.#sampler.frames, count);
  }

  #now(): Milliseconds {
    return this.#clock.monotonic() - this.#startMs;
  }

  #checkRecording(): void {
    if (this.#state !== 'recording') throw finished();
  }
}

function finished(): Error {
  return misuse('ERR_PROFILER_FINISHED', 'the profiler is finished');
}

function checkModules(modules: unknown): readonly NamedModule[] {
  const checked = checkArray('modules', modules).map((entry, i): NamedModule => {
    const what = `modules[${i}]`;
    const [name, module] = checkArray(what, entry);
    if (!(module instanceof Module)) throw wrongType(`${what}[1]`, 'a Module', module);
    if (Engine.isGuestDebug(module.engine)) {
      throw misuse('ERR_GUEST_DEBUG', 'an engine with guestDebug copies code: no profile is right');
    }
    return [checkString(`${what}[0]`, name), module];
  });
  if (checked.some(([, module]) => module.engine !== checked[0]?.[1].engine)) {
    throw misuse('ERR_WRONG_ENGINE', 'the modules of a profile need one engine');
  }
  return checked;
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
