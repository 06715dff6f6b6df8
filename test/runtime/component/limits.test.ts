// Many resources, and types deep within types.
import { describe, expect, it } from 'vitest';
import { Component, Engine } from '../../../lib/index.js';
import { OWNER } from './resource-guests.js';
import { echo, startComponent } from './support.js';

/** As deep as Wasmtime's validator lets a type be. */
const DEEPEST = 99;

/** A type in `depth` others, all of `wrap`'s kind. */
function nested(depth: number, wrap: (inner: string) => string): string {
  const types = ['(type $t0 u8)'];
  for (let i = 1; i <= depth; i++) types.push(`(type $t${i} ${wrap(`$t${i - 1}`)})`);
  return types.join('\n');
}

const list = (inner: string) => `(list ${inner})`;
const tuple = (inner: string) => `(tuple ${inner})`;

describe('types within types', () => {
  it.each([
    ['lists', list, ['i32', 'i32']],
    ['tuples', tuple, ['i32']],
  ] as const)('%s, as deep as they may be, come back', (_, wrap, flat) => {
    const component = echo(nested(DEEPEST, wrap), `$t${DEEPEST}`, flat);
    let value: unknown = 7;
    for (let i = 0; i < DEEPEST; i++) value = [value];
    const { call } = startComponent(component, { host: (_store, x) => x });
    let found: unknown = call('echo', value);
    let depth = 0;
    for (; typeof found !== 'number'; depth++) [found] = found as Iterable<unknown>;
    expect([depth, found]).toEqual([DEEPEST, 7]);
  });

  it.each([
    ['deeper', nested(DEEPEST + 1, list), 'type nesting is too deep'],
    ['far deeper', nested(10_000, list), 'type nesting is too deep'],
    [
      'of 2 ** 40 parts',
      nested(40, (inner) => `(tuple ${inner} ${inner})`),
      'effective type size exceeds the limit',
    ],
  ])('what is %s is refused', (_, types, message) => {
    expect(() => Component.compile(new Engine(), `(component ${types})`)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_COMPONENT',
        message: expect.stringContaining(message),
      }),
    );
  });
});

it('100,000 resources live at once, and each ends once', () => {
  const ended = new Set<number>();
  const { instance, store } = startComponent(OWNER, { dropped: (_store, n) => ended.add(n) });
  expect(store.getMaxComponentHandles()).toBe(100_000);
  store.setMaxComponentHandles(200_000);
  const [make, get] = ['make', 'get'].map((name) => instance.getFunc(store, name));
  const counters = Array.from({ length: 100_000 }, (_, n) => make?.call(store, n));
  expect([0, 99_999].map((n) => get?.call(store, counters[n]))).toEqual([0, 99_999]);
  // What is freed first isn't what was made first.
  for (const start of [1, 0]) {
    for (let i = start; i < counters.length; i += 2) counters[i].dispose();
  }
  expect(ended.size).toBe(counters.length);
});

it('a store has no more handles than it may have', () => {
  const { call, store } = startComponent(OWNER, { dropped: () => {} });
  store.setMaxComponentHandles(10);
  const made: unknown[] = [];
  const fill = () => {
    while (made.length < 20) made.push(call('make', made.length));
  };
  expect(fill).toThrow(
    expect.objectContaining({
      name: 'WasmtimeError',
      message: expect.stringContaining('store handle limit exceeded'),
    }),
  );
  expect(made.length).toBeGreaterThan(3);
  expect(made.length).toBeLessThanOrEqual(10);
});
