import { describe, expect, it } from 'vitest';
import { Func, Module, Store, Table, WasmtimeError } from '../../lib/index.js';
import { alive, collectUntil, expectError, expectMisuse, start, world } from './support.js';

describe('a table', () => {
  it('of externrefs holds any value', () => {
    const { store } = world();
    const own = { own: 1 };
    const table = Table.create(store, { element: 'externref', minimum: 3 }, own);
    expect(table.store).toBe(store);
    expect(table.size(store)).toBe(3);
    expect(table.get(store, 2)).toBe(own);
    table.set(store, 1, undefined);
    table.set(store, 2, 42);
    expect([0, 1, 2].map((i) => table.get(store, i))).toEqual([own, undefined, 42]);
    expect(table.grow(store, 2, 'text')).toBe(3);
    expect(table.get(store, 4)).toBe('text');
  });

  it('of funcrefs holds functions, null at first', () => {
    const guest = start(`(module
      (table $t (export "table") 2 4 funcref)
      (type $f (func (result i32)))
      (func (export "call") (param i32) (result i32) (call_indirect $t (type $f) (local.get 0))))`);
    const { store, instance } = guest;
    const table = instance.getTable(store, 'table');
    expect(table.get(store, 0)).toBeNull();
    table.set(
      store,
      1,
      Func.wrap(store, { params: [], results: ['i32'] }, () => 7),
    );
    expect(guest.call('call', 1)).toBe(7);
    expect((table.get(store, 1) as Func).call(store)).toBe(7);
    expect(table.grow(store, 2)).toBe(2);
    expect(table.get(store, 3)).toBeNull();
    table.set(store, 1, null);
    expect(() => guest.call('call', 1)).toThrow('uninitialized element');
  });

  it.each([3, 4, 2 ** 32, Number.MAX_SAFE_INTEGER])('has nothing at %i', (index) => {
    const { store } = world();
    const table = Table.create(store, { element: 'funcref', minimum: 3 });
    for (const use of [() => table.get(store, index), () => table.set(store, index, null)]) {
      const error = expectError(RangeError, 'ERR_OUT_OF_RANGE', use);
      expect(error.message).toBe(`index: expected an index below the table's size 3, got ${index}`);
    }
  });

  it('grows up to its maximum', () => {
    const { store } = world();
    const table = Table.create(store, { element: 'externref', minimum: 1, maximum: 2 });
    expect(table.grow(store, 1)).toBe(1);
    for (const delta of [1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expectError(WasmtimeError, 'ERR_TABLE_GROW', () => table.grow(store, delta));
    }
    expect(table.size(store)).toBe(2);
  });

  it('cannot have more elements than any', () => {
    const { store } = world();
    const table = Table.create(store, { element: 'funcref', minimum: 1 });
    expectError(WasmtimeError, 'ERR_TABLE_GROW', () => table.grow(store, 2 ** 32));
    expect(table.size(store)).toBe(1);
  });

  it('lets go of the references that it held', async () => {
    const { store } = world();
    const table = Table.create(store, { element: 'externref', minimum: 1 });
    const refs = (() =>
      Array.from({ length: 10_000 }, (_, i) => {
        const value = { i };
        table.set(store, 0, value);
        if (table.get(store, 0) !== value) expect.unreachable();
        return new WeakRef(value);
      }))();
    table.set(store, 0, null);
    // Wasmtime collects when its heap is full, which is every 2,000 or so.
    expect(await collectUntil(() => alive(refs) < 3000)).toBe(true);
    expect(table.size(store)).toBe(1);
  });
});

describe('copying and filling', () => {
  it('a table within itself, and from another', () => {
    const { store } = world();
    const table = Table.create(store, { element: 'externref', minimum: 6 });
    table.fill(store, 1, 'x', 3);
    table.set(store, 0, 'first');
    const all = () => Array.from({ length: table.size(store) }, (_, i) => table.get(store, i));
    expect(all()).toEqual(['first', 'x', 'x', 'x', null, null]);
    table.copy(store, 2, table, 0, 3);
    expect(all()).toEqual(['first', 'x', 'first', 'x', 'x', null]);
    const other = Table.create(store, { element: 'externref', minimum: 2 }, 'other');
    table.copy(store, 4, other, 0, 2);
    expect(all()).toEqual(['first', 'x', 'first', 'x', 'other', 'other']);
    table.fill(store, 6, null, 0);
  });

  it('nothing beyond the end', () => {
    const { store } = world();
    const table = Table.create(store, { element: 'externref', minimum: 3 }, 1);
    for (const [start, length] of [
      [3, 1],
      [0, 4],
      [4, 0],
      [2 ** 32, 2 ** 32],
      [Number.MAX_SAFE_INTEGER, 1],
    ] as const) {
      for (const use of [
        () => table.fill(store, start, 2, length),
        () => table.copy(store, start, table, 0, length),
        () => table.copy(store, 0, table, start, length),
      ]) {
        expectError(RangeError, 'ERR_OUT_OF_RANGE', use);
      }
    }
    expect([0, 1, 2].map((i) => table.get(store, i))).toEqual([1, 1, 1]);
  });

  it('only of one element type, in one store', () => {
    const { engine, store } = world();
    const table = Table.create(store, { element: 'externref', minimum: 1 });
    const funcs = Table.create(store, { element: 'funcref', minimum: 1 });
    const error = expectError(WasmtimeError, 'ERR_WASMTIME', () =>
      table.copy(store, 0, funcs, 0, 1),
    );
    expect(error.message).toMatch(/type mismatch/);
    const other = Table.create(new Store(engine), { element: 'externref', minimum: 1 });
    expectMisuse('ERR_WRONG_STORE', () => table.copy(store, 0, other, 0, 1));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => table.copy(store, 0, {} as Table, 0, 1));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => funcs.fill(store, 0, 1, 1));
  });
});

it('a table with 64-bit indices', () => {
  const { engine, linker, store } = world();
  const type = { element: 'funcref', minimum: 1, maximum: 2 ** 40, index64: true } as const;
  const table = Table.create(store, type);
  expect(table.type(store)).toEqual(type);
  linker.define(store, 'env', 'table', table);
  const wat = `(module (import "env" "table" (table i64 1 1099511627776 funcref))
    (func (export "size") (result i64) (table.size 0)))`;
  const module = Module.compile(engine, wat);
  expect(module.imports[0]?.type).toMatchObject({ kind: 'table', index64: true });
  const instance = linker.instantiate(store, module);
  expect(table.grow(store, 2)).toBe(1);
  expect(instance.getFunc(store, 'size').call(store)).toBe(3n);
  const narrow = Table.create(store, { element: 'funcref', minimum: 1 });
  expect(narrow.type(store)).toMatchObject({ index64: false, maximum: undefined });
});
