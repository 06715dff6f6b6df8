/** What rounds of one measurement gave. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (row: number): number => {
    const value = sorted[row];
    if (value === undefined || !Number.isFinite(value))
      throw new Error(`no number among ${values}`);
    return value;
  };
  const middle = (sorted.length - 1) / 2;
  return {
    min: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    max: at(sorted.length - 1),
  };
}

/** `f` of both columns' values, round by round: what was measured side by side is compared. */
export function byRound(
  a: readonly number[],
  b: readonly number[],
  f: (a: number, b: number) => number,
): number[] {
  if (a.length !== b.length) throw new Error(`${a.length} rounds of one, ${b.length} of the other`);
  return a.map((value, round) => f(value, b[round] as number));
}

/**
 * A median with an interval of 95 % around it, from the order of the values and nothing else: the ranks
 * between which the true median lies but for one case in twenty. From 6 values on.
 */
export function medianInterval(values: readonly number[]): { low: number; high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const reach = 0.98 * Math.sqrt(sorted.length);
  const low = Math.max(0, Math.floor(sorted.length / 2 - reach));
  const high = Math.min(sorted.length - 1, Math.ceil(sorted.length / 2 + reach));
  return { low: sorted[low] as number, high: sorted[high] as number };
}
