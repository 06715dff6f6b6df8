import { checkInteger, checkKeys, checkObject, checkString } from './check.js';
import { wrongType } from './errors.js';

/**
 * A directory for compiled modules. Mirrors `wasmtime::CacheConfig`. What is in it is run as it is: nobody else may write there,
 * and Wasmtime doesn't look whether a file is whole.
 */
export interface CacheConfig {
  /** An absolute path. */
  readonly directory: string;
}

/** The sizes of the pool. Mirrors `wasmtime::PoolingAllocationConfig`. */
export interface PoolingAllocatorConfig {
  /** Most core instances at once, over all stores; 1,000 by default. */
  readonly totalCoreInstances?: number;
  /** Most component instances at once. */
  readonly totalComponentInstances?: number;
  /** Most memories at once. */
  readonly totalMemories?: number;
  /** Most tables at once. */
  readonly totalTables?: number;
  /** Most stacks of asynchronous calls at once. */
  readonly totalStacks?: number;
  /** Most GC heaps at once. */
  readonly totalGcHeaps?: number;
  /** Most bytes of an instance's metadata. */
  readonly maxCoreInstanceSize?: number;
  /** Most bytes of a component instance's metadata. */
  readonly maxComponentInstanceSize?: number;
  /** At most so many core instances per component. */
  readonly maxCoreInstancesPerComponent?: number;
  /** At most so many memories per component. */
  readonly maxMemoriesPerComponent?: number;
  /** At most so many tables per component. */
  readonly maxTablesPerComponent?: number;
  /** At most so many memories per module. */
  readonly maxMemoriesPerModule?: number;
  /** At most so many tables per module. */
  readonly maxTablesPerModule?: number;
  /** Most bytes of a memory; 4 GiB by default. */
  readonly maxMemorySize?: number;
  /** Most elements of a table; 20,000 by default. */
  readonly tableElements?: number;
  /** Slots that keep what they were used for last. */
  readonly maxUnusedWarmSlots?: number;
  /** Slots that are given back to the system at once. */
  readonly decommitBatchSize?: number;
  /** Bytes of a memory that are zeroed instead of given back. */
  readonly linearMemoryKeepResident?: number;
  /** Bytes of a table that are zeroed instead of given back. */
  readonly tableKeepResident?: number;
  /** Bytes of a stack that are zeroed instead of given back. */
  readonly asyncStackKeepResident?: number;
}

const POOLING = {
  totalCoreInstances: 0xffff_ffff,
  totalComponentInstances: 0xffff_ffff,
  totalMemories: 0xffff_ffff,
  totalTables: 0xffff_ffff,
  totalStacks: 0xffff_ffff,
  totalGcHeaps: 0xffff_ffff,
  maxCoreInstanceSize: Number.MAX_SAFE_INTEGER,
  maxComponentInstanceSize: Number.MAX_SAFE_INTEGER,
  maxCoreInstancesPerComponent: 0xffff_ffff,
  maxMemoriesPerComponent: 0xffff_ffff,
  maxTablesPerComponent: 0xffff_ffff,
  maxMemoriesPerModule: 0xffff_ffff,
  maxTablesPerModule: 0xffff_ffff,
  maxMemorySize: Number.MAX_SAFE_INTEGER,
  tableElements: Number.MAX_SAFE_INTEGER,
  maxUnusedWarmSlots: 0xffff_ffff,
  decommitBatchSize: Number.MAX_SAFE_INTEGER,
  linearMemoryKeepResident: Number.MAX_SAFE_INTEGER,
  tableKeepResident: Number.MAX_SAFE_INTEGER,
  asyncStackKeepResident: Number.MAX_SAFE_INTEGER,
} satisfies Record<keyof PoolingAllocatorConfig, number>;

/** @internal What native code reads of `config.cache`; undefined for none. */
export function checkCache(what: string, value: unknown): object | undefined {
  if (typeof value === 'boolean') return value ? {} : undefined;
  if (typeof value === 'string') return { configFile: value };
  if (typeof value !== 'object' || value === null) {
    throw wrongType(what, 'a boolean, a string or an object', value);
  }
  checkKeys(what, value, ['directory']);
  return { directory: checkString(`${what}.directory`, (value as CacheConfig).directory) };
}

/** @internal What native code reads of `config.poolingAllocator`; undefined for none. */
export function checkPooling(what: string, value: unknown): object | undefined {
  if (typeof value === 'boolean') return value ? {} : undefined;
  const config = checkObject(what, value);
  checkKeys(what, config, Object.keys(POOLING));
  const checked: Record<string, number> = {};
  for (const [key, maximum] of Object.entries(POOLING)) {
    if (config[key] === undefined) continue;
    checked[key] = checkInteger(`${what}.${key}`, config[key], 0, maximum);
  }
  return checked;
}
