import { expect, it } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  ResourceAny,
  ResourceType,
  Store,
} from '../../../lib/index.js';
import { HostResources } from '../../../lib/runtime/component/host-resources.js';
import { expectMisuse, rejection, thrownBy } from '../support.js';
import { startAsync, turn } from './async-support.js';
import { OWNER, USER } from './resource-guests.js';

/** Takes a host's resource whose size comes later. */
async function user(size: (file: { size: number }) => unknown = (file) => file.size) {
  const dropped: unknown[] = [];
  const engine = new Engine();
  const store = new Store(engine);
  const linker = new ComponentLinker(engine);
  linker.root().resource('file', ResourceType.host(), (_store, file) => dropped.push(file));
  linker.root().funcNewAsync('size', async (_caller, file) => {
    await turn();
    return await size(file);
  });
  const instance = await linker.instantiateAsync(store, Component.compile(engine, USER));
  const call = (name: string, ...args: unknown[]) =>
    instance.getFunc(store, name).callAsync(store, ...args);
  return { call, dropped, held: HostResources.of(store) };
}

it("a host's object is lent and given across suspensions", async () => {
  const { call, dropped, held } = await user();
  const file = { size: 42 };
  expect(await call('peek', file)).toBe(42);
  expect(dropped).toEqual([]);
  expect(held.size).toBe(0);
  expect(await call('back', file)).toBe(file);
  expect(await call('consume', file)).toBe(42);
  expect(dropped[0]).toBe(file);
  expect(held.size).toBe(0);
});

it('a lent object is taken back when the call fails or is aborted', async () => {
  const error = new Error('no size');
  const failing = await user(() => Promise.reject(error));
  expect(await rejection(failing.call('peek', { size: 1 }))).toBe(error);
  expect(failing.held.size).toBe(0);

  const waiting = await user(() => new Promise(() => {}));
  const controller = new AbortController();
  setImmediate(() => setImmediate(() => controller.abort(error)));
  const { signal } = controller;
  expect(await rejection(waiting.call('peek', { size: 1 }, { signal }))).toBe(error);
  expect(waiting.held.size).toBe(0);
});

/** Defines a resource whose destructor asks the host, which takes its time. */
async function owner(dropped: (n: number) => unknown = () => turn()) {
  const order: string[] = [];
  const guest = await startAsync({
    wat: OWNER,
    hosts: {
      dropped: async (_, n) => {
        order.push(`${n} begins`);
        await dropped(n);
        order.push(`${n} ends`);
      },
    },
  });
  return { ...guest, order };
}

it('a destructor may wait: of what a function takes, and of disposeAsync', async () => {
  const { call, order, store } = await owner();
  await call('take', await call('make', 1));
  const counter = await call('make', 2);
  expect(counter).toBeInstanceOf(ResourceAny);
  expect(await call('get', counter)).toBe(2);
  expectMisuse('ERR_ASYNC_REQUIRED', () => counter.dispose());
  const disposed = counter.disposeAsync();
  expect(order.at(-1)).toBe('2 begins');
  await disposed;
  await counter.disposeAsync();
  await counter.disposeAsync(store, {});
  expect(order).toEqual(['1 begins', '1 ends', '2 begins', '2 ends']);
  expect(await rejection(call('get', counter))).toMatchObject({ code: 'ERR_DISPOSED' });
  {
    await using third = (await call('make', 3)) as ResourceAny;
    expect(third.owned).toBe(true);
  }
  expect(order.slice(-2)).toEqual(['3 begins', '3 ends']);
});

it('what disposeAsync throws', async () => {
  const error = new Error('dropped');
  const { call, store, engine } = await owner(() => Promise.reject(error));
  const first = (await call('make', 1)) as ResourceAny;
  const second = (await call('make', 2)) as ResourceAny;
  expect(await rejection(first.disposeAsync(new Store(engine)))).toMatchObject({
    code: 'ERR_WRONG_STORE',
  });
  const signal = { signal: 1 as never };
  expect(await rejection(first.disposeAsync(store, signal))).toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  });
  expect(await rejection(first.disposeAsync())).toBe(error);
  expect(await rejection(second.disposeAsync())).toMatchObject({
    trapCode: 'CannotEnterComponent',
  });

  const waiting = await owner(() => new Promise(() => {}));
  const third = (await waiting.call('make', 3)) as ResourceAny;
  const controller = new AbortController();
  setImmediate(() => controller.abort(error));
  const ended = third.disposeAsync(waiting.store, { signal: controller.signal });
  expect(await rejection(ended)).toBe(error);
});

it('a resource that a host function has made of another instance is dropped through its caller', async () => {
  const seen: unknown[] = [];
  const guest = await startAsync({
    wat: OWNER,
    hosts: {
      dropped: async (caller, n) => {
        if (n !== 1) return void seen.push(n);
        await turn();
        const [instance] = instances;
        const made = await instance?.getFunc(caller, 'make').callAsync(caller, 9);
        expect(await instance?.getFunc(caller, 'get').callAsync(caller, made)).toBe(9);
        expect(thrownBy(() => made.dispose())).toMatchObject({ code: 'ERR_STORE_IN_USE' });
        await made.disposeAsync(caller);
        seen.push('through');
        const again = await instance?.getFunc(caller, 'make').callAsync(caller, 8);
        expect(again.owned).toBe(true);
      },
    },
  });
  const instances = [await guest.linker.instantiateAsync(guest.store, guest.component)];
  await ((await guest.call('make', 1)) as ResourceAny).disposeAsync();
  expect(seen).toEqual([9, 'through']);
});

it("a resource of another instance's is borrowed until the promise settles", async () => {
  const { store, engine, instance, call } = await owner();
  const linker = new ComponentLinker(engine);
  linker.root().resource('file', instance.getResource(store, 'counter'));
  let borrowed!: ResourceAny;
  linker.root().funcNewAsync('size', async (caller, file) => {
    borrowed = file;
    await turn();
    expect(file.owned).toBe(false);
    return await instance.getFunc(caller, 'get').callAsync(caller, file);
  });
  const user = await linker.instantiateAsync(store, Component.compile(engine, USER));
  const counter = await call('make', 12);
  const peek = user.getFunc(store, 'peek');
  expect(await peek.callAsync(store, counter)).toBe(12);
  expect(await rejection(call('get', borrowed))).toMatchObject({ code: 'ERR_DISPOSED' });
  expect(await peek.callAsync(store, counter)).toBe(12);
  await counter.disposeAsync();
});
