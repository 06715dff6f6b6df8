import { describe, expect, it } from 'vitest';
import { ExnRef, Func, Linker, Module, Store, Tag, WasmtimeError } from '../../lib/index.js';
import { expectError, expectMisuse, start, thrownBy, world } from './support.js';

/** `catch` catches what the import throws; `run` doesn't. */
const WAT = `(module
  (import "env" "tag" (tag $t (param i32 externref)))
  (import "env" "host" (func $host))
  (func $raise (export "raise") (param i32 externref) (throw $t (local.get 0) (local.get 1)))
  (func (export "run") (call $host))
  (func (export "exnref") (result exnref)
    (block $h (result exnref) (try_table (catch_all_ref $h) (call $host)) unreachable))
  (func (export "catch") (result i32 externref)
    (block $h (result i32 externref) (try_table (catch $t $h) (call $host)) unreachable)))`;

function throwing(host: (store: Store, tag: Tag) => unknown) {
  const parts = world();
  const tag = Tag.create(parts.store, ['i32', 'externref']);
  parts.linker.define(parts.store, 'env', 'tag', tag);
  const guest = start(WAT, { host: [[], [], () => host(parts.store, tag)] }, parts);
  return { ...guest, tag };
}

describe('an exception that a host function throws', () => {
  it('is caught by the guest', () => {
    const value = { own: 1 };
    const guest = throwing((store, tag) => {
      throw ExnRef.create(store, tag, [3, value]);
    });
    expect(guest.call('catch')).toEqual([3, value]);
    const caught = guest.call('exnref') as ExnRef;
    expect(caught).toBeInstanceOf(ExnRef);
    expect(caught.kind(guest.store)).toBe('exn');
    expect(caught.fields(guest.store)).toEqual([3, value]);
    expect(caught.tag(guest.store).eq(guest.store, guest.tag)).toBe(true);
  });

  it('comes out of the outer call when nobody catches it', () => {
    let thrown: ExnRef | undefined;
    const guest = throwing((store, tag) => {
      thrown = ExnRef.create(store, tag, [4, null]);
      throw thrown;
    });
    const error = expectError(WasmtimeError, 'ERR_WASM_EXCEPTION', () => guest.call('run'));
    expect(error.exception?.refEq(guest.store, thrown as ExnRef)).toBe(true);
    expect(Object.keys(error)).not.toContain('exception');
    // The store is as before.
    expect(guest.call('catch')).toEqual([4, null]);
  });

  it('of another store is a value like any other', () => {
    const other = world().store;
    const foreign = ExnRef.create(other, Tag.create(other, []), []);
    const guest = throwing(() => {
      throw foreign;
    });
    expect(thrownBy(() => guest.call('catch'))).toBe(foreign);
    expect(thrownBy(() => guest.call('run'))).toBe(foreign);
  });
});

describe('an exception that a guest throws', () => {
  it('is on the error, when nobody catches it', () => {
    const guest = throwing(() => {});
    const error = expectError(WasmtimeError, 'ERR_WASM_EXCEPTION', () =>
      guest.call('raise', 5, 'text'),
    );
    const { store, exception } = { store: guest.store, exception: error.exception };
    expect(exception?.fields(store)).toEqual([5, 'text']);
    expect(exception?.tag(store).params(store)).toEqual(['i32', 'externref']);
  });

  it('goes through JavaScript to the guest that called it', () => {
    const guest: ReturnType<typeof throwing> = throwing(() => guest.call('raise', 6, 'deep'));
    expect(guest.call('catch')).toEqual([6, 'deep']);
    const error = expectError(WasmtimeError, 'ERR_WASM_EXCEPTION', () => guest.call('run'));
    expect(error.exception?.field(guest.store, 0)).toBe(6);
  });

  it('can be caught on the way, and thrown again', () => {
    const guest: ReturnType<typeof throwing> = throwing(() => {
      const error = thrownBy(() => guest.call('raise', 7, null)) as WasmtimeError;
      if (error.exception?.field(guest.store, 0) === 7) throw error.exception;
    });
    expect(guest.call('catch')).toEqual([7, null]);
  });

  it('ends a start function too', () => {
    const { engine, store } = world();
    const wat = '(module (tag $t (param i64)) (func $s (throw $t (i64.const 8))) (start $s))';
    const error = expectError(WasmtimeError, 'ERR_WASM_EXCEPTION', () =>
      new Linker(engine).instantiate(store, Module.compile(engine, wat)),
    );
    expect(error.exception?.fields(store)).toEqual([8n]);
  });
});

it('refuses what does not fit', () => {
  const { engine, store } = world();
  const tag = Tag.create(store, ['i32']);
  const exception = ExnRef.create(store, tag, [1]);
  expectError(RangeError, 'ERR_OUT_OF_RANGE', () => exception.field(store, 1));
  expectError(RangeError, 'ERR_OUT_OF_RANGE', () => ExnRef.create(store, tag, []));
  expectMisuse('ERR_INVALID_ARG_TYPE', () => ExnRef.create(store, tag, ['1']));
  expectMisuse('ERR_INVALID_ARG_TYPE', () => ExnRef.create(store, {} as Tag, []));
  const other = new Store(engine);
  expectMisuse('ERR_WRONG_STORE', () => ExnRef.create(other, tag, [1]));
  expectMisuse('ERR_WRONG_STORE', () => exception.fields(other));
  const takes = Func.wrap(store, { params: ['exnref'], results: ['exnref'] }, (_, value) => value);
  expect((takes.call(store, exception) as ExnRef).field(store, 0)).toBe(1);
});
