import type { NativeComponent } from '../../generated/native.js';
import { native } from '../../native.js';
import { checkBytes, checkBytesOrWat, checkPath } from '../check.js';
import { Engine } from '../engine.js';
import { wrongType } from '../errors.js';
import { type NamedComponentItem, namedItem } from './component-item.js';

/**
 * A compiled component, for any number of instances in stores of its engine. Mirrors
 * `wasmtime::component::Component`.
 */
export class Component {
  /** The engine that it was compiled for. */
  readonly engine: Engine;
  readonly #native: NativeComponent;

  private constructor(engine: Engine, nativeComponent: NativeComponent) {
    this.engine = engine;
    this.#native = nativeComponent;
  }

  /**
   * Compiles a component from its bytes, or from its text format. Mirrors `Component::new`.
   *
   * @throws WasmtimeError `ERR_INVALID_COMPONENT`, with Wasmtime's message.
   */
  static compile(engine: Engine, bytesOrWat: Uint8Array | ArrayBuffer | string): Component {
    const nativeEngine = Engine.native('engine', engine);
    return new Component(
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
    return new Component(engine, native.NativeComponent.fromFile(nativeEngine, file));
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
    return new Component(engine, native.NativeComponent.deserialize(nativeEngine, checked));
  }

  /**
   * As {@link Component.deserialize}, from a file, which is mapped into memory and must not change while
   * the component lives. Mirrors `Component::deserialize_file`.
   */
  static deserializeFile(engine: Engine, path: string | URL): Component {
    const nativeEngine = Engine.native('engine', engine);
    const file = checkPath('path', path);
    return new Component(engine, native.NativeComponent.deserializeFile(nativeEngine, file));
  }

  /** The compiled component as bytes. Mirrors `Component::serialize`. */
  serialize(): Uint8Array {
    return this.#native.serialize();
  }

  /** Mirrors `types::Component::imports`. */
  get imports(): NamedComponentItem[] {
    return this.#native.imports().map(namedItem);
  }

  /** Mirrors `types::Component::exports`. */
  get exports(): NamedComponentItem[] {
    return this.#native.exports().map(namedItem);
  }

  /** @internal */
  static native(what: string, component: Component): NativeComponent {
    if (!(component instanceof Component)) throw wrongType(what, 'a Component', component);
    return component.#native;
  }
}
