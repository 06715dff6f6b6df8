import type {
  NativeFunc,
  NativeGlobal,
  NativeMemory,
  NativeSharedMemory,
  NativeTable,
  NativeTag,
} from '../generated/native.js';
import { native } from '../native.js';
import { misuse, wrongType } from './errors.js';
import { Func } from './func.js';
import { Global } from './global.js';
import { Memory } from './memory.js';
import { SharedMemory } from './shared-memory.js';
import type { Store } from './store.js';
import { Table } from './table.js';
import { Tag } from './tag.js';

/** What an instance imports and exports. Mirrors `wasmtime::Extern`. */
export type Extern = Func | Memory | SharedMemory | Global | Table | Tag;

/** @internal */
export type NativeExtern =
  | NativeFunc
  | NativeMemory
  | NativeSharedMemory
  | NativeGlobal
  | NativeTable
  | NativeTag;

/** @internal */
export function fromNativeExtern(store: Store, item: NativeExtern): Extern {
  if (item instanceof native.NativeFunc) return Func.fromNative(store, item);
  if (item instanceof native.NativeMemory) return Memory.fromNative(store, item);
  if (item instanceof native.NativeSharedMemory) return SharedMemory.fromNative(store.engine, item);
  if (item instanceof native.NativeGlobal) return Global.fromNative(store, item);
  if (item instanceof native.NativeTag) return Tag.fromNative(store, item);
  return Table.fromNative(store, item);
}

/** @internal The native object of an item, which must belong to `store`. */
export function toNativeExtern(what: string, store: Store, item: Extern): NativeExtern {
  if (Func.is(item)) return own(store, item.store, Func.native(item));
  if (Memory.is(item)) return own(store, item.store, Memory.native(item));
  if (SharedMemory.is(item)) {
    if (item.engine === store.engine) return SharedMemory.native(item);
    throw misuse('ERR_WRONG_ENGINE', 'the shared memory belongs to another engine');
  }
  if (Global.is(item)) return own(store, item.store, Global.native(item));
  if (Table.is(item)) return own(store, item.store, Table.native(item));
  if (Tag.is(item)) return own(store, item.store, Tag.native(item));
  throw wrongType(what, 'a Func, a Memory, a SharedMemory, a Global, a Table or a Tag', item);
}

function own<T>(store: Store, owner: Store, item: T): T {
  if (owner !== store) throw misuse('ERR_WRONG_STORE', 'the object belongs to another store');
  return item;
}
