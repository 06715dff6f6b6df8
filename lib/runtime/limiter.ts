import type { NativeLimits } from '../generated/native.js';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkKeys,
  checkObject,
  checkUnsigned,
} from './check.js';

/**
 * Says whether a memory (sizes in bytes) or a table (in elements) may grow; `maximum` is its type's, for a
 * memory without one what its addresses reach.
 * What it throws unwinds the guest. The store can't be used meanwhile.
 */
export type Growing = (current: number, desired: number, maximum: number | undefined) => boolean;

/** What a store may allocate. Mirrors `wasmtime::StoreLimits` and `wasmtime::ResourceLimiter`. */
export interface ResourceLimiter {
  /** Most bytes of each memory. */
  readonly memorySize?: number;
  /** Most elements of each table. */
  readonly tableElements?: number;
  /** Most instances; 10,000 by default. */
  readonly instances?: number;
  /** Most tables; 10,000 by default. */
  readonly tables?: number;
  /** Most memories; 10,000 by default. */
  readonly memories?: number;
  /** Beyond a limit, an instruction that grows traps instead of returning −1. Off by default. */
  readonly trapOnGrowFailure?: boolean;
  /** Asked for what is within the limits. Mirrors `ResourceLimiter::memory_growing`. */
  readonly memoryGrowing?: Growing;
  /** Asked for what is within the limits. Mirrors `ResourceLimiter::table_growing`. */
  readonly tableGrowing?: Growing;
}

const LIMITS = ['memorySize', 'tableElements', 'instances', 'tables', 'memories'] as const;

type NativeGrowing = (current: number, desired: number, maximum: number) => number;

/** @internal What native code reads of a limiter. */
export function checkLimiter(limiter: ResourceLimiter): {
  limits: NativeLimits;
  memoryGrowing: NativeGrowing | null;
  tableGrowing: NativeGrowing | null;
} {
  checkObject('limiter', limiter);
  checkKeys('limiter', limiter, [...LIMITS, 'trapOnGrowFailure', 'memoryGrowing', 'tableGrowing']);
  const limits: NativeLimits = {};
  for (const name of LIMITS) {
    const limit = limiter[name];
    if (limit !== undefined) limits[name] = checkInteger(`limiter.${name}`, limit);
  }
  if (limiter.trapOnGrowFailure !== undefined) {
    limits.trapOnGrowFailure = checkBoolean('limiter.trapOnGrowFailure', limiter.trapOnGrowFailure);
  }
  return {
    limits,
    memoryGrowing: dispatch('limiter.memoryGrowing', limiter.memoryGrowing),
    tableGrowing: dispatch('limiter.tableGrowing', limiter.tableGrowing),
  };
}

function dispatch(what: string, growing: Growing | undefined): NativeGrowing | null {
  if (growing === undefined) return null;
  checkFunction(what, growing);
  return (current, desired, maximum) =>
    Number(
      checkBoolean(
        `result of ${what}`,
        growing(current, desired, maximum < 0 ? undefined : maximum),
      ),
    );
}

/** @internal */
export function checkFuel(fuel: number | bigint): bigint {
  return checkUnsigned('fuel', fuel, 64);
}
