import type { NativeErrorDetail, NativeFrame, NativeRef } from '../generated/native.js';

/** A source position within a frame of a backtrace. Mirrors `wasmtime::FrameSymbol`. */
export interface FrameSymbol {
  /** Demangled. */
  readonly name: string | undefined;
  /** As the compiler wrote it. */
  readonly file: string | undefined;
  /** From 1. */
  readonly line: number | undefined;
  /** From 1. */
  readonly column: number | undefined;
}

/** Under it in the prototype of an error's class: its name, in each copy of the library and in any realm. */
const ERROR = Symbol.for('wasmtime-guest-profiler.error');

interface ErrorClass {
  readonly prototype: object;
}

/** @internal */
export function markError(class_: ErrorClass, name: string): void {
  Object.defineProperty(class_.prototype, ERROR, { value: name });
}

/** @internal Whether `value` is of `class_`, or of the class of that name in another copy of the library. */
export function isInstance(class_: ErrorClass, value: unknown): boolean {
  if (Reflect.apply(Function.prototype[Symbol.hasInstance], class_, [value])) return true;
  // A subclass of the program's has no namesake.
  const mark = Object.getOwnPropertyDescriptor(class_.prototype, ERROR)?.value as unknown;
  if (mark === undefined || typeof value !== 'object' || value === null) return false;
  for (let at: object | null = prototypeOf(value); at !== null; at = prototypeOf(at)) {
    if (Object.getOwnPropertyDescriptor(at, ERROR)?.value === mark) return true;
  }
  return false;
}

function prototypeOf(value: object): object | null {
  return attempt(() => Object.getPrototypeOf(value) as object | null) ?? null;
}

/** A WebAssembly frame of an error's backtrace. Mirrors `wasmtime::FrameInfo`. */
export interface FrameInfo {
  /** From the module's name section. */
  readonly moduleName: string | undefined;
  /** In the module's function index space. */
  readonly funcIndex: number;
  /** Demangled. */
  readonly funcName: string | undefined;
  /** In bytes from the start of the wasm file. */
  readonly moduleOffset: number | undefined;
  /** In bytes from the start of the function's body. */
  readonly funcOffset: number | undefined;
  /** Where debug information puts the frame, innermost inlined function first. */
  readonly symbols: readonly FrameSymbol[];
}

/**
 * What Wasmtime reports: its message, and the WebAssembly frames that were on the stack. Mirrors
 * `wasmtime::Error`.
 *
 * @example
 * ```js
 * import { Engine, Module, WasmtimeError } from 'wasmtime-guest-profiler';
 *
 * try {
 *   Module.compile(new Engine(), '(module (func (result i32)))');
 * } catch (error) {
 *   if (!(error instanceof WasmtimeError)) throw error;
 *   console.log(error.code); // ERR_INVALID_MODULE
 * }
 * ```
 */
export class WasmtimeError extends Error {
  /** The name of the class. */
  override readonly name: string = 'WasmtimeError';
  /** Stable, for programs: `ERR_INVALID_MODULE`, `ERR_UNKNOWN_IMPORT`, … */
  readonly code: string;
  /** The backtrace, newest frame first; at most `wasmBacktraceMaxFrames` of it. */
  readonly frames: readonly FrameInfo[];
  /**
   * The guest's memories, globals and stack in the core dump format of WebAssembly's tool conventions,
   * when the engine has `coredumpOnTrap`. Wasmtime can't write down a store in which components call others within,
   * or globals hold exceptions. Mirrors `wasmtime::WasmCoreDump`.
   */
  declare readonly coreDump: Uint8Array | undefined;

  constructor(message: string, code: string, frames: readonly FrameInfo[] = []) {
    super(message);
    this.code = code;
    this.frames = frames;
  }

  /** @internal Errors of another copy of the library are known too, since the newest makes those of all. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass is asked for itself.
    return isInstance(this, value);
  }

  static {
    markError(WasmtimeError, 'WasmtimeError');
  }
}

/**
 * WebAssembly trapped. Mirrors `wasmtime::Trap`.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store, Trap } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const store = new Store(engine);
 * const module = Module.compile(
 *   engine,
 *   '(module (func (export "half") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))',
 * );
 * const instance = new Linker(engine).instantiate(store, module);
 * try {
 *   instance.getFunc(store, 'half').call(store, 1, 0);
 * } catch (error) {
 *   if (!(error instanceof Trap)) throw error;
 *   console.log(error.trapCode); // IntegerDivisionByZero
 * }
 * ```
 */
export class Trap extends WasmtimeError {
  /** Always `Trap`. */
  override readonly name = 'Trap';
  /** The name of the `wasmtime::Trap` variant: `UnreachableCodeReached`, `MemoryOutOfBounds`, … */
  readonly trapCode: string;

  constructor(message: string, trapCode: string, frames: readonly FrameInfo[] = []) {
    super(message, 'ERR_WASM_TRAP', frames);
    this.trapCode = trapCode;
  }

