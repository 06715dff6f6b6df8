import type { NativeConfig } from '../generated/native.js';
import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkObject,
  checkOneOf,
  checkString,
} from './check.js';
import {
  type CacheConfig,
  checkCache,
  checkPooling,
  type PoolingAllocatorConfig,
} from './config-parts.js';
import { checkOperatorCost, type OperatorCost } from './operator-cost.js';
import { WASM_FEATURES, type WasmFeature } from './wasm-features.js';

/** How an engine compiles and runs. Mirrors `wasmtime::Config`, whose defaults hold. Sizes are in bytes. */
export interface Config {
  /**
   * Compiled code looks at the engine's epoch at function entries and loop headers, and leaves to the
   * store's epoch callback, or traps, when it reaches the store's deadline. Off by default.
   */
  readonly epochInterruption?: boolean;
  /** Compiled code counts fuel, see `Store.setFuel`. Off by default. */
  readonly consumeFuel?: boolean;
  /** Native debug information for the compiled code. Off by default. */
  readonly debugInfo?: boolean;
  /** Keep symbols in the compiled code. On by default. */
  readonly debugSymbols?: boolean;
  /** Emit unwind tables for native debuggers. On where the platform has them. */
  readonly nativeUnwindInfo?: boolean;
  /** Keep the map from compiled code to wasm offsets, which backtraces need. On by default. */
  readonly generateAddressMap?: boolean;
  /** Compile functions on all cores. On by default. */
  readonly parallelCompilation?: boolean;
  /** Instrument the code for a debugger; no `GuestProfiler` can be had then. Off by default. */
  readonly guestDebug?: boolean;
  /** Zero the stacks of asynchronous calls before they are used. Off by default. */
  readonly asyncStackZeroing?: boolean;
  /** The tail-call proposal. On by default. */
  readonly wasmTailCall?: boolean;
  /** Use hints of the branch-hinting proposal. */
  readonly wasmBranchHinting?: boolean;
  /** The custom-page-sizes proposal. Off by default. */
  readonly wasmCustomPageSizes?: boolean;
  /** The threads proposal: atomics and shared memory. On by default. */
  readonly wasmThreads?: boolean;
  /** The shared-everything-threads proposal, which is unfinished. Off by default. */
  readonly wasmSharedEverythingThreads?: boolean;
  /** The reference-types proposal. On by default. */
  readonly wasmReferenceTypes?: boolean;
  /** The typed function references proposal. */
  readonly wasmFunctionReferences?: boolean;
  /** The wide-arithmetic proposal. Off by default. */
  readonly wasmWideArithmetic?: boolean;
  /** The garbage collection proposal. */
  readonly wasmGc?: boolean;
  /** The SIMD proposal. On by default. */
  readonly wasmSimd?: boolean;
  /** The relaxed SIMD proposal. On by default. */
  readonly wasmRelaxedSimd?: boolean;
  /** Relaxed SIMD gives the same results on all hardware. Off by default. */
  readonly relaxedSimdDeterministic?: boolean;
  /** The bulk-memory proposal. On by default. */
  readonly wasmBulkMemory?: boolean;
  /** The multi-value proposal. On by default. */
  readonly wasmMultiValue?: boolean;
  /** The multi-memory proposal. On by default. */
  readonly wasmMultiMemory?: boolean;
  /** The memory64 proposal. On by default. */
  readonly wasmMemory64?: boolean;
  /** The extended-const proposal. On by default. */
  readonly wasmExtendedConst?: boolean;
  /** The stack-switching proposal, which is unfinished. Off by default. */
  readonly wasmStackSwitching?: boolean;
  /** The exception-handling proposal. */
  readonly wasmExceptions?: boolean;
  /** The component model. On by default. */
  readonly wasmComponentModel?: boolean;
  /** The component model's async features. */
  readonly wasmComponentModelAsync?: boolean;
  /** The component model's `error-context`. Off by default. */
  readonly wasmComponentModelErrorContext?: boolean;
  /** GC in the component model, which is unfinished. Off by default. */
  readonly wasmComponentModelGc?: boolean;
  /** Cranelift checks its own intermediate code. Off by default. */
  readonly craneliftDebugVerifier?: boolean;
  /** Every NaN that an operation makes is the canonical one. Off by default. */
  readonly craneliftNanCanonicalization?: boolean;
  /** A memory may move when it grows. On by default. */
  readonly memoryMayMove?: boolean;
  /** A GC heap may move when it grows. As `memoryMayMove` by default. */
  readonly gcHeapMayMove?: boolean;
  /** Guard pages also before memories. On by default. */
  readonly guardBeforeLinearMemory?: boolean;
  /** Fill tables of functions when they are used. On by default. */
  readonly tableLazyInit?: boolean;
  /** Initialize memories by copy-on-write mappings. On by default. */
  readonly memoryInitCow?: boolean;
  /** Demand memfds for copy-on-write images. Off by default. */
  readonly forceMemoryInitMemfd?: boolean;
  /** Find traps by hardware signals rather than by explicit checks. On by default. */
  readonly signalsBasedTraps?: boolean;
  /** Garbage collection at all. On by default. */
  readonly gcSupport?: boolean;
  /** Shared memories may be made. Off by default. */
  readonly sharedMemory?: boolean;
  /** What the component model's concurrency needs. On by default. */
  readonly concurrencySupport?: boolean;
  /** On macOS, mach ports rather than signals. On by default. */
  readonly macosUseMachPorts?: boolean;
  /**
   * Bytes of stack that WebAssembly may use, 512 KiB by default. Where the thread's stack has less left, as below deep
   * JavaScript, the guest runs on one of its own. JavaScript that it calls has what JavaScript has left of the
   * thread's: 984 KB on a main thread unless Node's `--stack-size` says otherwise.
   */
  readonly maxWasmStack?: number;
  /**
   * Bytes of stack of an asynchronous call, guest and host together; 2 MiB by default, and always at least
   * 1 MiB more than `maxWasmStack` unless given; 256 KiB more is the least.
   */
  readonly asyncStackSize?: number;
  /** Bytes of address space that a memory reserves; 4 GiB on 64-bit machines. */
  readonly memoryReservation?: number;
  /** Bytes of guard region after a memory; 32 MiB on 64-bit machines. */
  readonly memoryGuardSize?: number;
  /** Bytes reserved beyond a memory that has moved; 2 GiB on 64-bit machines. */
  readonly memoryReservationForGrowth?: number;
  /** Bytes of address space that a GC heap reserves. As `memoryReservation` by default. */
  readonly gcHeapReservation?: number;
  /** Bytes of guard region after a GC heap. As `memoryGuardSize` by default. */
  readonly gcHeapGuardSize?: number;
  /** Bytes reserved beyond a GC heap that has moved. */
  readonly gcHeapReservationForGrowth?: number;
  /** Bytes that a GC heap starts with. */
  readonly gcHeapInitialSize?: number;
  /** Bytes up to which a sparse memory image is still made; 16 MiB by default. */
  readonly memoryGuaranteedDenseImageSize?: number;
  /** The error of a trap carries a core dump, see `WasmtimeError.coreDump`. Off by default. */
  readonly coredumpOnTrap?: boolean;
  /** What operators cost in fuel, by Wasmtime's names such as `I32Add`, where it isn't Wasmtime's choice. */
  readonly operatorCost?: OperatorCost;
  /** Errors carry the WebAssembly frames that were on the stack. On by default. */
  readonly wasmBacktrace?: boolean;
  /** Frames of errors carry file and line, where the module has DWARF. */
  readonly wasmBacktraceDetails?: boolean;
  /** Most frames that an error carries; 20 by default. Samples of a profiler have no limit. */
  readonly wasmBacktraceMaxFrames?: number;
  /** The compiler; `auto` is Cranelift. */
  readonly strategy?: 'auto' | 'cranelift';
  /**
   * The target triple to compile for, by default this machine. `pulley64` interprets, and `pulley32` can be precompiled
   * for a machine of 32 bits. This build has the compiler of its own architecture alone: the triple of another operating
   * system on it (`x86_64-apple-darwin`) can be precompiled, not run, and one of another architecture is refused
   * (`ERR_ENGINE_CONFIG`).
   */
  readonly target?: string;
  /** The garbage collector. */
  readonly collector?: 'auto' | 'deferred-reference-counting' | 'null' | 'copying';
  /** Tell a native profiler about compiled code. Mirrors `Config::profiler`. */
  readonly nativeProfiler?: 'none' | 'perfmap' | 'jitdump' | 'vtune';
  /** Cranelift's effort; `speed` by default. */
  readonly craneliftOptLevel?: 'none' | 'speed' | 'speed-and-size';
  /** `backtracking` by default. */
  readonly craneliftRegallocAlgorithm?: 'backtracking' | 'single-pass';
  /** Whether small functions are inlined; `no` by default. Errors and samples don't show inlined frames. */
  readonly compilerInlining?:
    | 'yes'
    | 'inter-module-and-intra-gc'
    | 'inter-module'
    | 'intrinsics'
    | 'no';
  /** What serialized modules are marked with, instead of Wasmtime's version; empty: no check. */
  readonly moduleVersion?: string;
  /** Keep compiled modules on disk: `true` as Wasmtime's own CLI does, a configuration file, or a directory. */
  readonly cache?: boolean | string | CacheConfig;
  /** Take instances from a pool that is allocated at once; `true` with Wasmtime's sizes. */
  readonly poolingAllocator?: boolean | PoolingAllocatorConfig;
}

