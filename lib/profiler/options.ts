import type { Milliseconds } from '../profile/sample-table.js';
import {
  checkBoolean,
  checkFunction,
  checkKeys,
  checkObject,
  checkString,
} from '../runtime/check.js';
import { type CategoryRule, checkCategories, DEFAULT_CATEGORIES } from './categories.js';
import type { PathPrefixMap } from './source-path.js';

/** Clocks of a profiler, in milliseconds; the real ones unless a test brings its own. */
export interface ProfilerClock {
  /** Since 1970. */
  wall(): Milliseconds;
  /** Since any moment, never falling. */
  monotonic(): Milliseconds;
}

/** How a {@link GuestProfiler} keeps time and names what it saw. */
export interface ProfilerOptions {
  /** Of times; the system's by default. */
  readonly clock?: ProfilerClock;
  /** Names as the module has them: mangled, for C++ and Rust. Off by default. */
  readonly rawNames?: boolean;
  /** Inlined functions as frames of their own, and lines, where there is debug information. On by default. */
  readonly lines?: boolean;
  /**
   * Prefixes of the debug information's source paths, and what the profile shows instead:
   * `{ '/home/me/app': 'app' }`. Of an absolute path under none of them the profile has the file's
   * name alone; `{ '': '' }` keeps all paths whole.
   */
  readonly pathPrefixMap?: PathPrefixMap;
  /**
   * What functions are shown as, by their names: the first rule that fits decides. By default those of
   * {@link DEFAULT_CATEGORIES}: allocators, garbage collectors, WASI, standard libraries and runtimes.
   */
  readonly categories?: readonly CategoryRule[];
}

export const REAL_CLOCK: ProfilerClock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};

/** @internal Options with their defaults; TypeError for unknown ones and for wrong types. */
export function checkOptions(options: unknown): Required<ProfilerOptions> {
  const given = checkObject('options', options) as ProfilerOptions;
  checkKeys('options', given, ['clock', 'rawNames', 'lines', 'pathPrefixMap', 'categories']);
  const { clock = REAL_CLOCK, rawNames = false, lines = true, pathPrefixMap = {} } = given;
  const { categories = DEFAULT_CATEGORIES } = given;
  checkObject('options.clock', clock);
  checkFunction('options.clock.wall', clock.wall);
  checkFunction('options.clock.monotonic', clock.monotonic);
  for (const [prefix, shown] of Object.entries(
    checkObject('options.pathPrefixMap', pathPrefixMap),
  )) {
    checkString(`options.pathPrefixMap[${JSON.stringify(prefix)}]`, shown);
  }
  return {
    clock,
    rawNames: checkBoolean('options.rawNames', rawNames),
    lines: checkBoolean('options.lines', lines),
    pathPrefixMap,
    categories: checkCategories('options.categories', categories),
  };
}