  static {
    markError(Trap, 'Trap');
  }
}

/**
 * The guest called WASI's `proc_exit`; 0 is success. Mirrors `wasmtime_wasi::I32Exit`.
 *
 * @example
 * ```js
 * import { Engine, Linker, Module, Store, WasiConfig, WasiExit } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const store = new Store(engine);
 * store.setWasi(new WasiConfig());
 * const module = Module.compile(engine, `(module
 *   (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
 *   (memory (export "memory") 1)
 *   (func (export "_start") (call $exit (i32.const 3))))`);
 * const instance = new Linker(engine).addWasi().instantiate(store, module);
 * try {
 *   instance.getFunc(store, '_start').call(store);
 * } catch (error) {
 *   if (!(error instanceof WasiExit)) throw error;
 *   console.log(error.exitCode); // 3
 * }
 * ```
 */
export class WasiExit extends WasmtimeError {
  /** Always `WasiExit`. */
  override readonly name = 'WasiExit';
  /** What the guest gave; 0 is success. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number, frames: readonly FrameInfo[] = []) {
    super(message, 'ERR_WASI_EXIT', frames);
    this.exitCode = exitCode;
  }

  static {
    markError(WasiExit, 'WasiExit');
  }
}

/** @internal A misuse: a `TypeError` with a stable `code`, as Node's own. */
export function misuse(code: string, message: string): TypeError & { code: string } {
  return Object.assign(new TypeError(message), { code });
}

/** @internal How the classes of each copy of the library know one another's objects, in any realm. */
export const COPY = Symbol.for('wasmtime-guest-profiler.class');

/** @internal Under {@link COPY} in the prototype of a class. */
export interface ClassOfCopy {
  readonly name: string;
  readonly copy: object;
}

/** @internal This copy of the library. */
export const OWN_COPY = {};

/** @internal A value of the wrong type: `expected X, got Y`. */
export function wrongType(what: string, expected: string, got: unknown): TypeError {
  const other = classOfOtherCopy(got);
  if (other !== undefined) {
    return misuse(
      'ERR_LOADED_TWICE',
      `${what}: expected ${expected}, got the ${other} of another copy of wasmtime-guest-profiler, which is ` +
        'loaded more than once in this thread: import one only, or hand it over with share and fromShared',
    );
  }
  return misuse('ERR_INVALID_ARG_TYPE', `${what}: expected ${expected}, got ${describe(got)}`);
}

/** @internal A value of the right type that is not among those that make sense. */
export function outOfRange(what: string, expected: string, got: unknown): RangeError {
  const message = `${what}: expected ${expected}, got ${describe(got)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

/** @internal The method of a store, of any copy of the library, that makes an `ExnRef` of its own. */
export const WRAP_EXCEPTION = Symbol.for('wasmtime-guest-profiler.wrapException');

/** @internal Set by the file of the makers of `ExnRef`, which knows errors. */
export const late: { wrapException?: (exception: NativeRef, store: object) => object } = {};

interface ExceptionOwner {
  [WRAP_EXCEPTION]?(exception: NativeRef): object | undefined;
}

/** @internal Makes the errors that native code throws. */
export function makeNativeError(
  kind: string,
  code: string,
  message: string,
  detail: NativeErrorDetail,
  exception: NativeRef | null,
  store: object | undefined,
): Error {
  if (kind === 'misuse') return misuse(code, message);
  const error = makeError(kind, code, message, detail);
  if (detail.coreDump !== undefined) set(error, 'coreDump', detail.coreDump);
  if (exception !== null && store !== undefined) {
    set(error, 'exception', (store as ExceptionOwner)[WRAP_EXCEPTION]?.(exception));
  }
  return error;
}

/** Not enumerable: neither belongs in what `console.log` prints of an error. */
function set(error: WasmtimeError, name: 'coreDump' | 'exception', value: unknown): void {
  Object.defineProperty(error, name, { value, enumerable: false });
}

function makeError(
  kind: string,
  code: string,
  message: string,
  detail: NativeErrorDetail,
): WasmtimeError {
  const frames = detail.frames.map(frameInfo);
  switch (kind) {
    case 'trap':
      return new Trap(message, detail.trap ?? '', frames);
    case 'exit':
      return new WasiExit(message, detail.exitCode ?? 0, frames);
    default:
      return new WasmtimeError(message, code, frames);
  }
}

function frameInfo(frame: NativeFrame): FrameInfo {
  return {
    moduleName: frame.moduleName,
    funcIndex: frame.funcIndex,
    funcName: frame.funcName,
    moduleOffset: frame.moduleOffset,
    funcOffset: frame.funcOffset,
    symbols: frame.symbols.map(({ name, file, line, column }) => ({ name, file, line, column })),
  };
}

function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
    case 'bigint':
      return `the bigint ${value}n`;
    case 'number':
    case 'boolean':
    case 'undefined':
      return `${value}`;
    case 'object': {
      if (value === null) return 'null';
      const name = attempt(() => value.constructor?.name);
      return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object';
    }
    default:
      return `a ${typeof value}`;
  }
}

function classOfOtherCopy(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = attempt(() => (value as { [COPY]?: ClassOfCopy })[COPY]);
  return found?.copy === OWN_COPY ? undefined : found?.name;
}

/** @internal What `read` gives: to look at a value of theirs may run their code, a proxy's or a getter's. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
