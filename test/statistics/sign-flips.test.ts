import { expect, it } from 'vitest';
import { flippedPValues } from '../../lib/statistics/sign-flips.js';

const row = (...values: number[]) => Float64Array.from(values);

it('counts the exchanges that differ as much', () => {
  // Of eight, none and all.
  expect([...flippedPValues([row(1, 1, 1)])]).toEqual([0.25]);
  // 3 + 1, 3 − 1 and their opposites: those of 3 + 1.
  expect([...flippedPValues([row(3, 1)])]).toEqual([0.5]);
  expect([...flippedPValues([row(3, -1)])]).toEqual([1]);
});

it('corrects for all rows that differ less', () => {
  const [first, second] = flippedPValues([row(9, 9, 9), row(1, -1, 1)]);
  expect(first).toBe(0.25);
  // The greater of its own, and of the row before.
  expect(second).toBe(1);
  // Each row has its extremes at other exchanges, and counts them all.
  expect([...flippedPValues([row(2, 2, 2), row(2, -2, 2)])]).toEqual([0.5, 1]);
});

it('takes random exchanges of many pairs, the same each time', () => {
  const many = Float64Array.from({ length: 20 }, (_, i) => 1 + i / 20);
  const [p] = flippedPValues([many]);
  expect(p).toBeGreaterThan(0);
  expect(p).toBeLessThan(0.001);
  const uneven = many.map((value, i) => (i % 3 === 0 ? -value : value));
  expect([...flippedPValues([uneven])]).toEqual([...flippedPValues([uneven])]);
});

it('has nothing to say of nothing', () => {
  expect([...flippedPValues([])]).toEqual([]);
});
