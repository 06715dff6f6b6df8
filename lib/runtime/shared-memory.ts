import type { NativeShare, NativeSharedMemory } from '../generated/native.js';
import { native } from '../native.js';
import { checkBytes, checkDuration, checkInteger, checkOneOf, DAY_MS } from './check.js';
import { Engine, type SharedEngine } from './engine.js';
import { outOfRange, wrongType } from './errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from './internal.js';
import { checkToken, takeShared } from './shared-token.js';
import { checkMemoryType, type MemoryType, memoryType } from './types.js';
import { WeakValues } from './weak-values.js';

/** Stands for a shared memory and its engine in a message to another thread. */
export interface SharedMemoryToken extends SharedEngine {
  /** The number under which other threads find the memory. */
  readonly sharedMemory: number;
}

/** Those of each engine, by what native code knows them by. */
const memories = new WeakMap<Engine, WeakValues<SharedMemory>>();

/** An integer in a memory that is read or written as a whole. */
export type AtomicType = 'i32' | 'i64';

/**
 * A memory that guests in several threads use at once, for stores of one engine with `sharedMemory`; it
 * belongs to no store. Mirrors `wasmtime::SharedMemory`.
 *
 * Its bytes aren't to be had as a `SharedArrayBuffer`, since Node can't make one of memory that it didn't
 * allocate. Integers cross as `bigint`s, signed or unsigned; they come back unsigned.
 *
 * @example
 * ```js
 * import { Engine, SharedMemory } from 'wasmtime-guest-profiler';
 *
 * const memory = SharedMemory.create(new Engine({ wasmThreads: true, sharedMemory: true }), { minimum: 1, maximum: 2, shared: true });
 * memory.write(0, new Uint8Array([7]));
 * console.log(memory.atomicLoad('i32', 0)); // 7n
 * ```
 */
export class SharedMemory {
  /** The engine whose stores may have it. */
  readonly engine: Engine;
  readonly #native: NativeSharedMemory;
  #share: NativeShare | undefined;

  private constructor(key: typeof INTERNAL, engine: Engine, nativeMemory: NativeSharedMemory) {
    checkInternal(key, new.target);
    this.engine = engine;
    this.#native = nativeMemory;
  }

  /**
   * Makes a memory, all zeros, which must have a maximum. Mirrors `SharedMemory::new`.
   *
   * @throws TypeError without a maximum, WasmtimeError when the engine hasn't `sharedMemory`, the type is
   * impossible or there is no room.
   */
  static create(engine: Engine, type: MemoryType): SharedMemory {
    const nativeEngine = Engine.native('engine', engine);
    const { minimum, maximum, index64, pageSizeLog2 } = checkMemoryType('type', type);
    if (maximum === null) throw wrongType('type.maximum', 'a number', type.maximum);
    return SharedMemory.fromNative(
      engine,
      native.NativeSharedMemory.create(nativeEngine, minimum, maximum, index64, pageSizeLog2),
    );
  }

