import { describe, expect, it } from 'vitest';
import { Func, Global, type ValType } from '../../lib/index.js';
import { alive, collectUntil, expectMisuse, start, world } from './support.js';

const VALUES: [ValType, unknown, unknown][] = [
  ['i32', -5, 2 ** 31 - 1],
  ['i64', -5n, 2n ** 62n],
  ['f32', 0.5, -0],
  ['f64', 0.1, Number.NaN],
  ['v128', new Uint8Array(16).fill(1), Uint8Array.from({ length: 16 }, (_, i) => i)],
  ['externref', { own: 1 }, undefined],
  ['externref', null, 'text'],
];

describe('a global', () => {
  it.each(VALUES)('of %s holds %s and then %s', (content, first, second) => {
    const { store } = world();
    const global = Global.create(store, { content, mutable: true }, first);
    expect(global.store).toBe(store);
    expect(global.type(store)).toEqual({ content, mutable: true });
    expect(global.get(store)).toEqual(first);
    if (content === 'externref') expect(global.get(store)).toBe(first);
    global.set(store, second);
    expect(global.get(store)).toEqual(second);
  });

  it('of funcref holds functions', () => {
    const { store } = world();
    const seven = Func.wrap(store, { params: [], results: ['i32'] }, () => 7);
    const global = Global.create(store, { content: 'funcref', mutable: true }, null);
    expect(global.get(store)).toBeNull();
    global.set(store, seven);
    expect((global.get(store) as Func).call(store)).toBe(7);
  });

  it('that is constant is not set', () => {
    const { store } = world();
    const global = Global.create(store, { content: 'i32', mutable: false }, 1);
    expect(global.type(store).mutable).toBe(false);
    const error = expectMisuse('ERR_IMMUTABLE_GLOBAL', () => global.set(store, 2));
    expect(error.message).toBe('the global is immutable');
    expect(global.get(store)).toBe(1);
  });

  it('is that of the guest', () => {
    const guest = start(`(module
      (global $n (export "n") (mut i64) (i64.const 5))
      (func (export "next") (global.set $n (i64.add (global.get $n) (i64.const 1)))))`);
    const n = guest.instance.getGlobal(guest.store, 'n');
    guest.call('next');
    expect(n.get(guest.store)).toBe(6n);
    n.set(guest.store, 41n);
    guest.call('next');
    expect(n.get(guest.store)).toBe(42n);
  });

  it('lets go of the references that it held', async () => {
    const { store } = world();
    const global = Global.create(store, { content: 'externref', mutable: true }, null);
    const refs = (() =>
      Array.from({ length: 10_000 }, (_, i) => {
        const value = { i };
        global.set(store, value);
        if (global.get(store) !== value) expect.unreachable();
        return new WeakRef(value);
      }))();
    global.set(store, null);
    // Wasmtime collects when its heap is full, which is every 2,000 or so.
    expect(await collectUntil(() => alive(refs) < 3000)).toBe(true);
    expect(global.get(store)).toBeNull();
  });
});
