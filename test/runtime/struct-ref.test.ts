import { describe, expect, it } from 'vitest';
import {
  Engine,
  type GcRef,
  Store,
  StructRef,
  StructType,
  Trap,
  WasmtimeError,
} from '../../lib/index.js';
import { expectError, expectMisuse, start } from './support.js';

const WAT = `(module
  (type $point (struct (field (mut i32)) (field f64) (field (mut i8)) (field (mut externref))))
  (type $list (struct (field i32) (field (ref null $list))))
  (func (export "point") (result (ref $point))
    (struct.new $point (i32.const 1) (f64.const 2.5) (i32.const 255) (ref.null extern)))
  (func (export "x") (param anyref) (result i32)
    (struct.get $point 0 (ref.cast (ref $point) (local.get 0))))
  (func (export "y") (param anyref) (result f64)
    (struct.get $point 1 (ref.cast (ref $point) (local.get 0))))
  (func (export "list") (result (ref $list))
    (struct.new $list (i32.const 1) (struct.new $list (i32.const 2) (ref.null $list)))))`;

const POINT = [
  { content: 'i32', mutable: true },
  { content: 'f64', mutable: false },
  { content: 'i8', mutable: true },
  { content: 'externref', mutable: true },
] as const;

describe('a struct', () => {
  it('of the guest is read and written', () => {
    const guest = start(WAT);
    const { store } = guest;
    const point = guest.call('point') as StructRef;
    expect(point).toBeInstanceOf(StructRef);
    expect(point.type(store).fields).toEqual(POINT);
    expect(point.fields(store)).toEqual([1, 2.5, 255, null]);
    point.setField(store, 0, 42);
    point.setField(store, 2, 0x1ff);
    const value = { own: 1 };
    point.setField(store, 3, value);
    expect(guest.call('x', point)).toBe(42);
    expect(point.field(store, 2)).toBe(255);
    expect(point.field(store, 3)).toBe(value);
  });

  it('made here is of an equal type there', () => {
    const guest = start(WAT);
    const { store } = guest;
    const type = new StructType(guest.engine, POINT);
    const point = StructRef.create(store, type, [7, 0.5, 1, 'text']);
    expect(point.kind(store)).toBe('struct');
    expect([guest.call('x', point), guest.call('y', point)]).toEqual([7, 0.5]);
    expect(point.fields(store)).toEqual([7, 0.5, 1, 'text']);
    expect(type.matches(guest.call('point').type(store))).toBe(true);
    const other = new StructType(guest.engine, POINT.slice(1));
    expect(type.matches(other)).toBe(false);
    expectError(Trap, 'ERR_WASM_TRAP', () =>
      guest.call('x', StructRef.create(store, other, [0.5, 1, null])),
    );
  });

  it('refers to others, of its own type too', () => {
    const guest = start(WAT);
    const { store } = guest;
    const list = guest.call('list') as StructRef;
    const [first, next] = list.fields(store) as [number, StructRef];
    expect([first, next.field(store, 0), next.field(store, 1)]).toEqual([1, 2, null]);
    const longer = StructRef.create(store, list.type(store), [0, list]);
    expect((longer.field(store, 1) as GcRef).refEq(store, list)).toBe(true);
    const inner = new StructType(guest.engine, [{ content: 'i32', mutable: false }]);
    const outer = new StructType(guest.engine, [{ content: inner, mutable: true }]);
    const object = StructRef.create(store, outer, [StructRef.create(store, inner, [5])]);
    expect((object.field(store, 0) as StructRef).field(store, 0)).toBe(5);
    object.setField(store, 0, null);
    expect(object.field(store, 0)).toBeNull();
    expectError(WasmtimeError, 'ERR_WASMTIME', () => object.setField(store, 0, list));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => object.setField(store, 0, 5));
  });

  it('refuses what does not fit', () => {
    const guest = start(WAT);
    const { store } = guest;
    const point = guest.call('point') as StructRef;
    const type = point.type(store);
    expectMisuse('ERR_IMMUTABLE_FIELD', () => point.setField(store, 1, 1));
    for (const index of [4, 1.5, -1, 2 ** 40]) {
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => point.field(store, index));
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => point.setField(store, index, 1));
    }
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => StructRef.create(store, type, [1]));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => StructRef.create(store, type, ['1', 1, 1, 1]));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => StructRef.create(store, {} as never, []));
    expectMisuse('ERR_WRONG_STORE', () => point.field(new Store(guest.engine), 0));
    const elsewhere = new Engine();
    expectMisuse('ERR_WRONG_ENGINE', () => StructRef.create(new Store(elsewhere), type, []));
    expectMisuse('ERR_WRONG_ENGINE', () => type.matches(new StructType(elsewhere, [])));
    expectMisuse('ERR_INVALID_ARG_VALUE', () => {
      new StructType(elsewhere, [{ content: 'i7' as 'i8', mutable: true }]);
    });
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => {
      new StructType(elsewhere, new Array(1001).fill({ content: 'i32', mutable: true }));
    });
    store.dispose();
    expectMisuse('ERR_DISPOSED', () => point.field(store, 0));
  });
});