const size = (what: string, value: unknown) => checkInteger(what, value);
const oneOf =
  (...choices: string[]) =>
  (what: string, value: unknown) =>
    checkOneOf(what, value, choices);

const features = Object.fromEntries(WASM_FEATURES.map((name) => [name, checkBoolean])) as Record<
  WasmFeature,
  typeof checkBoolean
>;

const checks: {
  readonly [K in keyof Required<Config>]: (what: string, value: unknown) => unknown;
} = {
  epochInterruption: checkBoolean,
  consumeFuel: checkBoolean,
  debugInfo: checkBoolean,
  debugSymbols: checkBoolean,
  nativeUnwindInfo: checkBoolean,
  generateAddressMap: checkBoolean,
  parallelCompilation: checkBoolean,
  guestDebug: checkBoolean,
  asyncStackZeroing: checkBoolean,
  ...features,
  relaxedSimdDeterministic: checkBoolean,
  craneliftDebugVerifier: checkBoolean,
  craneliftNanCanonicalization: checkBoolean,
  memoryMayMove: checkBoolean,
  gcHeapMayMove: checkBoolean,
  guardBeforeLinearMemory: checkBoolean,
  tableLazyInit: checkBoolean,
  memoryInitCow: checkBoolean,
  forceMemoryInitMemfd: checkBoolean,
  signalsBasedTraps: checkBoolean,
  gcSupport: checkBoolean,
  sharedMemory: checkBoolean,
  concurrencySupport: checkBoolean,
  macosUseMachPorts: checkBoolean,
  // Wasmtime takes any size; 1 GiB is far beyond what an operating system gives a thread.
  maxWasmStack: (what, value) => checkInteger(what, value, 1, 2 ** 30),
  asyncStackSize: size,
  memoryReservation: size,
  memoryGuardSize: size,
  memoryReservationForGrowth: size,
  gcHeapReservation: size,
  gcHeapGuardSize: size,
  gcHeapReservationForGrowth: size,
  gcHeapInitialSize: size,
  memoryGuaranteedDenseImageSize: size,
  coredumpOnTrap: checkBoolean,
  operatorCost: checkOperatorCost,
  wasmBacktrace: checkBoolean,
  wasmBacktraceDetails: checkBoolean,
  wasmBacktraceMaxFrames: (what, value) => checkInteger(what, value, 1, 2 ** 31),
  strategy: oneOf('auto', 'cranelift'),
  target: checkString,
  collector: oneOf('auto', 'deferred-reference-counting', 'null', 'copying'),
  nativeProfiler: oneOf('none', 'perfmap', 'jitdump', 'vtune'),
  craneliftOptLevel: oneOf('none', 'speed', 'speed-and-size'),
  craneliftRegallocAlgorithm: oneOf('backtracking', 'single-pass'),
  compilerInlining: oneOf('yes', 'inter-module-and-intra-gc', 'inter-module', 'intrinsics', 'no'),
  moduleVersion: checkString,
  cache: checkCache,
  poolingAllocator: checkPooling,
};

/**
 * @internal The form that native code reads.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number out of range.
 */
export function checkConfig(config: Config): NativeConfig {
  checkObject('config', config);
  checkKeys('config', config, Object.keys(checks));
  const checked: Record<string, unknown> = {};
  for (const [key, check] of Object.entries(checks)) {
    const value = config[key as keyof Config];
    if (value !== undefined) checked[key] = check(`config.${key}`, value);
  }
  return checked as unknown as NativeConfig;
}
