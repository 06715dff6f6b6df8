import { expect, it } from 'vitest';
import { ResourceAny, ResourceType, Store } from '../../../lib/index.js';
import { HostResources } from '../../../lib/runtime/component/host-resources.js';
import { OWNER, USER } from './resource-guests.js';
import { startComponent } from './support.js';

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
