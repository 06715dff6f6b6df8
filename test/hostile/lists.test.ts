// Lists from guests that lie, in processes of their own: a crash fails one of them.
//
//   LISTS_GUESTS=20000 LISTS_SEED=7 npx vitest run test/hostile/lists.test.ts    many, and others
import { expect, it } from 'vitest';
import { Component, Engine } from '../../lib/index.js';
import { countInChildren } from '../support/child-process.js';

const guests = Number(process.env['LISTS_GUESTS'] ?? 150);
const seeds = { first: Number(process.env['LISTS_SEED'] ?? 1), count: guests, ofAChild: 500 };

it('random guests give what the canonical ABI says, take what they were given, or are refused', {
  timeout: 24 * 3_600_000,
}, async () => {
  const total = await countInChildren('test/hostile/lists-child.ts', seeds);
  console.log(`lists: ${JSON.stringify(total)}`);
  for (const what of ['given', 'refused', 'taken', 'notTaken']) {
    expect(total[what]).toBeGreaterThan(guests);
  }
});

it('a component has no memory of 64 bits for its values', () => {
  const engine = new Engine({ wasmMemory64: true });
  const component = `(component
    (import "f" (func $f (param "x" (list u8))))
    (core module $libc (memory (export "memory") i64 1))
    (core instance $libc (instantiate $libc))
    (core func (canon lower (func $f) (memory (core memory $libc "memory")))))`;
  expect(() => Component.compile(engine, component)).toThrow(
    '64-bit memories require the `cm64` feature',
  );
});
