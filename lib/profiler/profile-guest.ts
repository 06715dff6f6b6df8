import { isPromise } from 'node:util/types';
import type { FormatOptions } from '../formats/formats.js';
import { checkFunction, checkKeys, checkObject, checkString } from '../runtime/check.js';
import type { Storelike } from '../runtime/store.js';
import type { FinishedProfile } from './finished-profile.js';
import { checkFormat } from './format-options.js';
import { GuestProfiler } from './guest-profiler.js';
import type { NamedModule } from './named-module.js';
import type { ProfilerOptions } from './options.js';
import { samplerOptions } from './recorder.js';
import type { SampleClock, Sampler } from './sampler.js';

/** What {@link profileGuest} profiles, and where that goes. */
export interface ProfileGuestOptions extends FormatOptions {
  /** Modules that may appear in stacks, with their names. */
  readonly modules: readonly NamedModule[];
  /** The profile's name; by default the first module's. */
  readonly name?: string;
  /** Milliseconds between two samples, 1 by default. */
  readonly intervalMs?: number;
  /** As in {@link RecorderOptions}. */
  readonly sampler?: Sampler;
  /** As in {@link RecorderOptions}. */
  readonly clock?: SampleClock;
  /** As in {@link RecorderOptions}; off by default. */
  readonly hostCalls?: boolean | 'markers' | 'frames';
  /** A file to write, also when `fn` throws. */
  readonly output?: string | URL;
  /** Of the profiler itself. */
  readonly profiler?: ProfilerOptions;
}

const KEYS = [
  ...['modules', 'name', 'intervalMs', 'sampler', 'clock', 'hostCalls', 'output', 'profiler'],
  ...['format', 'weight', 'thread'],
];

/** What `fn` returned, and the profile of it. */
export interface ProfiledResult<T> {
  /** What `fn` returned. */
  readonly result: T;
  /** Of the time that it took. */
  readonly profile: FinishedProfile;
}

/**
 * Profiles `store` while `fn` runs:
 *
 * ```ts
 * const { result, profile } = profileGuest(store, () => fib.call(store, 30), { modules: [['fib', module]] });
 * await profile.write('fib.json');
 * ```
 *
 * When `fn` returns a promise, so does this, and profiles until it is settled. What `fn` throws comes out;
 * the profile of it is then in `options.output`, if that was given.
 *
 * @throws what {@link GuestProfiler} and {@link GuestProfiler.attach} throw.
 */
export function profileGuest<T>(
  store: Storelike,
  fn: () => Promise<T>,
  options: ProfileGuestOptions,
): Promise<ProfiledResult<T>>;
export function profileGuest<T>(
  store: Storelike,
  fn: () => T,
  options: ProfileGuestOptions,
): ProfiledResult<T>;
export function profileGuest<T>(
  store: Storelike,
  fn: () => T | Promise<T>,
  options: ProfileGuestOptions,
): ProfiledResult<T> | Promise<ProfiledResult<T>> {
  checkFunction('fn', fn);
  checkKeys('options', checkObject('options', options), KEYS);
  // Not only after the guest has run.
  checkFormat(options.format, options.output);
  const { modules, output, intervalMs = 1, hostCalls = false, profiler: how = {} } = options;
  const name = options.name ?? modules?.[0]?.[0] ?? 'guest';
  const profiler = new GuestProfiler(checkString('options.name', name), intervalMs, modules, how);
  profiler.attach(store, { hostCalls, ...samplerOptions(options) });
  const end = (): FinishedProfile => {
    const profile = profiler.finishProfile();
    const { format, weight, thread } = options;
    if (output !== undefined) {
      profile.writeSync(output, {
        ...(format !== undefined && { format }),
        ...(weight !== undefined && { weight }),
        ...(thread !== undefined && { thread }),
      });
    }
    return profile;
  };

  let result: T | Promise<T>;
  try {
    result = fn();
  } catch (error) {
    end();
    throw error;
  }
  if (!isPromise(result)) return { result, profile: end() };
  return result.then(
    (result) => ({ result, profile: end() }),
    (error) => {
      end();
      throw error;
    },
  );
}