  /**
   * What another thread makes the same memory of, with {@link SharedMemory.fromShared}: send it with
   * `postMessage` or as `workerData`. Good until it was used, and then as long as this object or one that was made of
   * it lives. What is never used is never freed.
   */
  share(): SharedMemoryToken {
    this.#share ??= native.NativeShare.ofMemory(this.#native);
    return { ...this.engine.share(), sharedMemory: this.#share.id };
  }

  /**
   * The memory that another thread of this process has shared, and its engine.
   *
   * @throws TypeError `ERR_NOT_SHARED` when it isn't shared any more.
   */
  static fromShared(token: SharedMemoryToken): SharedMemory {
    const engine = Engine.fromShared(token);
    const { share, taken } = takeShared(
      'memory',
      checkToken('token.sharedMemory', token.sharedMemory),
    );
    const memory = SharedMemory.fromNative(engine, taken);
    memory.#share ??= share;
    return memory;
  }

  /** Mirrors `SharedMemory::ty`. */
  get type(): Required<MemoryType> {
    return memoryType(this.#native.type());
  }

  /** In pages. Mirrors `SharedMemory::size`. */
  size(): number {
    return this.#native.size();
  }

  /** In bytes. Mirrors `SharedMemory::data_size`. */
  dataSize(): number {
    return this.#native.dataSize();
  }

  /**
   * Grows the memory by `delta` pages; returns its size before. Mirrors `SharedMemory::grow`.
   *
   * @throws WasmtimeError `ERR_MEMORY_GROW` beyond its maximum.
   */
  grow(delta: number): number {
    return this.#native.grow(checkInteger('delta', delta));
  }

  /**
   * Copies `length` bytes at `offset`, byte by byte: what others write meanwhile may be seen in part.
   *
   * @throws RangeError when they don't all exist.
   */
  read(offset: number, length: number): Uint8Array {
    this.#checkRange(offset, checkInteger('length', length));
    const bytes = new Uint8Array(length);
    if (!this.#native.read(offset, bytes)) throw this.#outOfBounds(offset, length);
    return bytes;
  }

  /**
   * Copies `bytes` to `offset`, byte by byte: others may see a part.
   *
   * @throws RangeError when they don't fit; nothing is written then.
   */
  write(offset: number, bytes: Uint8Array | ArrayBuffer): void {
    const source = checkBytes('bytes', bytes);
    this.#checkRange(offset, source.length);
    if (!this.#native.write(offset, source)) throw this.#outOfBounds(offset, source.length);
  }

  /**
   * The integer at `offset`, as `Atomics.load` reads it.
   *
   * @throws RangeError when it isn't within the memory or not aligned.
   */
  atomicLoad(type: AtomicType, offset: number): bigint {
    const size = checkAtomic(type, offset);
    return this.#found(this.#native.atomicLoad(offset, size), offset, size);
  }

  /**
   * Stores an integer, as `Atomics.exchange` does; returns the one before.
   *
   * @throws RangeError when it isn't within the memory or not aligned, or the value is too large.
   */
  atomicExchange(type: AtomicType, offset: number, value: bigint): bigint {
    const size = checkAtomic(type, offset);
    const bits = checkBits('value', size, value);
    return this.#found(this.#native.atomicStore(offset, size, bits), offset, size);
  }

  /**
   * Stores `value` if there is `expected`, as `Atomics.compareExchange` does; returns what there was.
   *
   * @throws as {@link SharedMemory.atomicExchange}.
   */
  atomicCompareExchange(type: AtomicType, offset: number, expected: bigint, value: bigint): bigint {
    const size = checkAtomic(type, offset);
    const bits = checkBits('value', size, value);
    const old = checkBits('expected', size, expected);
    return this.#found(this.#native.atomicStore(offset, size, bits, old), offset, size);
  }

  /**
   * Wakes up to `count` threads that wait for `offset`, guests or hosts; returns how many. Mirrors
   * `SharedMemory::atomic_notify`.
   *
   * @throws Trap `MemoryOutOfBounds` or `HeapMisaligned` for an offset that can't be waited for.
   */
  atomicNotify(offset: number, count = 0xffff_ffff): number {
    checkInteger('offset', offset);
    return this.#native.atomicNotify(offset, checkInteger('count', count, 0, 0xffff_ffff));
  }

  /**
   * Blocks this thread while there is `expected` at `offset`, until it is notified or `timeoutMs`
   * milliseconds are over, as `Atomics.wait` does: without a timeout, maybe forever. Mirrors
   * `SharedMemory::atomic_wait32` and `atomic_wait64`.
   *
   * @throws Trap `MemoryOutOfBounds` or `HeapMisaligned` for an offset that can't be waited for.
   */
  atomicWait(
    type: AtomicType,
    offset: number,
    expected: bigint,
    timeoutMs?: number,
  ): 'ok' | 'not-equal' | 'timed-out' {
    const size = checkAtomic(type, offset);
    const bits = checkBits('expected', size, expected);
    const timeout =
      timeoutMs === undefined ? undefined : checkDuration('timeoutMs', timeoutMs, 0, DAY_MS);
    return this.#native.atomicWait(offset, size, bits, timeout) as 'ok' | 'not-equal' | 'timed-out';
  }

  /** Before allocating: a length that a guest gave may be anything. */
  #checkRange(offset: number, length: number): void {
    if (checkInteger('offset', offset) + length > this.dataSize()) {
      throw this.#outOfBounds(offset, length);
    }
  }

  #outOfBounds(offset: number, length: number): RangeError {
    return outOfRange('offset', `${length} bytes within the memory's ${this.dataSize()}`, offset);
  }

  #found(value: bigint | null, offset: number, size: number): bigint {
    if (value !== null) return value;
    throw outOfRange(
      'offset',
      `a multiple of ${size} within the memory's ${this.dataSize()}`,
      offset,
    );
  }

  /** @internal The memory that stands for it in its engine. */
  static fromNative(engine: Engine, nativeMemory: NativeSharedMemory): SharedMemory {
    const known = memories.get(engine) ?? new WeakValues();
    memories.set(engine, known);
    const make = () => new SharedMemory(INTERNAL, engine, nativeMemory);
    return known.getOrMake(nativeMemory.identity, make);
  }

  /** @internal */
  static native(memory: SharedMemory): NativeSharedMemory {
    return memory.#native;
  }

  /** @internal */
  static is(value: unknown): value is SharedMemory {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(SharedMemory, (value) => #native in value);
  }
}

/** The size of an integer, in bytes. */
function checkAtomic(type: AtomicType, offset: number): number {
  checkInteger('offset', offset);
  return checkOneOf('type', type, ['i32', 'i64'] as const) === 'i32' ? 4 : 8;
}

function checkBits(what: string, size: number, value: bigint): bigint {
  if (typeof value !== 'bigint') throw wrongType(what, 'a bigint', value);
  const bits = BigInt.asUintN(8 * size, value);
  if (value !== bits && value !== BigInt.asIntN(8 * size, value)) {
    throw outOfRange(what, `an integer of ${8 * size} bits`, value);
  }
  return bits;
}
