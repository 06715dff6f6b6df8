import type { NativeTag } from '../generated/native.js';
import { native } from '../native.js';
import { wrongType } from './errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import { Store, type Storelike } from './store.js';
import { checkFuncType, type ValType } from './types.js';

/**
 * What an exception is of: a tag of a store, with the types of its values. Mirrors `wasmtime::Tag`.
 *
 * @example
 * ```js
 * import { Engine, Store, Tag } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine({ wasmExceptions: true }));
 * const tag = Tag.create(store, ['i32']);
 * console.log(tag.params(store)[0]); // i32
 * ```
 */
export class Tag {
  /** The store that the tag belongs to. */
  readonly store: Store;
  readonly #native: NativeTag;

  private constructor(key: typeof INTERNAL, store: Store, nativeTag: NativeTag) {
    checkInternal(key, new.target);
    this.store = store;
    this.#native = nativeTag;
  }

  /** Makes a tag for exceptions with values of these types. Mirrors `Tag::new`. */
  static create(store: Storelike, params: readonly ValType[]): Tag {
    const owner = Store.of('store', store);
    const type = checkFuncType('type', { params, results: [] });
    return Tag.fromNative(
      owner,
      native.NativeTag.create(Store.native(owner, store), [...type.params]),
    );
  }

  /** Types of its exceptions' values. Mirrors `Tag::ty`. */
  params(store: Storelike): readonly string[] {
    return this.#native.params(Store.nativeOwner(this.store, store));
  }

  /** Whether both are the same tag. Mirrors `Tag::eq`. */
  eq(store: Storelike, other: Tag): boolean {
    const owner = Store.nativeOwner(this.store, store);
    if (!Tag.is(other)) throw wrongType('other', 'a Tag', other);
    Store.nativeOwner(other.store, store);
    return this.#native.same(owner, other.#native);
  }

  /** @internal The tag that stands for it in its store. */
  static fromNative(store: Store, nativeTag: NativeTag): Tag {
    const make = () => new Tag(INTERNAL, store, nativeTag);
    return Store.item(store, nativeTag.identity, make) as Tag;
  }

  /** @internal */
  static native(tag: Tag): NativeTag {
    return tag.#native;
  }

  /** @internal */
  static is(value: unknown): value is Tag {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Tag, (value) => #native in value);
  }
}
