import type { NativeCode, NativeModule, NativeShare, NativeSource } from '../generated/native.js';
import { native } from '../native.js';
import { checkBytes, checkBytesOrWat, checkPath } from './check.js';
import {
  type BytesStream,
  type CompileOptions,
  compileAsync,
  readStream,
  sourceOf,
} from './compilation.js';
import { Engine, type SharedEngine } from './engine.js';
import { wrongType } from './errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import { KnownCode } from './known-code.js';
import { checkToken, takeShared } from './shared-token.js';
import { type ExternType, externType } from './types.js';

/** An import of a module. Mirrors `wasmtime::ImportType`. */
export interface ImportType {
  /** The first half of its name. */
  readonly module: string;
  /** The second half. */
  readonly name: string;
  /** The type that is asked for. */
  readonly type: ExternType;
}

/** An export of a module. Mirrors `wasmtime::ExportType`. */
export interface ExportType {
  /** Its name. */
  readonly name: string;
  /** Its type. */
  readonly type: ExternType;
}

/** Stands for a module and its engine in a message to another thread. */
export interface SharedModule extends SharedEngine {
  /** The number under which other threads find the module. */
  readonly sharedModule: number;
}

/**
 * A compiled module, for any number of instances in stores of its engine. Mirrors `wasmtime::Module`.
 *
 * @example
 * ```js
 * import { Engine, Module } from 'wasmtime-guest-profiler';
 *
 * const module = Module.compile(new Engine(), '(module (func (export "f") (param i64)))');
 * console.log(module.exports[0].type.params[0]); // i64
 * ```
 */
export class Module {
  /** The engine that it was compiled for. */
  readonly engine: Engine;
  readonly #native: NativeModule;
  readonly #code = new KnownCode<NativeCode>();
  #share: NativeShare | undefined;

  private constructor(key: typeof INTERNAL, engine: Engine, nativeModule: NativeModule) {
    checkInternal(key, new.target);
    this.engine = engine;
    this.#native = Engine.own(engine, nativeModule);
    Engine.own(engine, this.#code);
  }

  /**
   * Compiles a module from its bytes, or from its text format. Mirrors `Module::new`.
   *
   * @throws WasmtimeError `ERR_INVALID_MODULE`, with Wasmtime's message.
   */
  static compile(engine: Engine, bytesOrWat: Uint8Array | ArrayBuffer | string): Module {
    const nativeEngine = Engine.native('engine', engine);
    return new Module(
      INTERNAL,
      engine,
      native.NativeModule.compile(nativeEngine, checkBytesOrWat(bytesOrWat)),
    );
  }

  /**
   * Compiles a module from a file, binary or text. Mirrors `Module::from_file`.
   *
   * @throws WasmtimeError `ERR_INVALID_MODULE`, also when the file can't be read.
   */
  static fromFile(engine: Engine, path: string | URL): Module {
    const nativeEngine = Engine.native('engine', engine);
    return new Module(
      INTERNAL,
      engine,
      native.NativeModule.fromFile(nativeEngine, checkPath('path', path)),
    );
  }

  /**
   * {@link Module.compile} on other threads, while JavaScript goes on; several at once. The bytes are copied before.
   *
   * @throws as {@link Module.compile} does, by rejecting; the signal's reason.
   */
  static async compileAsync(
    engine: Engine,
    bytesOrWat: Uint8Array | ArrayBuffer | string,
    options?: CompileOptions,
  ): Promise<Module> {
    Engine.native('engine', engine);
    return Module.#compileAsync(engine, sourceOf(bytesOrWat), options);
  }

  /**
   * {@link Module.fromFile} on other threads, which also read the file.
   *
   * @throws as {@link Module.fromFile} does, by rejecting; the signal's reason.
   */
  static async fromFileAsync(
    engine: Engine,
    path: string | URL,
    options?: CompileOptions,
  ): Promise<Module> {
    Engine.native('engine', engine);
    const source = native.NativeSource.file(checkPath('path', path));
    return Module.#compileAsync(engine, source, options);
  }

  /**
   * Reads a module from a stream, such as `fetch('app.wasm')`, and compiles it on other threads once all is there.
   *
   * @throws as {@link Module.compileAsync} does; TypeError for what is no stream, has pieces that aren't bytes, or
   * (`ERR_HTTP_STATUS`) is a response that isn't ok; what the stream throws. Then, and when it is aborted, the stream
   * is cancelled.
   */
  static async compileStreaming(
    engine: Engine,
    stream: BytesStream | PromiseLike<BytesStream>,
    options?: CompileOptions,
  ): Promise<Module> {
    Engine.native('engine', engine);
    return Module.#compileAsync(engine, await readStream('stream', stream, options), options);
  }

  static async #compileAsync(
    engine: Engine,
    source: NativeSource,
    options: CompileOptions | undefined,
  ): Promise<Module> {
    const its = Engine.native('engine', engine);
    const start = (id: number) => native.NativeModule.compileAsync(its, source, id);
    return new Module(INTERNAL, engine, await compileAsync<NativeModule>(options, start));
  }

