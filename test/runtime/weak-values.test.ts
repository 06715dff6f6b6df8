import { expect, it } from 'vitest';
import { WeakValues } from '../../lib/runtime/weak-values.js';

it('makes a value once, and grows no larger than what is alive needs', () => {
  const values = new WeakValues<object>();
  const kept = Array.from({ length: 1000 }, (_, i) => values.getOrMake(`${i}`, () => ({ i })));
  kept.forEach((value, i) => {
    expect(values.getOrMake(`${i}`, () => ({}))).toBe(value);
  });
  expect(values.size).toBe(1000);
  values.clear();
  expect(values.size).toBe(0);
});
