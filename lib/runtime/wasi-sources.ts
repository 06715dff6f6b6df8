import type { NativeClock, NativeClocks, NativeRandom } from '../generated/native.js';
import { checkKeys, checkObject, checkUnsigned } from './check.js';

/**
 * Where a program's random numbers come from: each is a seed, of the generator ChaCha with 12 rounds, and
 * what is left out stays random. A store that is given the same seed again gives the same numbers again: don't let
 * secrets depend on them.
 */
export interface WasiRandom {
  /**
   * Of `random_get` and `wasi:random/random`, 64 bits, not negative. Mirrors
   * `WasiCtxBuilder::secure_random`.
   */
  readonly secure?: number | bigint;
  /** Of `wasi:random/insecure`, 64 bits, not negative. Mirrors `WasiCtxBuilder::insecure_random`. */
  readonly insecure?: number | bigint;
  /**
   * What `wasi:random/insecure-seed` gives, 128 bits, not negative. Mirrors
   * `WasiCtxBuilder::insecure_random_seed`.
   */
  readonly insecureSeed?: number | bigint;
}

/** A clock that moves when it is read, and not by itself. Nanoseconds are of 64 bits, not negative. */
export interface WasiClock {
  /** What its first reading tells. */
  readonly startNs: number | bigint;
  /**
   * How much later each reading is than the one before; 0, by default, for a clock that stands still, for
   * which a program that waits by reading it waits in vain.
   */
  readonly stepNs?: number | bigint;
}

/**
 * What a program's clocks tell; one that is left out is the system's. A sleep takes as long as it says by
 * the system's clock; one until a time takes the difference to what the clock tells.
 */
export interface WasiClocks {
  /** Of `CLOCKID_REALTIME` and `wasi:clocks/wall-clock`: since 1970. Mirrors `WasiCtxBuilder::wall_clock`. */
  readonly wall?: WasiClock;
  /**
   * Of `CLOCKID_MONOTONIC` and `wasi:clocks/monotonic-clock`: since a time of its own. Mirrors
   * `WasiCtxBuilder::monotonic_clock`.
   */
  readonly monotonic?: WasiClock;
}

/** @internal */
export function randomOf(random: WasiRandom): NativeRandom {
  const what = 'options.random';
  checkKeys(what, checkObject(what, random), ['secure', 'insecure', 'insecureSeed']);
  const { secure, insecure, insecureSeed } = random;
  return {
    ...(secure !== undefined && { secure: checkUnsigned(`${what}.secure`, secure, 64) }),
    ...(insecure !== undefined && { insecure: checkUnsigned(`${what}.insecure`, insecure, 64) }),
    ...(insecureSeed !== undefined && {
      insecureSeed: checkUnsigned(`${what}.insecureSeed`, insecureSeed, 128),
    }),
  };
}

/** @internal */
export function clocksOf(clocks: WasiClocks): NativeClocks {
  const what = 'options.clocks';
  checkKeys(what, checkObject(what, clocks), ['wall', 'monotonic']);
  const { wall, monotonic } = clocks;
  return {
    ...(wall !== undefined && { wall: clockOf(`${what}.wall`, wall) }),
    ...(monotonic !== undefined && { monotonic: clockOf(`${what}.monotonic`, monotonic) }),
  };
}

function clockOf(what: string, clock: WasiClock): NativeClock {
  checkKeys(what, checkObject(what, clock), ['startNs', 'stepNs']);
  return {
    start: checkUnsigned(`${what}.startNs`, clock.startNs, 64),
    step: checkUnsigned(`${what}.stepNs`, clock.stepNs ?? 0, 64),
  };
}
