import type { Milliseconds } from '../profile/sample-table.js';
import {
  checkArray,
  checkBoolean,
  checkFunction,
  checkKeys,
  checkObject,
  checkString,
} from '../runtime/check.js';
import { outOfRange, wrongType } from '../runtime/errors.js';
import { type CategoryRule, checkCategories, DEFAULT_CATEGORIES } from './categories.js';
import type { PathPrefixMap } from './source-path.js';
import type { SourceReader } from './source-texts.js';

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
  /** Lines and inlined functions, where there is debug information. On by default. */
  readonly lines?: boolean;
  /**
   * Whether inlined functions are frames of their own. Without, what they ran counts for the function
   * that they were inlined into, at the line of the call. On by default.
   */
  readonly inlineFrames?: boolean;
  /**
   * Whether the callers of a goroutine that went on, which are in the memory of a Go guest alone, are frames of its
   * stacks, in samples by signals. Without, such a stack begins at the function that it went on with, as
   * `wasmtime::WasmBacktrace` has it. On by default.
   */
  readonly goroutineCallers?: boolean;
  /**
   * Prefixes of the debug information's source paths, and what the profile shows instead:
   * `{ '/home/me/app': 'app' }`. Of an absolute path under none of them the profile has the file's
   * name alone; `{ '': '' }` keeps all paths whole.
   */
  readonly pathPrefixMap?: PathPrefixMap;
  /**
   * Puts the texts of the source files that sampled functions are in into the profile, for its reader's source
   * view: with `true` those that source maps hold (`sourcesContent`), with a function also what it returns
   * for others, as {@link sourcesUnder} does. Whoever gets the profile gets the texts. Off by default.
   */
  readonly sources?: boolean | SourceReader;
  /**
   * What functions are shown as, by their names: the first rule that fits decides. By default those of
   * {@link DEFAULT_CATEGORIES}: allocators, garbage collectors, WASI, standard libraries and runtimes.
   */
  readonly categories?: readonly CategoryRule[];
  /** The guest's arguments, for readers to show. None by default: who sees the profile sees them. */
  readonly arguments?: readonly string[];
}

export const REAL_CLOCK: ProfilerClock = {
  wall: () => Date.now(),
  // `performance` would take 2 ms to load.
  monotonic: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return 1e3 * seconds + nanoseconds / 1e6;
  },
};

const OPTIONS: readonly (keyof ProfilerOptions)[] = [
  ...(['clock', 'rawNames', 'lines', 'inlineFrames'] as const),
  ...(['goroutineCallers', 'pathPrefixMap', 'sources', 'categories', 'arguments'] as const),
];

/** @internal Options with their defaults; TypeError for unknown ones and for wrong types. */
export function checkOptions(options: unknown): Required<ProfilerOptions> {
  const given = checkObject('options', options) as ProfilerOptions;
  checkKeys('options', given, OPTIONS);
  const { clock = REAL_CLOCK, rawNames = false, lines = true, inlineFrames = true } = given;
  const { goroutineCallers = true } = given;
  const { pathPrefixMap = {}, sources = false, categories = DEFAULT_CATEGORIES } = given;
  checkObject('options.clock', clock);
  checkFunction('options.clock.wall', clock.wall);
  checkFunction('options.clock.monotonic', clock.monotonic);
  for (const [prefix, shown] of Object.entries(
    checkObject('options.pathPrefixMap', pathPrefixMap),
  )) {
    checkString(`options.pathPrefixMap[${JSON.stringify(prefix)}]`, shown);
  }
  const args = given.arguments ?? [];
  for (const [i, arg] of checkArray('options.arguments', args).entries()) {
    checkString(`options.arguments[${i}]`, arg);
  }
  return {
    clock: clock === REAL_CLOCK ? clock : checkedClock(clock),
    rawNames: checkBoolean('options.rawNames', rawNames),
    lines: checkBoolean('options.lines', lines),
    inlineFrames: checkBoolean('options.inlineFrames', inlineFrames),
    goroutineCallers: checkBoolean('options.goroutineCallers', goroutineCallers),
    pathPrefixMap,
    sources: checkSources(sources),
    categories: checkCategories('options.categories', categories),
    arguments: args,
  };
}

/** A clock of the user's, whose readings are checked as they are made. */
function checkedClock(clock: ProfilerClock): ProfilerClock {
  const read = (name: keyof ProfilerClock) => (): Milliseconds => {
    const reading = clock[name]();
    if (Number.isFinite(reading)) return reading;
    throw outOfRange(`options.clock.${name}()`, 'a finite number of milliseconds', reading);
  };
  return { wall: read('wall'), monotonic: read('monotonic') };
}

function checkSources(sources: unknown): boolean | SourceReader {
  if (typeof sources === 'boolean') return sources;
  if (typeof sources === 'function') return sources as SourceReader;
  throw wrongType('options.sources', 'a boolean or a function', sources);
}
