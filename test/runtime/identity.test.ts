// The object that stands for an item of a store is one, however it was come by.
import { describe, expect, it } from 'vitest';
import {
  Engine,
  Func,
  Global,
  Linker,
  Memory,
  Module,
  SharedMemory,
  Store,
  Table,
  Tag,
} from '../../lib/index.js';
import { runNode } from './support.js';

const GUEST = `(module
  (import "env" "host" (func $host (param i32)))
  (memory (export "memory") 1)
  (table (export "table") 4 funcref)
  (global (export "global") (mut i32) (i32.const 1))
  (tag (export "tag") (param i32))
  (elem (i32.const 0) $f $host $g)
  (func $f (export "f") (export "same"))
  (func $g (export "g"))
  (func (export "give") (param funcref) (result funcref) (local.get 0))
  (export "host" (func $host)))`;

function start() {
  const engine = new Engine({ sharedMemory: true });
  const store = new Store(engine);
  const linker = new Linker(engine).funcWrap(
    'env',
    'host',
    { params: ['i32'], results: [] },
    () => {},
  );
  const instance = linker.instantiate(store, Module.compile(engine, GUEST));
  return { engine, store, linker, instance };
}

describe('identity', () => {
  it('a function is one object, from exports, tables, calls and callers', () => {
    const { engine, store, linker, instance } = start();
    const f = instance.getFunc(store, 'f');
    const g = instance.getFunc(store, 'g');
    const host = instance.getFunc(store, 'host');
    const table = instance.getTable(store, 'table');
    expect(instance.getFunc(store, 'same')).toBe(f);
    expect([table.get(store, 0), table.get(store, 1), table.get(store, 2)]).toEqual([f, host, g]);
    expect(table.get(store, 0)).toBe(f);
    expect(table.get(store, 1)).toBe(host);
    expect(table.get(store, 2)).toBe(g);
    expect(new Set([f, g, host]).size).toBe(3);
    expect(instance.getFunc(store, 'give').call(store, f)).toBe(f);
    expect(linker.get(store, 'env', 'host')).toBe(host);
    let seen: unknown;
    const own = Func.wrap(store, { params: ['funcref'], results: ['funcref'] }, (caller, given) => {
      seen = [given, caller.getExport('f')];
      return given;
    });
    table.set(store, 3, own);
    expect(table.get(store, 3)).toBe(own);
    expect(own.call(store, g)).toBe(g);
    expect(seen).toEqual([g, undefined]);
    // An instance that imports a function, and exports it again.
    linker.instance(store, 'a', instance);
    linker.define(store, 'a', 'own', own);
    const other = linker.instantiate(
      store,
      Module.compile(
        engine,
        `(module (import "a" "f" (func $f)) (import "a" "own" (func $own (param funcref) (result funcref)))
          (import "a" "memory" (memory 1)) (import "a" "table" (table 4 funcref))
          (import "a" "global" (global (mut i32))) (import "a" "tag" (tag (param i32)))
          (export "f" (func $f)) (export "own" (func $own)) (export "memory" (memory 0))
          (export "table" (table 0)) (export "global" (global 0)) (export "tag" (tag 0))
          (func (export "ref") (result funcref) (ref.func $f)))`,
      ),
    );
    expect(other.getFunc(store, 'f')).toBe(f);
    expect(other.getFunc(store, 'own')).toBe(own);
    expect(other.getFunc(store, 'ref').call(store)).toBe(f);
    for (const name of ['memory', 'table', 'global', 'tag']) {
      expect(other.getExport(store, name)).toBe(instance.getExport(store, name));
    }
  });

  it('what the host has made comes back as it was', () => {
    const { engine, store } = start();
    const made = {
      memory: Memory.create(store, { minimum: 1 }),
      memory2: Memory.create(store, { minimum: 1 }),
      table: Table.create(store, { element: 'funcref', minimum: 1 }),
      global: Global.create(store, { content: 'i32', mutable: true }, 1),
      global2: Global.create(store, { content: 'i32', mutable: true }, 1),
      tag: Tag.create(store, []),
      shared: SharedMemory.create(engine, { minimum: 1, maximum: 2, shared: true }),
      func: Func.wrap(store, { params: [], results: [] }, () => {}),
      func2: Func.wrap(store, { params: [], results: [] }, () => {}),
    };
    const linker = new Linker(engine);
    for (const [name, item] of Object.entries(made)) linker.define(store, 'h', name, item);
    for (const [name, item] of Object.entries(made)) {
      expect(linker.get(store, 'h', name)).toBe(item);
    }
    expect(new Set(Object.values(made)).size).toBe(9);
  });

  it('two instances and two stores have objects of their own', () => {
    const { engine, store, linker, instance } = start();
    const module = Module.compile(engine, GUEST);
    const second = linker.instantiate(store, module);
    const third = linker.instantiate(new Store(engine), module);
    for (const name of ['f', 'memory', 'table', 'global', 'tag']) {
      const items = [instance, second, third].map((one) => one.getExport(one.store, name));
      expect(new Set(items).size).toBe(3);
    }
  });

  it('keeps nothing alive, and forgets what is gone', () => {
    const output = runNode(
      `
      import { Engine, Func, Store } from 'LIB';
      const store = new Store(new Engine());
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const refs = [];
      for (let i = 0; i < 200; i++) {
        refs.push(new WeakRef(Func.wrap(store, { params: [], results: [] }, () => {})));
      }
      for (let i = 0; i < 5; i++) { await turn(); gc(); }
      console.log(refs.filter((ref) => ref.deref() !== undefined).length);`,
      { gc: true },
    );
    expect(Number(output)).toBeLessThan(10);
  });
});
