import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Native from './generated/native.js';
import { makeNativeError, misuse } from './runtime/errors.js';

const load = createRequire(import.meta.url)('node-gyp-build') as (root: string) => typeof Native;

/** The addon: `build/Release` of a source build, else the prebuilt binary that fits the machine. */
export const native = load(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** Most values that a call can take or give: WebAssembly's own limit. */
export const SLOT_COUNT = 1000;

/**
 * Where numbers and vectors cross between JS and native code, 16 bytes each. One side fills it and the
 * other reads it at once, with nothing in between, so nested calls may share it.
 */
export const slots = new ArrayBuffer(16 * SLOT_COUNT);

if (!native.initialize(slots, makeNativeError)) {
  // Each copy would have classes and a buffer of its own, and the addon can serve but one.
  throw misuse(
    'ERR_LOADED_TWICE',
    'wasmtime-guest-profiler is loaded already in this thread, from another copy of its files: import one only',
  );
}

/** The functions that are called most, which take handles for objects. */
export interface HotFunctions {
  /** Calls with the arguments in the slots; returns the references among the results, by position. */
  call(func: object, store: object, references?: unknown[]): unknown[] | undefined;
  /** Records a sample; a negative time means now. */
  sample(recorder: object, store: object, cpuDeltaMs: number, timeMs: number): void;
}

export const hot = native.hotFunctions() as HotFunctions;
