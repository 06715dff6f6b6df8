import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Relabellings tried: p-values come in steps of 1 / 10,001. */
const PERMUTATIONS = 10_000;
/** Always the same, so that one comparison always gives one answer. */
const SEED = 20;

/**
 * For each row of measurements, the probability that it, or any other row, would differ so much between its
 * first `before` columns and the rest if the order of columns meant nothing. So to call all rows significant
 * whose number is below 0.01 is wrong about any of them in one comparison of a hundred.
 *
 * This is the step-down maxT procedure of Westfall and Young (Resampling-Based Multiple Testing, 1993; as
 * algorithm 4.1 in Ge, Dudoit and Speed, TEST 12, 2003) upon the rank sums of Mann and Whitney (Ann. Math. Statist. 18,
 * 1947): it supposes no distribution, no outlier spoils it, and where rows rise and fall together, it loses less than
 * Holm's correction does. The permutations are random ones, with
 * the measured order among them (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010).
 */
export function adjustedPValues(rows: readonly Float64Array[], before: number): Float64Array {
  const ranks = rows.map(standardRanks);
  const columns = Int32Array.from({ length: rows[0]?.length ?? 0 }, (_, column) => column);
  const measured = ranks.map((row) => unevenness(row, columns, before));
  // From the most different row on.
  const ranked = [...rows.keys()].sort((a, b) => (measured[b] ?? 0) - (measured[a] ?? 0));
  const exceeding = new Float64Array(rows.length).fill(1);
  const random = xoroshiro128plus(SEED);
  for (let i = 0; i < PERMUTATIONS; i++) {
    for (let end = columns.length - 1; end > 0; end--) {
      const other = uniformInt(random, 0, end);
      const column = columns[end] as number;
      columns[end] = columns[other] as number;
      columns[other] = column;
    }
    // The greatest of a row and of all that differ less than it.
    let greatest = 0;
    for (let rank = ranked.length - 1; rank >= 0; rank--) {
      const row = ranked[rank] as number;
      greatest = Math.max(greatest, unevenness(ranks[row] as Float64Array, columns, before));
      if (greatest >= (measured[row] as number)) exceeding[row] = (exceeding[row] as number) + 1;
    }
  }
  const adjusted = new Float64Array(rows.length);
  let least = 0;
  for (const row of ranked) {
    least = Math.max(least, (exceeding[row] as number) / (PERMUTATIONS + 1));
    adjusted[row] = least;
  }
  return adjusted;
}

/** Ranks from 1, less their mean and over their standard deviation; of equal values the mean of theirs. */
function standardRanks(row: Float64Array): Float64Array {
  const order = [...row.keys()].sort((a, b) => (row[a] as number) - (row[b] as number));
  const ranks = new Float64Array(row.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && row[order[to] as number] === row[order[from] as number]) to++;
    for (const column of order.slice(from, to)) ranks[column] = (from + to + 1) / 2;
  }
  const mean = (row.length + 1) / 2;
  const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0));
  return ranks.map((rank) => (deviation === 0 ? 0 : (rank - mean) / deviation));
}

/** How uneven the ranks are between the first `before` of `columns` and the others. */
function unevenness(ranks: Float64Array, columns: Int32Array, before: number): number {
  let sum = 0;
  for (let i = 0; i < before; i++) sum += ranks[columns[i] as number] as number;
  // Sums of the same ranks in another order are equal but for the last bits.
  return Math.round(Math.abs(sum) * 1e9);
}
