// The public surface: everything here is documented where it is defined.

export { FORMAT_NAMES, type FormatName } from './formats/format-list.js';
export type { FormatOptions } from './formats/formats.js';
export type { ProfileOutput } from './formats/output.js';
export type { ReadOptions } from './formats/row-limit.js';
export type { CodeLabel } from './profile/code-text.js';
export type { Weight } from './profile/sample-weight.js';
export {
  type CounterOptions,
  type MarkerOptions,
  type MarkerValue,
  ProfileCounter,
} from './profiler/annotations.js';
export type { BaselineUse } from './profiler/bench-baseline.js';
export {
  type BenchHooks,
  BenchProfiler,
  type BenchProfilerOptions,
  type TaskHooks,
} from './profiler/bench-profiler.js';
export type { BenchTask } from './profiler/bench-task.js';
export { type CategoryRule, DEFAULT_CATEGORIES } from './profiler/categories.js';
export type { DisassembledFunction, DisassembledLine } from './profiler/disassembly.js';
export {
  type DisassemblyOptions,
  FinishedProfile,
  type FunctionSamples,
  type ThreadSummary,
} from './profiler/finished-profile.js';
export { GuestProfiler } from './profiler/guest-profiler.js';
export {
  LiveProfiler,
  type LiveProfilerOptions,
  type RotateOptions,
} from './profiler/live-profiler.js';
export { watchMemory } from './profiler/memory-watch.js';
export type { FileSource, ModuleSymbols, SourceMapObject } from './profiler/module-symbols.js';
export type { NamedModule } from './profiler/named-module.js';
export type { ProfilerClock, ProfilerOptions } from './profiler/options.js';
export {
  type ProfiledResult,
  type ProfileGuestOptions,
  profileGuest,
} from './profiler/profile-guest.js';
export type { Recorder, RecorderOptions } from './profiler/recorder.js';
export type { SampleClock, Sampler } from './profiler/sampler.js';
export type { PathPrefixMap } from './profiler/source-path.js';
export { type SourceReader, sourcesUnder } from './profiler/source-texts.js';
export { ArrayRef } from './runtime/array-ref.js';
export type { AsyncCallOptions } from './runtime/async-calls.js';
export type { AsyncHostFunction } from './runtime/async-func.js';
export { CallHook } from './runtime/call-hook.js';
export type { Caller } from './runtime/caller.js';
export { threadCpuTime } from './runtime/clock.js';
export type { BytesStream, CompileOptions } from './runtime/compilation.js';
export type { AsyncComponentHostFunction } from './runtime/component/async-component-func.js';
export { Component, type SharedComponent } from './runtime/component/component.js';
export { ComponentError } from './runtime/component/component-error.js';
export { ComponentFunc, type ComponentHostFunction } from './runtime/component/component-func.js';
export { ComponentInstance, type ExportPath } from './runtime/component/component-instance.js';
export { ComponentInstancePre } from './runtime/component/component-instance-pre.js';
export type { ComponentItem, NamedComponentItem } from './runtime/component/component-item.js';
export { ComponentLinker, LinkerInstance } from './runtime/component/component-linker.js';
export { ResourceAny } from './runtime/component/resource-any.js';
export { ResourceType } from './runtime/component/resource-type.js';
export type {
  ComponentFuncType,
  SimpleWitType,
  WitCase,
  WitField,
  WitFlag,
  WitType,
} from './runtime/component/wit-type.js';
export type { Config } from './runtime/config.js';
export type { CacheConfig, PoolingAllocatorConfig } from './runtime/config-parts.js';
export { Engine, type SharedEngine } from './runtime/engine.js';
export type { EpochTicker } from './runtime/epoch-ticker.js';
export {
  type FrameInfo,
  type FrameSymbol,
  Trap,
  WasiExit,
  WasmtimeError,
} from './runtime/errors.js';
export { ExnRef } from './runtime/exn-ref.js';
export type { Extern } from './runtime/extern.js';
export { Func, type HostFunction, type HostResult, TypedFunc } from './runtime/func.js';
export {
  ArrayType,
  type FieldType,
  type ReportedFieldType,
  type StorageType,
  StructType,
} from './runtime/gc-type.js';
export { Global } from './runtime/global.js';
export { Instance } from './runtime/instance.js';
export { InstancePre } from './runtime/instance-pre.js';
export { InterruptHandle, type InterruptReason } from './runtime/interrupt-handle.js';
export type { Growing, ResourceLimiter } from './runtime/limiter.js';
export { Linker } from './runtime/linker.js';
export { Memory } from './runtime/memory.js';
export { type ExportType, type ImportType, Module, type SharedModule } from './runtime/module.js';
export type { OperatorCost, VariableOperatorCost } from './runtime/operator-cost.js';
export { GcRef, type RefKind } from './runtime/reference.js';
export {
  type AtomicType,
  SharedMemory,
  type SharedMemoryToken,
} from './runtime/shared-memory.js';
export { Store, type Storelike } from './runtime/store.js';
export { StructRef } from './runtime/struct-ref.js';
export { Table } from './runtime/table.js';
export { Tag } from './runtime/tag.js';
export {
  type ExternType,
  type FuncType,
  funcTypeMatches,
  type GlobalType,
  type MemoryType,
  type RefType,
  type TableType,
  type ValType,
  valTypeMatches,
} from './runtime/types.js';
export { UpdateDeadline } from './runtime/update-deadline.js';
export type { ResultOf, ValueOf, ValuesOf } from './runtime/values.js';
export {
  WasiConfig,
  type WasiInput,
  type WasiOptions,
  type WasiOutput,
  type WasiPreopen,
} from './runtime/wasi-config.js';
export type { WasiNetwork } from './runtime/wasi-network.js';
export type { WasiClock, WasiClocks, WasiRandom } from './runtime/wasi-sources.js';
export {
  toWebAssembly,
  type WebAssemblyGlobalType,
  type WebAssemblyImports,
  type WebAssemblyInstance,
  type WebAssemblyItem,
  type WebAssemblyLimits,
  type WebAssemblyModule,
  type WebAssemblyModuleConstructor,
  type WebAssemblyNamespace,
  type WebAssemblyTableType,
} from './runtime/web-assembly.js';
