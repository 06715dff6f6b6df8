import { describe, expect, it } from 'vitest';
import {
  compareRuns,
  type MeasuredRow,
  SIGNIFICANCE_LEVEL,
} from '../../lib/statistics/compare-runs.js';
import { pacesOf } from '../../lib/statistics/pace.js';
import { shiftBetween } from '../../lib/statistics/shift.js';
import { adjustedPValues } from '../../lib/statistics/significance.js';
import { seededRandom } from '../support/random.js';

/** A variable between 0 and 1. */
function uniform(seed: number): () => number {
  const random = seededRandom(seed);
  return () => random(2 ** 32) / 2 ** 32;
}

/** A normal variable, by Box and Muller. */
function normal(random: () => number): number {
  const [a, b] = [1 - random(), random()];
  return Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * b);
}

/**
 * Rows of `runs` on either side, sized 100, 50, 33, …: each run has a pace of its own, up to `pace` slower, each
 * measurement noise of `noise`, and a few are out by ten times as much. The first row is `factor` times as large after.
 */
function measured(
  random: () => number,
  { rows = 20, runs = 10, noise = 0.02, outliers = 0.05, pace = 0.5, factor = 1, whole = 1 },
): MeasuredRow[] {
  const paces = Array.from({ length: 2 * runs }, () => 1 + pace * random());
  return Array.from({ length: rows }, (_, row) => {
    const values = Float64Array.from(paces, (pace, run) => {
      const outlier = random() < outliers ? 10 : 1;
      const grown = run < runs ? 1 : whole * (row === 0 ? factor : 1);
      return (100 / (row + 1)) * grown * pace * (1 + noise * outlier * normal(random));
    });
    return { before: values.subarray(0, runs), after: values.subarray(runs) };
  });
}

describe('comparing runs', () => {
  it('calls something significant in one comparison of equal runs of a hundred', () => {
    const random = uniform(1);
    const comparisons = 300;
    let wrong = 0;
    for (let i = 0; i < comparisons; i++) {
      const { rows, whole } = compareRuns(measured(random, { rows: 8, runs: 6 }), true);
      if ([whole, ...rows].some(({ significant }) => significant)) wrong++;
    }
    // Three are expected.
    expect(wrong).toBeLessThanOrEqual(comparisons * SIGNIFICANCE_LEVEL * 2.5);
  }, 120_000);

  it('finds one row that is 5 % larger, beside runs that differ by half', () => {
    const random = uniform(2);
    for (let i = 0; i < 20; i++) {
      const { rows } = compareRuns(
        measured(random, { noise: 0.01, outliers: 0, factor: 1.05 }),
        true,
      );
      const significant = rows
        .map((row, at) => (row.significant ? at : -1))
        .filter((at) => at >= 0);
      expect(significant).toEqual([0]);
      const { shift, paced } = rows[0] as (typeof rows)[number];
      expect(paced).toBe(true);
      expect(shift.estimate / 125).toBeGreaterThan(0.03);
      expect(shift.estimate / 125).toBeLessThan(0.07);
    }
  });

  it('finds that everything is slower, which no pace explains away', () => {
    const slower = measured(uniform(3), { pace: 0.05, whole: 1.3 });
    const { whole, rows } = compareRuns(slower, true);
    expect(whole.significant).toBe(true);
    expect(rows.every(({ p, significant }) => p === undefined || significant)).toBe(true);
    expect(rows.every(({ p, paced }) => p === undefined || !paced)).toBe(true);
    // One after the other, the machine may have been slower.
    expect(compareRuns(slower, false).whole.significant).toBe(false);
  });

  it('leaves small rows untested', () => {
    const rows = measured(uniform(4), { rows: 100 });
    const tested = compareRuns(rows, true).rows.filter(({ p }) => p !== undefined);
    expect(tested.length).toBeGreaterThan(10);
    expect(tested.length).toBeLessThan(60);
  });

  it('says nothing of runs without any weight', () => {
    const nothing = { before: new Float64Array(3), after: new Float64Array(3) };
    expect(compareRuns([nothing], true).rows).toEqual([
      { significant: false, p: undefined, paced: false, shift: { estimate: 0, low: 0, high: 0 } },
    ]);
    expect(compareRuns([], true).rows).toEqual([]);
  });
});

describe('adjusted p-values', () => {
  it('are those of all permutations', () => {
    // Of the 20 ways to divide six runs in halves, two are as uneven as 1 2 3 | 11 12 13.
    const apart = Float64Array.of(1, 2, 3, 11, 12, 13);
    const alike = Float64Array.of(1, 5, 3, 2, 6, 4);
    const [p, q] = adjustedPValues([apart, alike], 3);
    expect(p).toBeGreaterThan(0.09);
    expect(p).toBeLessThan(0.21);
    expect(q).toBeGreaterThan(0.5);
  });

  it('never fall from the most different row to the least', () => {
    const random = uniform(5);
    const rows = measured(random, { factor: 1.2 }).map(({ before, after }) =>
      Float64Array.of(...before, ...after),
    );
    const p = [...adjustedPValues(rows, 10)];
    expect(Math.min(...p)).toBe(p[0]);
    expect(Math.max(...p)).toBeLessThanOrEqual(1);
  });

  it('count what differs in every single run of both', () => {
    const [p] = adjustedPValues(
      [Float64Array.from({ length: 20 }, (_, i) => (i < 10 ? 7 : 8))],
      10,
    );
    expect(p).toBeLessThan(0.001);
  });
});

describe('the shift between measurements', () => {
  it('is the median of differences, in an interval', () => {
    const { estimate, low, high } = shiftBetween([1, 2, 3, 4, 5], [11, 12, 13, 14, 15], 0.95);
    expect(estimate).toBe(10);
    expect(low).toBeLessThan(10);
    expect(high - 10).toBeCloseTo(10 - low);
  });

  it('holds the true one as often as it says', () => {
    const random = uniform(6);
    let held = 0;
    for (let i = 0; i < 1000; i++) {
      const sample = (mean: number) => Array.from({ length: 10 }, () => mean + normal(random));
      const { low, high } = shiftBetween(sample(0), sample(1), 0.95);
      if (low <= 1 && 1 <= high) held++;
    }
    expect(held).toBeGreaterThan(925);
    expect(held).toBeLessThan(980);
  });
});

describe("a run's pace", () => {
  it('is what most rows have in common', () => {
    const rows = Array.from({ length: 9 }, (_, row) => Float64Array.of(10 + row, 2 * (10 + row)));
    // One row goes its own way.
    const paces = pacesOf([...rows, Float64Array.of(20, 400)]);
    expect((paces?.[1] ?? 0) / (paces?.[0] ?? 1)).toBeCloseTo(2);
  });

  it('is unknown where a row would decide it alone', () => {
    expect(pacesOf([Float64Array.of(100, 110), Float64Array.of(5, 6)])).toBeUndefined();
    expect(pacesOf([])).toBeUndefined();
    expect(pacesOf([Float64Array.of(0, 0)])).toBeUndefined();
  });
});
