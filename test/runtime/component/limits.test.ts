// Types deep within types.
import { describe, expect, it } from 'vitest';
import { Component, Engine } from '../../../lib/index.js';
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
