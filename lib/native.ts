import type * as Native from './generated/native.js';
import { requireFrom } from './own-files.js';
import { makeNativeError } from './runtime/errors.js';
import { findAddon } from './runtime/find-addon.js';

const file = findAddon();

/** The addon: `build/Release` of a source build, else the prebuilt binary that fits the machine. */
export const native = requireFrom(file)(file) as typeof Native;

/** Most values that a call can take or give: WebAssembly's own limit. */
export const SLOT_COUNT = 1000;

/** An asynchronous call that waits to go on. */
export interface WaitingCall {
  schedule(): void;
}

/**
 * What the copies of the library in this thread have in common, since the addon is loaded once for all: a test runner
 * evaluates the files anew for each test file, a bundle has a copy of its own. It hangs on the addon's object, which each
 * copy finds, whatever its realm; the copies' classes are different ones.
 */
interface Common {
  /**
   * Where numbers and vectors cross between JS and native code, 16 bytes each. One side fills it and the
   * other reads it at once, with nothing in between, so nested calls may share it.
   */
  readonly slots: ArrayBuffer;
  /** The newest copy's: those before may be of a realm that is gone. `instanceof` knows the errors of each. */
  makeError: typeof makeNativeError;
  /** Those that native code may wake, by their numbers. */
  readonly calls: Map<number, WaitingCall>;
  lastCall: number;
  /** Native code knows whom to tell. */
  isListening: boolean;
}

const COMMON = Symbol.for('wasmtime-guest-profiler.common');
const holder = native as { [COMMON]?: Common };

holder[COMMON] ??= first();
export const common: Common = holder[COMMON];
common.makeError = makeNativeError;

function first(): Common {
  const slots = new ArrayBuffer(16 * SLOT_COUNT);
  const made: Common = {
    slots,
    makeError: makeNativeError,
    calls: new Map(),
    lastCall: 0,
    isListening: false,
  };
  native.initialize(
    slots,
    (...args) => made.makeError(...args),
    () => {},
  );
  return made;
}

/** Whether a Worker runs this. The process's first thread is none's; Node's own answer takes 4 ms to load. */
export const isWorker =
  !native.isFirstThread() &&
  !(requireFrom(file)('node:worker_threads') as typeof import('node:worker_threads')).isMainThread;

// It may be ended while a guest holds it.
if (isWorker) native.watchEnding();

/** The functions that are called most, which take handles for objects. */
export interface HotFunctions {
  /** Calls with the arguments in the slots; returns the references among the results, by position. */
  call(func: object, store: object, references?: unknown[]): unknown[] | undefined;
  /** A function and its store, for `callBound` and `callAtOnce`. */
  bind(func: object, store: object): object;
  /** As `call`. */
  callBound(bound: object, references?: unknown[]): unknown[] | undefined;
  /** As `callBound`, for an asynchronous call; false, and nothing is done, where the guest may need a fiber. */
  callAtOnce(bound: object, references?: unknown[]): unknown[] | undefined | false;
  /**
   * Calls a component's function with so many bytes of arguments in the slots, or with all of them; returns all of the
   * results that aren't in the slots.
   */
  callComponent(
    func: object,
    store: object,
    values: number | readonly [Uint8Array, Uint8Array[], Native.NativeResource[]],
  ): readonly [Uint8Array, Uint8Array[], Native.NativeResource[]] | undefined;
  /** As `call`, on a fiber; the handle of the call where its guest waits or yields, known by `id`. */
  startCall(
    func: object,
    store: object,
    id: number,
    references?: unknown[],
  ): unknown[] | object | undefined;
  /** Whether a call, as `startCall` gave it, can go on at once. */
  hasYielded(call: object): boolean;
  /**
   * Runs the call's guest until it ends, waits (0) or yields (1), else what the call gives; where the value of the promise with
   * the number `settled` lies in the slots, 2 more if the guest did not take it.
   */
  pollCall(
    call: object,
    settled?: number,
  ):
    | number
    | unknown[]
    | Native.NativeInstance
    | Native.NativeComponentInstance
    | Native.NativeResource
    | undefined;
  /** Ends the call's guest where it waits; false while it runs. */
  cancelCall(call: object): boolean;
  /** Records a sample; a negative time means now. */
  sample(recorder: object, store: object, cpuDeltaMs: number, timeMs: number): void;
}

export const hot = {
  ...native.hotFunctions(),
  callComponent: native.hotComponentCall(),
} as HotFunctions;
