import type { NativeResourceType } from '../../generated/native.js';
import { native } from '../../native.js';
import { wrongType } from '../errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../internal.js';

/**
 * The type of a resource: of one that the host defines with {@link LinkerInstance.resource}, or of one
 * that an instance of a component exports. Mirrors `wasmtime::component::ResourceType`.
 *
 * @example
 * ```js
 * import { ComponentLinker, Engine, ResourceType } from 'wasmtime-guest-profiler';
 *
 * const linker = new ComponentLinker(new Engine());
 * linker.root().resource('file', ResourceType.host(), (store, file) => file.close());
 * ```
 */
export class ResourceType {
  readonly #native: NativeResourceType;

  private constructor(key: typeof INTERNAL, nativeType: NativeResourceType) {
    checkInternal(key, new.target);
    this.#native = nativeType;
  }

  /**
   * A new type of host resources, whose values are JavaScript objects. Make one for each kind of thing,
   * once. Mirrors `ResourceType::host_dynamic`.
   */
  static host(): ResourceType {
    return new ResourceType(INTERNAL, new native.NativeResourceType());
  }

  /** Whether it is one of {@link ResourceType.host}: its values are JavaScript objects. */
  get isHost(): boolean {
    return this.#native.payload !== null;
  }

  /** Whether two types are the same: each instance of a component has its own. */
  equals(other: ResourceType): boolean {
    return this.#native.equals(ResourceType.native('other', other));
  }

  /** @internal */
  static fromNative(nativeType: NativeResourceType): ResourceType {
    return new ResourceType(INTERNAL, nativeType);
  }

  /** @internal */
  static native(what: string, type: ResourceType): NativeResourceType {
    if (!ResourceType.is(type)) throw wrongType(what, 'a ResourceType', type);
    return type.#native;
  }

  /** @internal */
  static is(value: unknown): value is ResourceType {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(ResourceType, (value) => #native in value);
  }
}
