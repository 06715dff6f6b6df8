import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Up to so many pairs, all exchanges are tried; of more, as many random ones. */
const MOST_TRIED_ALL = 12;
const EXCHANGES = 1 << MOST_TRIED_ALL;
/** Always the same, so that one comparison always gives one answer. */
const SEED = 20;

/**
 * For each row of differences, a column for each pair, the probability that it, or any other row, would have a mean so far from 0
 * if it meant nothing which of a pair is the first. Rows must have the same scale, for they are compared with each other.
 *
 * This is the step-down maxT procedure of Westfall and Young (Resampling-Based Multiple Testing, 1993) upon exchanges within
 * pairs (Fisher, The Design of Experiments, 1935, 21). It is exact, and supposes no distribution.
 */
export function flippedPValues(rows: readonly Float64Array[]): Float64Array {
  const pairs = rows[0]?.length ?? 0;
  const measured = rows.map((row) => unevenness(row, () => false));
  const ranked = [...rows.keys()].sort((a, b) => (measured[b] ?? 0) - (measured[a] ?? 0));
  const exceeding = new Float64Array(rows.length);
  let tried = 0;
  for (const isFlipped of exchanges(pairs)) {
    tried++;
    // The greatest of a row and of all that differ less than it.
    let greatest = 0;
    for (let rank = ranked.length - 1; rank >= 0; rank--) {
      const row = ranked[rank] as number;
      greatest = Math.max(greatest, unevenness(rows[row] as Float64Array, isFlipped));
      if (greatest >= (measured[row] as number)) exceeding[row] = (exceeding[row] as number) + 1;
    }
  }
  const adjusted = new Float64Array(rows.length);
  let least = 0;
  for (const row of ranked) {
    least = Math.max(least, (exceeding[row] as number) / tried);
    adjusted[row] = least;
  }
  return adjusted;
}

/** Which pairs to exchange: all ways to, or random ones and none at all. */
function* exchanges(pairs: number): Iterable<(pair: number) => boolean> {
  if (pairs <= MOST_TRIED_ALL) {
    for (let bits = 0; bits < 1 << pairs; bits++) yield (pair) => ((bits >> pair) & 1) === 1;
    return;
  }
  yield () => false;
  const random = xoroshiro128plus(SEED);
  const flips = new Uint8Array(pairs);
  for (let i = 1; i < EXCHANGES; i++) {
    for (const pair of flips.keys()) flips[pair] = uniformInt(random, 0, 1);
    yield (pair) => flips[pair] === 1;
  }
}

function unevenness(row: Float64Array, isFlipped: (pair: number) => boolean): number {
  let sum = 0;
  for (let pair = 0; pair < row.length; pair++) {
    const value = row[pair] as number;
    sum += isFlipped(pair) ? -value : value;
  }
  // Sums of the same numbers are equal but for the last bits.
  return Math.round(Math.abs(sum) * 1e9);
}
