import type {
  NativeCode,
  NativeComponent,
  NativeShare,
  NativeSource,
} from '../../generated/native.js';
import { native } from '../../native.js';
import { checkBytes, checkBytesOrWat, checkPath } from '../check.js';
import {
  type BytesStream,
  type CompileOptions,
  compileAsync,
  readStream,
  sourceOf,
} from '../compilation.js';
import { Engine, type SharedEngine } from '../engine.js';
import { wrongType } from '../errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../internal.js';
import { KnownCode } from '../known-code.js';
import { checkToken, takeShared } from '../shared-token.js';
import { type NamedComponentItem, namedItem } from './component-item.js';

/** Stands for a component and its engine in a message to another thread. */
export interface SharedComponent extends SharedEngine {
  /** The number under which other threads find the component. */
  readonly sharedComponent: number;
}

/**
 * A compiled component, for any number of instances in stores of its engine. Mirrors
 * `wasmtime::component::Component`.
 *
 * @example
 * ```js
 * import { Component, Engine } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine();
 * const component = Component.compile(engine, `(component
 *   (core module $m (func (export "one") (result i32) (i32.const 1)))
 *   (core instance $i (instantiate $m))
 *   (func (export "one") (result u32) (canon lift (core func $i "one"))))`);
 * console.log(component instanceof Component); // true
 * ```
 */
export class Component {
  /** The engine that it was compiled for. */
  readonly engine: Engine;
  readonly #native: NativeComponent;
  readonly #code = new KnownCode<NativeCode[]>();
  #share: NativeShare | undefined;

  private constructor(key: typeof INTERNAL, engine: Engine, nativeComponent: NativeComponent) {
    checkInternal(key, new.target);
    this.engine = engine;
    this.#native = Engine.own(engine, nativeComponent);
    Engine.own(engine, this.#code);
  }

  /**
   * Compiles a component from its bytes, or from its text format. Mirrors `Component::new`.
   *
   * @throws WasmtimeError `ERR_INVALID_COMPONENT`, with Wasmtime's message.
   */
  static compile(engine: Engine, bytesOrWat: Uint8Array | ArrayBuffer | string): Component {
    const nativeEngine = Engine.native('engine', engine);
    return new Component(
      INTERNAL,
      engine,
      native.NativeComponent.compile(nativeEngine, checkBytesOrWat(bytesOrWat)),
    );
  }

  /**
   * Compiles a component from a file, binary or text. Mirrors `Component::from_file`.
   *
   * @throws WasmtimeError `ERR_INVALID_COMPONENT`, also when the file can't be read.
   */
  static fromFile(engine: Engine, path: string | URL): Component {
    const nativeEngine = Engine.native('engine', engine);
    const file = checkPath('path', path);
    return new Component(INTERNAL, engine, native.NativeComponent.fromFile(nativeEngine, file));
  }

  /**
   * {@link Component.compile} on other threads, while JavaScript goes on; several at once. The bytes are copied before.
   *
   * @throws as {@link Component.compile} does, by rejecting; the signal's reason.
   */
  static async compileAsync(
    engine: Engine,
    bytesOrWat: Uint8Array | ArrayBuffer | string,
    options?: CompileOptions,
  ): Promise<Component> {
    Engine.native('engine', engine);
    return Component.#compileAsync(engine, sourceOf(bytesOrWat), options);
  }

  /**
   * {@link Component.fromFile} on other threads, which also read the file.
   *
   * @throws as {@link Component.fromFile} does, by rejecting; the signal's reason.
   */
  static async fromFileAsync(
    engine: Engine,
    path: string | URL,
    options?: CompileOptions,
  ): Promise<Component> {
    Engine.native('engine', engine);
    const source = native.NativeSource.file(checkPath('path', path));
    return Component.#compileAsync(engine, source, options);
  }

  /**
   * Reads a component from a stream, such as `fetch('app.wasm')`, and compiles it on other threads once all is there.
   *
   * @throws as {@link Component.compileAsync} does; TypeError for what is no stream, has pieces that aren't bytes, or
   * (`ERR_HTTP_STATUS`) is a response that isn't ok; what the stream throws. Then, and when it is aborted, the stream
   * is cancelled.
   */
  static async compileStreaming(
    engine: Engine,
    stream: BytesStream | PromiseLike<BytesStream>,
    options?: CompileOptions,
  ): Promise<Component> {
    Engine.native('engine', engine);
    return Component.#compileAsync(engine, await readStream('stream', stream, options), options);
  }

  static async #compileAsync(
    engine: Engine,
    source: NativeSource,
    options: CompileOptions | undefined,
  ): Promise<Component> {
    const its = Engine.native('engine', engine);
    const start = (id: number) => native.NativeComponent.compileAsync(its, source, id);
    return new Component(INTERNAL, engine, await compileAsync<NativeComponent>(options, start));
  }