  /**
   * Checks a binary without compiling it. Mirrors `Module::validate`.
   *
   * @throws WasmtimeError `ERR_INVALID_MODULE`, with Wasmtime's message.
   */
  static validate(engine: Engine, bytes: Uint8Array | ArrayBuffer): void {
    native.validateModule(Engine.native('engine', engine), checkBytes('bytes', bytes));
  }

  /**
   * The module from what {@link Module.serialize} or {@link Engine.precompileModule} made. Mirrors
   * `Module::deserialize`.
   *
   * Only give bytes that came from there unchanged: they are machine code. Wasmtime checks that its
   * version and the engine's configuration fit, and can't check the code.
   *
   * @throws WasmtimeError `ERR_INCOMPATIBLE_MODULE` for bytes of another Wasmtime or configuration.
   */
  static deserialize(engine: Engine, bytes: Uint8Array | ArrayBuffer): Module {
    const nativeEngine = Engine.native('engine', engine);
    return new Module(
      INTERNAL,
      engine,
      native.NativeModule.deserialize(nativeEngine, checkBytes('bytes', bytes)),
    );
  }

  /**
   * As {@link Module.deserialize}, from a file, which is mapped into memory and must not change while
   * the module lives. Mirrors `Module::deserialize_file`.
   */
  static deserializeFile(engine: Engine, path: string | URL): Module {
    const nativeEngine = Engine.native('engine', engine);
    return new Module(
      INTERNAL,
      engine,
      native.NativeModule.deserializeFile(nativeEngine, checkPath('path', path)),
    );
  }

  /** The compiled module as bytes. Mirrors `Module::serialize`. */
  serialize(): Uint8Array {
    return this.#native.serialize();
  }

  /**
   * What another thread makes the same module of, with {@link Module.fromShared}, without compiling it
   * again: send it with `postMessage` or as `workerData`. Good until it was used, and then as long as this object or
   * one that was made of it lives. What is never used is never freed.
   */
  share(): SharedModule {
    this.#share ??= native.NativeShare.ofModule(this.#native);
    return { ...this.engine.share(), sharedModule: this.#share.id };
  }

  /**
   * The module that another thread of this process has shared, and its engine.
   *
   * @throws TypeError `ERR_NOT_SHARED` when it isn't shared any more.
   */
  static fromShared(token: SharedModule): Module {
    const engine = Engine.fromShared(token);
    const { share, taken } = takeShared(
      'module',
      checkToken('token.sharedModule', token.sharedModule),
    );
    const module = new Module(INTERNAL, engine, taken);
    module.#share = share;
    return module;
  }

  /** From the name section. */
  get name(): string | undefined {
    return this.#native.name ?? undefined;
  }

  /** In the order of the module. Mirrors `Module::imports`. */
  get imports(): ImportType[] {
    return this.#native.imports().map((type) => ({
      module: type.module ?? '',
      name: type.name,
      type: externType(type),
    }));
  }

  /** In the order of the module. Mirrors `Module::exports`. */
  get exports(): ExportType[] {
    return this.#native.exports().map((type) => ({ name: type.name, type: externType(type) }));
  }

  /** @internal */
  static fromNative(engine: Engine, nativeModule: NativeModule): Module {
    return new Module(INTERNAL, engine, nativeModule);
  }

  /** @internal Of code that {@link Module.deserialize} takes, and what that was compiled from. */
  static ofCode(engine: Engine, code: Uint8Array, source: Uint8Array): Module {
    const its = Engine.native('engine', engine);
    return new Module(INTERNAL, engine, native.NativeModule.deserialize(its, code, source));
  }

  /** @internal */
  static native(what: string, module: Module): NativeModule {
    if (!Module.is(module)) throw wrongType(what, 'a Module', module);
    Engine.check(module.engine);
    return module.#native;
  }

  /** @internal What profilers list of it; one serves all of them. */
  static code(what: string, module: Module): NativeCode {
    const its = Module.native(what, module);
    return module.#code.get(() => its.code());
  }

  /** @internal */
  static is(value: unknown): value is Module {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Module, (value) => #native in value && Engine.check(value.engine));
  }
}
