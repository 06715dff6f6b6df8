import { expect, it } from 'vitest';
import { ResourceAny, ResourceType, Store } from '../../../lib/index.js';
import { HostResources } from '../../../lib/runtime/component/host-resources.js';
import { startComponent } from './support.js';

/** Takes a host's resource, uses it, and drops it or gives it back. */
const USER = `(component
  (import "file" (type $file (sub resource)))
  (import "size" (func $size (param "f" (borrow $file)) (result u32)))
  (core func $drop (canon resource.drop $file))
  (core func $size_core (canon lower (func $size)))
  (core module $m
    (import "" "drop" (func $drop (param i32)))
    (import "" "size" (func $size (param i32) (result i32)))
    (func (export "consume") (param i32) (result i32)
      (local $n i32)
      (local.set $n (call $size (local.get 0)))
      (call $drop (local.get 0))
      (local.get $n))
    (func (export "peek") (param i32) (result i32)
      (local $n i32)
      (local.set $n (call $size (local.get 0)))
      (call $drop (local.get 0))
      (local.get $n))
    (func (export "back") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m (with "" (instance
    (export "drop" (func $drop)) (export "size" (func $size_core))))))
  (func (export "consume") (param "f" (own $file)) (result u32) (canon lift (core func $m "consume")))
  (func (export "peek") (param "f" (borrow $file)) (result u32) (canon lift (core func $m "peek")))
  (func (export "back") (param "f" (own $file)) (result (own $file)) (canon lift (core func $m "back"))))`;

/** Defines a resource: a counter, which its handle's number stands for. */
const OWNER = `(component
  (import "dropped" (func $dropped (param "n" u32)))
  (core func $dropped_core (canon lower (func $dropped)))
  (core module $d
    (import "" "dropped" (func $dropped (param i32)))
    (func (export "dtor") (param i32) (call $dropped (local.get 0))))
  (core instance $d (instantiate $d (with "" (instance (export "dropped" (func $dropped_core))))))
  (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
  (export $r "counter" (type $r'))
  (core func $new (canon resource.new $r'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "make") (param "n" u32) (result (own $r)) (canon lift (core func $m "make")))
  (func (export "get") (param "c" (borrow $r)) (result u32) (canon lift (core func $m "get")))
  (func (export "take") (param "c" (own $r)) (canon lift (core func $t "take")))
  )`.replace(
  '(func (export "make") (param "n" u32)',
  `(core func $drop (canon resource.drop $r'))
  (core module $t (import "" "drop" (func $drop (param i32)))
    (func (export "take") (param i32) (call $drop (local.get 0))))
  (core instance $t (instantiate $t (with "" (instance (export "drop" (func $drop))))))
  (func (export "make") (param "n" u32)`,
);

function user() {
  const dropped: unknown[] = [];
  const type = ResourceType.host();
  const guest = startComponent(USER, { size: (_store, file) => file.size }, {}, (linker) => {
    linker.root().resource('file', type, (_store, file) => dropped.push(file));
  });
  return { ...guest, dropped, type, held: HostResources.of(guest.store) };
}

it('gives the guest an object, which tells when it is dropped', () => {
  const { call, dropped, held } = user();
  const file = { size: 42 };
  expect(call('consume', file)).toBe(42);
  expect(dropped).toEqual([file]);
  expect(dropped[0]).toBe(file);
  expect(held.size).toBe(0);
});

it('lends the guest an object for a call', () => {
  const { call, dropped, held } = user();
  const file = { size: 7 };
  expect(call('peek', file)).toBe(7);
  expect(call('peek', file)).toBe(7);
  expect(dropped).toEqual([]);
  expect(held.size).toBe(0);
});

it('gets the same object back', () => {
  const { call, held } = user();
  const file = { size: 1 };
  expect(call('back', file)).toBe(file);
  expect(held.size).toBe(0);
});

it('refuses what is no object, and keeps nothing of it', () => {
  const { call, held } = user();
  for (const value of [1, 'file', null, undefined]) {
    expect(() => call('consume', value)).toThrow('args[0]: expected an object (own)');
  }
  expect(held.size).toBe(0);
});

it('takes back what was lent when the call fails', () => {
  const error = new Error('no size');
  const guest = startComponent(
    USER,
    {
      size: () => {
        throw error;
      },
    },
    {},
    (linker) => linker.root().resource('file', ResourceType.host()),
  );
  let thrown: unknown;
  try {
    guest.call('peek', {});
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toBe(error);
  expect(HostResources.of(guest.store).size).toBe(0);
});

function owner() {
  const dropped: number[] = [];
  const guest = startComponent(OWNER, { dropped: (_store, n) => dropped.push(n) });
  return { ...guest, dropped };
}

it("hands out a guest's resource, and runs its destructor once", () => {
  const { call, dropped, instance, store } = owner();
  const counter = call('make', 5);
  expect(counter).toBeInstanceOf(ResourceAny);
  expect(counter.owned).toBe(true);
  expect(counter.type.isHost).toBe(false);
  expect(counter.type.equals(instance.getResource(store, 'counter'))).toBe(true);
  expect(call('get', counter)).toBe(5);
  expect(call('get', counter)).toBe(5);
  counter.dispose();
  counter.dispose();
  expect(dropped).toEqual([5]);
  expect(() => call('get', counter)).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
});

it("gives a guest's resource away once", () => {
  const { call, dropped } = owner();
  const counter = call('make', 6);
  call('take', counter);
  expect(dropped).toEqual([6]);
  expect(() => call('take', counter)).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
  counter.dispose();
  expect(dropped).toEqual([6]);
});

it('refuses a resource of another store, instance or kind', () => {
  const first = owner();
  const second = owner();
  const counter = first.call('make', 1);
  expect(() => second.call('get', counter)).toThrow(
    expect.objectContaining({ code: 'ERR_WRONG_STORE' }),
  );
  const other = first.linker.instantiate(first.store, first.component);
  expect(() => other.getFunc(first.store, 'get').call(first.store, counter)).toThrow(
    expect.objectContaining({ code: 'ERR_RESOURCE_TYPE' }),
  );
  expect(() => first.call('get', {})).toThrow('args[0]: expected a ResourceAny (borrow)');
});

it('refuses a resource whose store is gone', () => {
  const { call, store } = owner();
  const counter = call('make', 1);
  store.dispose();
  expect(() => counter.dispose()).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
  expect(store).toBeInstanceOf(Store);
});
