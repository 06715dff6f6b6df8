import { describe, expect, it } from 'vitest';
import {
  Func,
  GcRef,
  Global,
  Store,
  StructRef,
  Table,
  Tag,
  WasmtimeError,
} from '../../lib/index.js';
import { alive, collectUntil, expectError, expectMisuse, start, world } from './support.js';

const WAT = `(module
  (type $point (struct (field (mut i32))))
  (type $list (array i32))
  (func (export "struct") (param i32) (result (ref $point)) (struct.new $point (local.get 0)))
  (func (export "x") (param anyref) (result i32)
    (struct.get $point 0 (ref.cast (ref $point) (local.get 0))))
  (func (export "array") (result arrayref) (array.new_default $list (i32.const 3)))
  (func (export "i31") (param i32) (result i31ref) (ref.i31 (local.get 0)))
  (func (export "same") (param eqref eqref) (result i32) (ref.eq (local.get 0) (local.get 1)))
  (func (export "null") (result nullref) (ref.null none))
  (func (export "call") (param anyref) (result anyref) (local.get 0)))`;

describe('a reference to what the guest made', () => {
  it('keeps its object, which the guest takes back', () => {
    const guest = start(WAT);
    const { store } = guest;
    const points = Array.from({ length: 1000 }, (_, i) => guest.call('struct', i) as GcRef);
    store.gc();
    expect(points.map((point) => guest.call('x', point))).toEqual(points.map((_, i) => i));
    expect(points[0]?.kind(store)).toBe('struct');
    expect(guest.call('array').kind(store)).toBe('array');
    expect(guest.call('null')).toBeNull();
    expect(guest.call('call', null)).toBeNull();
  });

  it('has an identity', () => {
    const guest = start(WAT);
    const point = guest.call('struct', 1) as GcRef;
    const again = guest.call('call', point) as GcRef;
    expect(again.refEq(guest.store, point)).toBe(true);
    expect(again.refEq(guest.store, guest.call('struct', 1))).toBe(false);
    expect(guest.call('same', point, again)).toBe(1);
  });

  it('an i31, made on either side', () => {
    const guest = start(WAT);
    const { store } = guest;
    for (const value of [0, 1, -1, 2 ** 30 - 1, -(2 ** 30)]) {
      const made = GcRef.fromI31(store, value);
      expect([made.kind(store), made.i31(store)]).toEqual(['i31', value]);
      expect(guest.call('same', made, guest.call('i31', value))).toBe(1);
    }
    expect(guest.call('struct', 1).i31(store)).toBeUndefined();
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => GcRef.fromI31(store, 2 ** 31));
  });

  it('wraps any JavaScript value', () => {
    const guest = start(WAT);
    const { store } = guest;
    const value = { some: 'thing' };
    const wrapped = GcRef.fromExtern(store, value);
    expect(wrapped.kind(store)).toBe('extern');
    expect(guest.call('call', wrapped).toExtern(store)).toBe(value);
    const point = guest.call('struct', 7) as GcRef;
    expect((point.toExtern(store) as GcRef).refEq(store, point)).toBe(true);
    expectMisuse('ERR_INVALID_ARG_TYPE', () => GcRef.fromExtern(store, null));
  });

  it('in globals, tables and host functions', () => {
    const parts = world();
    const { store } = parts;
    const i31 = GcRef.fromI31(store, 5);
    const global = Global.create(store, { content: 'anyref', mutable: true }, i31);
    expect((global.get(store) as GcRef).i31(store)).toBe(5);
    global.set(store, null);
    expect(global.get(store)).toBeNull();
    const table = Table.create(store, { element: 'eqref', minimum: 2 }, i31);
    expect((table.get(store, 1) as GcRef).i31(store)).toBe(5);
    const next = Func.wrap(store, { params: ['i31ref'], results: ['i31ref'] }, (caller, n) =>
      GcRef.fromI31(caller, (n?.i31(caller) ?? 0) + 1),
    );
    expect(next.call(store, i31).i31(store)).toBe(6);
  });

  it('refuses other stores, disposed ones and other values', () => {
    const guest = start(WAT);
    const point = guest.call('struct', 1) as GcRef;
    const other = new Store(guest.engine);
    expectMisuse('ERR_WRONG_STORE', () => point.kind(other));
    expectMisuse('ERR_WRONG_STORE', () => guest.call('call', GcRef.fromI31(other, 1)));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => guest.call('call', 1));
    expectError(WasmtimeError, 'ERR_WASMTIME', () =>
      guest.call(
        'x',
        guest.call('call', point) && Func.wrap(guest.store, { params: [], results: [] }, () => {}),
      ),
    );
    guest.store.dispose();
    expectMisuse('ERR_DISPOSED', () => point.kind(guest.store));
  });

  it('is released with the object', async () => {
    const guest = start(WAT);
    const refs = Array.from({ length: 100 }, () => new WeakRef(guest.call('struct', 1) as object));
    expect(await collectUntil(() => alive(refs) === 0)).toBe(true);
    guest.store.gc();
  });
});

describe('a tag', () => {
  it('made here, thrown and caught there', () => {
    const parts = world();
    const tag = Tag.create(parts.store, ['i32', 'i64']);
    expect(tag.params(parts.store)).toEqual(['i32', 'i64']);
    parts.linker.define(parts.store, 'env', 'tag', tag);
    const guest = start(
      `(module (import "env" "tag" (tag $t (param i32 i64))) (export "tag" (tag $t))
        (func $raise (export "raise") (throw $t (i32.const 3) (i64.const 4)))
        (func (export "catch") (result i32 i64)
          (block $h (result i32 i64) (try_table (catch $t $h) (call $raise)) unreachable)))`,
      {},
      parts,
    );
    expect(guest.call('catch')).toEqual([3, 4n]);
    expect(guest.instance.getExport(guest.store, 'tag')).toBeInstanceOf(Tag);
    expectError(WasmtimeError, 'ERR_WASM_EXCEPTION', () => guest.call('raise'));
    expect(guest.call('catch')).toEqual([3, 4n]);
    const other = new Store(guest.engine);
    expectMisuse('ERR_WRONG_STORE', () => tag.params(other));
  });
});

it('an i31 and a wrapped value are plain references', () => {
  const { store } = world();
  expect(Object.getPrototypeOf(GcRef.fromI31(store, 1))).toBe(GcRef.prototype);
  expect(GcRef.fromExtern(store, 'x')).not.toBeInstanceOf(StructRef);
});
