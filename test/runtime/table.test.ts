import { describe, expect, it } from 'vitest';
import { Func, Table, WasmtimeError } from '../../lib/index.js';
import { alive, collectUntil, expectError, start, world } from './support.js';

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