  /**
   * The component from what {@link Component.serialize} made. Mirrors `Component::deserialize`.
   *
   * Only give bytes that came from there unchanged: they are machine code. Wasmtime checks that its
   * version and the engine's configuration fit, and can't check the code.
   *
   * @throws WasmtimeError `ERR_INCOMPATIBLE_COMPONENT` for bytes of another Wasmtime or configuration.
   */
  static deserialize(engine: Engine, bytes: Uint8Array | ArrayBuffer): Component {
    const nativeEngine = Engine.native('engine', engine);
    const checked = checkBytes('bytes', bytes);
    return new Component(
      INTERNAL,
      engine,
      native.NativeComponent.deserialize(nativeEngine, checked),
    );
  }

  /**
   * As {@link Component.deserialize}, from a file, which is mapped into memory and must not change while
   * the component lives. Mirrors `Component::deserialize_file`.
   */
  static deserializeFile(engine: Engine, path: string | URL): Component {
    const nativeEngine = Engine.native('engine', engine);
    const file = checkPath('path', path);
    return new Component(
      INTERNAL,
      engine,
      native.NativeComponent.deserializeFile(nativeEngine, file),
    );
  }

  /** The compiled component as bytes. Mirrors `Component::serialize`. */
  serialize(): Uint8Array {
    return this.#native.serialize();
  }

  /**
   * What another thread makes the same component of, with {@link Component.fromShared}, without compiling it
   * again: send it with `postMessage` or as `workerData`. Good until it was used, and then as long as this object or
   * one that was made of it lives. What is never used is never freed.
   */
  share(): SharedComponent {
    this.#share ??= native.NativeShare.ofComponent(this.#native);
    return { ...this.engine.share(), sharedComponent: this.#share.id };
  }

  /**
   * The component that another thread of this process has shared, and its engine.
   *
   * @throws TypeError `ERR_NOT_SHARED` when it isn't shared any more.
   */
  static fromShared(token: SharedComponent): Component {
    const engine = Engine.fromShared(token);
    const { share, taken } = takeShared(
      'component',
      checkToken('token.sharedComponent', token.sharedComponent),
    );
    const component = new Component(INTERNAL, engine, taken);
    component.#share = share;
    return component;
  }

  /** Mirrors `types::Component::imports`. */
  get imports(): NamedComponentItem[] {
    return this.#native.imports().map(namedItem);
  }

  /** Mirrors `types::Component::exports`. */
  get exports(): NamedComponentItem[] {
    return this.#native.exports().map(namedItem);
  }

  /** @internal Of code that {@link Component.deserialize} takes, and what that was compiled from. */
  static ofCode(engine: Engine, code: Uint8Array, source: Uint8Array): Component {
    const its = Engine.native('engine', engine);
    return new Component(INTERNAL, engine, native.NativeComponent.deserialize(its, code, source));
  }

  /** @internal */
  static native(what: string, component: Component): NativeComponent {
    if (!Component.is(component)) throw wrongType(what, 'a Component', component);
    Engine.check(component.engine);
    return component.#native;
  }

  /** @internal What profilers list of it; one serves all of them. */
  static code(what: string, component: Component): NativeCode[] {
    const its = Component.native(what, component);
    return component.#code.get(() => its.code());
  }

  /** @internal */
  static is(value: unknown): value is Component {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Component, (value) => #native in value && Engine.check(value.engine));
  }
}
