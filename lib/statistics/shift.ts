import { median, probit } from 'simple-statistics';

/** By how much measurements differ. */
export interface Shift {
  readonly estimate: number;
  /** The ends of the confidence interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * By how much `after` is more than `before`: the median of all differences between one of these and one of those
 * (Hodges and Lehmann, Ann. Math. Statist. 34, 1963), with the interval that belongs to the test of Mann and
 * Whitney, in its normal approximation (Hollander and Wolfe, Nonparametric Statistical Methods, 4.3).
 *
 * @param confidence that the interval holds the true difference, such as 0.95.
 */
export function shiftBetween(
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  confidence: number,
): Shift {
  const [first, second] = [Array.from(before), Array.from(after)];
  const differences = Float64Array.from(first.flatMap((a) => second.map((b) => b - a))).sort();
  const { length } = differences;
  if (length === 0) return { estimate: 0, low: 0, high: 0 };
  const deviation = Math.sqrt((length * (first.length + second.length + 1)) / 12);
  const rank = Math.floor(length / 2 + probit((1 - confidence) / 2) * deviation);
  const least = Math.max(0, rank);
  return {
    estimate: median([...differences]),
    low: differences[least] as number,
    high: differences[length - 1 - least] as number,
  };
}
