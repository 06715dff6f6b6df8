import type { NativeOracle, NativeStore } from '../../lib/generated/native.js';
import type { Module, Store } from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { Engine } from '../../lib/runtime/engine.js';
import { Module as ModuleClass } from '../../lib/runtime/module.js';
import { Store as StoreClass } from '../../lib/runtime/store.js';

if (!('benchPeer' in native)) {
  throw new Error('the addon has no oracle: build it with `npm run build:test`');
}

/** What native code does at an epoch deadline. */
type Work =
  /** Nothing: what it costs to get there and back. */
  | 'nothing'
  /** Wasmtime's own `GuestProfiler::sample`. */
  | NativeOracle
  /** Wasmtime's own `WasmBacktrace::force_capture`. */
  | 'backtrace';

/** Wasmtime's own profiler, called from Rust. */
export function upstreamProfiler(name: string, module: Module, intervalMs = 1): NativeOracle {
  const engine = Engine.native('engine', module.engine);
  const modules = [ModuleClass.native('module', module)];
  return new native.NativeOracle(engine, name, intervalMs, [name], modules);
}

/** Does `work` at each tick of the engine's epoch that `store` sees. */
export function atEachTick(store: Store, work: Work): void {
  peer(store, work, false);
}

/** As {@link atEachTick}, and measures the CPU time between samples, as our recorder does. */
export function atEachTickWithCpu(store: Store, profiler: NativeOracle): void {
  native.benchPeer(StoreClass.native(store), 'upstream-cpu', false, profiler);
}

/**
 * Does `work` at each check of the epoch, as if there had been a tick each time; a recorder that is
 * attached takes each for a tick of its own.
 */
export function atEachCheck(store: Store, work: Work): void {
  peer(store, work, true);
}

function peer(store: Store, work: Work, everyCheck: boolean): void {
  const owner: NativeStore = StoreClass.native(store);
  if (typeof work === 'string') native.benchPeer(owner, work, everyCheck);
  else native.benchPeer(owner, 'upstream', everyCheck, work);
}
