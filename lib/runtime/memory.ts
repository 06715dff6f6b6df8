import type { NativeMemory } from '../generated/native.js';
import { native } from '../native.js';
import { checkBytes, checkInteger } from './check.js';
import { misuse, outOfRange } from './errors.js';
import { Store, type Storelike } from './store.js';
import { checkMemoryType, type MemoryType, memoryType } from './types.js';

/** A linear memory of a store. Mirrors `wasmtime::Memory`. */
export class Memory {
  /** The store that the memory belongs to. */
  readonly store: Store;
  readonly #native: NativeMemory;

  private constructor(store: Store, nativeMemory: NativeMemory) {
    this.store = store;
    this.#native = nativeMemory;
  }

  /**
   * Makes a memory, all zeros. Mirrors `Memory::new`.
   *
   * @throws WasmtimeError when the type is impossible or there is no room.
   */
  static create(store: Storelike, type: MemoryType): Memory {
    const owner = Store.of('store', store);
    const { minimum, maximum, index64, pageSizeLog2 } = checkMemoryType('type', type);
    if (type.shared) throw misuse('ERR_SHARED_MEMORY', 'type.shared: a SharedMemory is shared');
    const nativeStore = Store.native(owner, store);
    return new Memory(
      owner,
      native.NativeMemory.create(nativeStore, minimum, maximum, index64, pageSizeLog2),
    );
  }

  /** Mirrors `Memory::ty`. */
  type(store: Storelike): Required<MemoryType> {
    return memoryType(this.#native.type(Store.nativeOwner(this.store, store)));
  }

  /** In pages. Mirrors `Memory::size`. */
  size(store: Storelike): number {
    return this.#native.size(Store.nativeOwner(this.store, store));
  }

  /** In bytes. Mirrors `Memory::data_size`. */
  dataSize(store: Storelike): number {
    return this.#native.dataSize(Store.nativeOwner(this.store, store));
  }

  /**
   * Grows the memory by `delta` pages; returns its size before. Mirrors `Memory::grow`.
   *
   * @throws WasmtimeError `ERR_MEMORY_GROW` beyond its maximum or the limits.
   */
  grow(store: Storelike, delta: number): number {
    return this.#native.grow(Store.nativeOwner(this.store, store), checkInteger('delta', delta));
  }

  /**
   * Copies `length` bytes at `offset` out of the memory. Mirrors `Memory::read`.
   *
   * @throws RangeError when they don't all exist.
   */
  read(store: Storelike, offset: number, length: number): Uint8Array {
    const owner = Store.nativeOwner(this.store, store);
    checkInteger('offset', offset);
    checkInteger('length', length);
    const size = this.#native.dataSize(owner);
    // Before allocating: a length that a guest gave may be anything.
    if (offset + length > size) throw this.#outOfBounds(offset, length, size);
    const bytes = new Uint8Array(length);
    if (!this.#native.read(owner, offset, bytes)) throw this.#outOfBounds(offset, length, size);
    return bytes;
  }

  /**
   * Copies `bytes` to `offset`. Mirrors `Memory::write`.
   *
   * @throws RangeError when they don't fit; nothing is written then.
   */
  write(store: Storelike, offset: number, bytes: Uint8Array | ArrayBuffer): void {
    const owner = Store.nativeOwner(this.store, store);
    checkInteger('offset', offset);
    const source = checkBytes('bytes', bytes);
    if (!this.#native.write(owner, offset, source)) {
      throw this.#outOfBounds(offset, source.length, this.#native.dataSize(owner));
    }
  }

  #outOfBounds(offset: number, length: number, size: number): RangeError {
    return outOfRange('offset', `${length} bytes within the memory's ${size}`, offset);
  }

  /** @internal */
  static fromNative(store: Store, nativeMemory: NativeMemory): Memory {
    return new Memory(store, nativeMemory);
  }

  /** @internal */
  static native(memory: Memory): NativeMemory {
    return memory.#native;
  }
}
