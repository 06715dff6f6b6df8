import { constants } from 'node:buffer';
import type { NativeMemory, NativeStore } from '../generated/native.js';
import { isWorker, native } from '../native.js';
import { decodeUtf8 } from './bytes.js';
import { checkBytes, checkInteger, checkString } from './check.js';
import { misuse, outOfRange } from './errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import { Store, type Storelike } from './store.js';
import { checkMemoryType, type MemoryType, memoryType } from './types.js';

/** Bytes that are looked at in one go for the end of a text. */
const SCANNED = 1 << 16;

let isFindingViews = false;

/** The memory of a Worker that ends is freed where it is certain that no other thread has views of it. */
function findViewsAtExit(): void {
  if (isFindingViews || !isWorker) return;
  isFindingViews = true;
  process.once('exit', () => native.findMemoryViews());
}

/**
 * A linear memory of a store. Mirrors `wasmtime::Memory`.
 *
 * @example
 * ```js
 * import { Engine, Memory, Store } from 'wasmtime-guest-profiler';
 *
 * const store = new Store(new Engine());
 * const memory = Memory.create(store, { minimum: 1 });
 * memory.writeString(store, 16, 'hello');
 * console.log(memory.readString(store, 16, 5)); // hello
 * ```
 */
export class Memory {
  /** The store that the memory belongs to. */
  readonly store: Store;
  readonly #native: NativeMemory;
  /** Held weakly, since a view keeps the memory. */
  #view: WeakRef<Uint8Array> | undefined;
  /** All that were made and may still have bytes. */
  #buffers: WeakRef<ArrayBuffer>[] = [];

  private constructor(key: typeof INTERNAL, store: Store, nativeMemory: NativeMemory) {
    checkInternal(key, new.target);
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
    return Memory.fromNative(
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
   * All of the memory as the guest sees it now: what one side writes, the other reads. After the memory has grown
   * a view has its old length still, and this gives a longer one. Mirrors `Memory::data_mut`.
   *
   * A view stays good, whatever happens: a store that is disposed frees its memories once their views are
   * collected. So don't hold one for long, and use {@link Memory.read} for what you want to keep. A Worker that is
   * terminated, and doesn't end by itself, never frees memories of which it has views.
   *
   * @throws TypeError `ERR_MEMORY_MAY_MOVE` when the memory can outgrow what is reserved for it and then moves:
   * its maximum is above the engine's `memoryReservation` (by default 4 GiB, so that all memories of 32 bits
   * have views, and those of 64 bits with such a maximum), and the engine hasn't `memoryMayMove: false`;
   * `ERR_NO_EXTERNAL_BUFFERS` where JavaScript can't have such views, as in Electron; RangeError when it is larger
   * than `buffer.constants.MAX_LENGTH`.
   */
  data(store: Storelike): Uint8Array {
    const owner = Store.nativeOwner(this.store, store);
    const size = this.#native.dataSize(owner);
    if (size > constants.MAX_LENGTH) {
      throw outOfRange("the memory's size", `at most ${constants.MAX_LENGTH} bytes`, size);
    }
    const view = this.#current(owner, size);
    if (view === undefined) {
      throw misuse('ERR_MEMORY_MAY_MOVE', 'the memory may move when it grows: use read and write');
    }
    return view;
  }

  /** Undefined where there can't be a view. */
  #current(owner: NativeStore, size: number): Uint8Array | undefined {
    const known = this.#view?.deref();
    // One that was detached has no length.
    if (known?.length === size) return known;
    if (size === 0) return new Uint8Array(0);
    if (size > constants.MAX_LENGTH) return undefined;
    const buffer = this.#native.data(owner);
    if (buffer === null) return undefined;
    findViewsAtExit();
    const view = new Uint8Array(buffer);
    this.#view = new WeakRef(view);
    this.#buffers = this.#buffers.filter((old) => (old.deref()?.byteLength ?? 0) > 0);
    this.#buffers.push(new WeakRef(buffer));
    return view;
  }

  /**
   * Takes the bytes from all views that were made before the memory grew, as `WebAssembly.Memory` does when it grows:
   * `byteLength` is 0 from then on. Glue code that keeps a view asks for that. {@link toWebAssembly} does it whenever JavaScript
   * goes on. No system call may be using such a view.
   */
  detachGrownViews(store: Storelike): void {
    const owner = Store.nativeOwner(this.store, store);
    if (this.#buffers.length === 0) return;
    const size = this.#native.dataSize(owner);
    this.#buffers = this.#buffers.filter((reference) => {
      const buffer = reference.deref();
      if (buffer === undefined || buffer.byteLength === size) return buffer !== undefined;
      if (buffer.byteLength > 0) native.detachMemoryView(buffer);
      return false;
    });
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
   * Copies `bytes`, which may be some of {@link Memory.data}, to `offset`. Mirrors `Memory::write`.
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

  /**
   * The text whose UTF-8 is `length` bytes at `offset`; without a length, up to the next zero byte, as C has it.
   * What is no UTF-8 becomes U+FFFD, as with `TextDecoder`; a byte order mark stays.
   *
   * @throws RangeError when the bytes don't all exist, or no zero comes before the end of the memory.
   */
  readString(store: Storelike, offset: number, length?: number): string {
    const owner = Store.nativeOwner(this.store, store);
    checkInteger('offset', offset);
    const size = this.#native.dataSize(owner);
    const view = this.#current(owner, size);
    const count = length === undefined ? this.#terminated(store, offset, size, view) : length;
    checkInteger('length', count);
    if (offset + count > size) throw this.#outOfBounds(offset, count, size);
    return decodeUtf8(view?.subarray(offset, offset + count) ?? this.read(store, offset, count));
  }

  /**
   * Writes the UTF-8 of `text` to `offset`, without a zero after it; lone surrogates become U+FFFD. Returns how many
   * bytes that are, at most three times `text.length`.
   *
   * @throws RangeError when they don't fit; nothing is written then.
   */
  writeString(store: Storelike, offset: number, text: string): number {
    Store.nativeOwner(this.store, store);
    checkInteger('offset', offset);
    const bytes = Buffer.from(checkString('text', text), 'utf8');
    this.write(store, offset, bytes);
    return bytes.length;
  }

  /** How many bytes there are before the next zero. */
  #terminated(store: Storelike, offset: number, size: number, view?: Uint8Array): number {
    for (let at = offset; at < size; at += SCANNED) {
      const length = Math.min(SCANNED, size - at);
      const zero = (view?.subarray(at, at + length) ?? this.read(store, at, length)).indexOf(0);
      if (zero >= 0) return at - offset + zero;
    }
    throw outOfRange('offset', `a zero byte after it within the memory's ${size}`, offset);
  }

  #outOfBounds(offset: number, length: number, size: number): RangeError {
    return outOfRange('offset', `${length} bytes within the memory's ${size}`, offset);
  }

  /** @internal The memory that stands for it in its store. */
  static fromNative(store: Store, nativeMemory: NativeMemory): Memory {
    const make = () => new Memory(INTERNAL, store, nativeMemory);
    return Store.item(store, nativeMemory.identity, make) as Memory;
  }

  /** @internal */
  static native(memory: Memory): NativeMemory {
    return memory.#native;
  }

  /** @internal */
  static is(value: unknown): value is Memory {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(Memory, (value) => #native in value);
  }
}
