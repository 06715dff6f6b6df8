import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { mean, probit } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { comparePairs, type PairedRow } from '../../lib/statistics/compare-pairs.js';

const PAIRS = 10;
/** Samples of functions in a run of a second. */
const SIZES = [5000, 1900, 1700, 1300, 800, 700, 300, 250, 150, 100, 80];
/** Nanoseconds. */
const WORTH = 1e5;

/** Pairs of runs that differ by a fifth from pair to pair; what is in `factors` takes so many times as long after. */
function pairsOf(seed: number, factors: Readonly<Record<number, number>> = {}): PairedRow[] {
  const random = xoroshiro128plus(seed);
  const normal = () => probit(Math.min(1 - 1e-9, Math.max(1e-9, uniformFloat64(random))));
  const paces = Array.from({ length: PAIRS }, () => Math.exp(0.2 * normal()));
  return SIZES.map((size, row) => {
    const counts = (factor: number) =>
      Float64Array.from(paces, (pace) => {
        const expected = size * pace * factor;
        return Math.max(0, Math.round(expected + Math.sqrt(expected) * normal()));
      });
    const samples = { before: counts(1), after: counts(factors[row] ?? 1) };
    return {
      samples,
      before: samples.before.map((count) => count * WORTH),
      after: samples.after.map((count) => count * WORTH),
    };
  });
}

const significant = (rows: readonly PairedRow[]): number[] =>
  comparePairs(rows).rows.flatMap(({ significant }, row) => (significant ? [row] : []));
const seeds = (count: number) => Array.from({ length: count }, (_, seed) => seed + 1);

describe('pairs of runs', () => {
  it('that are equal have nothing significant, but for one of a hundred', () => {
    const wrong = seeds(200).filter((seed) => {
      const { whole, rows } = comparePairs(pairsOf(seed));
      return whole.significant || rows.some(({ significant }) => significant);
    });
    expect(wrong.length).toBeLessThanOrEqual(2);
  });

  it('tell that a function takes 5 % longer, though pairs differ by a fifth', () => {
    const told = seeds(100).map((seed) => significant(pairsOf(seed, { 0: 1.05 })));
    expect(told.filter((rows) => rows.includes(0)).length).toBeGreaterThanOrEqual(95);
    expect(told.filter((rows) => rows.some((row) => row !== 0)).length).toBeLessThanOrEqual(2);
  }, 120_000);

  it('tell by how much', () => {
    const { rows, whole } = comparePairs(pairsOf(1, { 1: 1.5 }));
    const [, row] = rows;
    const before = mean([...(pairsOf(1)[1]?.before ?? [])]);
    const { estimate = 0, low = 0, high = 0 } = row?.shift ?? {};
    expect(row?.significant).toBe(true);
    expect(estimate / before).toBeCloseTo(0.5, 1);
    expect(low).toBeLessThan(0.5 * before);
    expect(high).toBeGreaterThan(0.5 * before);
    expect(whole.shift.estimate).toBeCloseTo(estimate, -Math.log10(before / 2));
  });

  it('tell of a function that one side alone has', () => {
    const rows = pairsOf(1);
    const [first] = rows as [PairedRow];
    const none = new Float64Array(PAIRS);
    const own = { ...first, before: none, samples: { ...first.samples, before: none } };
    const change = comparePairs([own, ...rows.slice(1)]).rows[0];
    expect(change?.significant).toBe(true);
    expect(change?.shift.estimate).toBeGreaterThan(1000 * WORTH);
  });

  it('say nothing of what is too small, and of nothing', () => {
    const [first] = pairsOf(1) as [PairedRow];
    const few = Float64Array.from({ length: PAIRS }, () => 1);
    const small = { before: few, after: few, samples: { before: few, after: few } };
    expect(comparePairs([first, small]).rows[1]).toMatchObject({
      significant: false,
      p: undefined,
    });
    const none = new Float64Array(PAIRS);
    const empty = { before: none, after: none, samples: { before: none, after: none } };
    expect(comparePairs([empty]).whole).toMatchObject({ significant: false, p: undefined });
    expect(comparePairs([]).rows).toEqual([]);
  });
});
