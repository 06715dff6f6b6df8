import { describe, expect, it } from 'vitest';
import { ArrayRef, ArrayType, Func, Trap, WasmtimeError } from '../../lib/index.js';
import { expectError, expectMisuse, start, world } from './support.js';

const WAT = `(module
  (type $bytes (array (mut i8)))
  (type $longs (array (mut i64)))
  (func (export "sum") (param anyref) (result i64) (local $a (ref $longs)) (local $i i32) (local $s i64)
    (local.set $a (ref.cast (ref $longs) (local.get 0)))
    (block $done (loop $l
      (br_if $done (i32.ge_u (local.get $i) (array.len (local.get $a))))
      (local.set $s (i64.add (local.get $s) (array.get $longs (local.get $a) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $l)))
    (local.get $s))
  (func (export "bytes") (result (ref $bytes)) (array.new $bytes (i32.const 7) (i32.const 3))))`;

describe('an array', () => {
  it('made here is read there', () => {
    const guest = start(WAT);
    const { store } = guest;
    const longs = new ArrayType(guest.engine, { content: 'i64', mutable: true });
    const array = ArrayRef.create(store, longs, 3n, 2500);
    expect(guest.call('sum', array)).toBe(7500n);
    array.set(store, 2499, 10n);
    expect([array.get(store, 2498), array.get(store, 2499)]).toEqual([3n, 10n]);
    const elems = array.elems(store);
    expect([elems.length, elems[2498], elems[2499]]).toEqual([2500, 3n, 10n]);
    const fixed = ArrayRef.fixed(store, longs, [1n, 2n, 3n]);
    expect([guest.call('sum', fixed), fixed.length(store)]).toEqual([6n, 3]);
    expect(ArrayRef.fixed(store, longs, []).elems(store)).toEqual([]);
  });

  it('of bytes', () => {
    const guest = start(WAT);
    const { store } = guest;
    const made = guest.call('bytes') as ArrayRef;
    expect(made).toBeInstanceOf(ArrayRef);
    expect(made.type(store).element).toEqual({ content: 'i8', mutable: true });
    made.set(store, 1, 0x1fe);
    expect([...made.toBytes(store)]).toEqual([7, 254, 7]);
    const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i);
    const copy = ArrayRef.fromBytes(store, made.type(store), bytes);
    expect(copy.toBytes(store)).toEqual(bytes);
    expect(copy.elems(store)).toEqual([...bytes]);
  });

  it('of references', () => {
    const { engine, store } = world();
    const type = new ArrayType(engine, { content: 'externref', mutable: true });
    const own = { own: 1 };
    const array = ArrayRef.fixed(store, type, [own, 'text', undefined, null]);
    expect(array.elems(store)).toEqual([own, 'text', undefined, null]);
    const funcs = new ArrayType(engine, { content: 'funcref', mutable: false });
    const func = Func.wrap(store, { params: [], results: ['i32'] }, () => 9);
    const [first, second] = ArrayRef.fixed(store, funcs, [func, null]).elems(store) as Func[];
    expect([first?.call(store), second]).toEqual([9, null]);
  });

  it('refuses what does not fit', () => {
    const { engine, store } = world();
    const type = new ArrayType(engine, { content: 'i32', mutable: false });
    const array = ArrayRef.fixed(store, type, [1, 2]);
    expectMisuse('ERR_IMMUTABLE_FIELD', () => array.set(store, 0, 1));
    for (const index of [2, -1, 2 ** 32, 2 ** 50]) {
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => array.get(store, index));
    }
    const many = new Array(1001).fill(0);
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => ArrayRef.fixed(store, type, many));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => ArrayRef.create(store, type, '1', 1));
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => ArrayRef.create(store, type, 1, 2 ** 32));
    const trap = expectError(Trap, 'ERR_WASM_TRAP', () =>
      ArrayRef.create(store, type, 1, 2 ** 32 - 1),
    );
    expect(trap.trapCode).toBe('AllocationTooLarge');
    expectError(WasmtimeError, 'ERR_WASMTIME', () => array.toBytes(store));
    expectError(WasmtimeError, 'ERR_WASMTIME', () =>
      ArrayRef.fromBytes(store, type, new Uint8Array(1)),
    );
    expect(array.elems(store)).toEqual([1, 2]);
  });
});
