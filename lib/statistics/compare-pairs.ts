import { mean, median, probit } from 'simple-statistics';
import type { MeasuredRow, RowChange, RunsChange } from './compare-runs.js';
import { CONFIDENCE, SIGNIFICANCE_LEVEL, SMALLEST_SHARE, sumOf, total } from './compare-runs.js';
import type { Shift } from './shift.js';
import { flippedPValues } from './sign-flips.js';

/** A row whose columns before and after belong together, run by run. */
export interface PairedRow extends MeasuredRow {
  /** The samples that it was measured by. */
  readonly samples: MeasuredRow;
}

/**
 * What is known of a row's spread before it is measured counts as so many pairs. Any number is right, since the test
 * is exact with each; this one leaves little to what ten pairs say of their own spread, which is not much.
 */
const PRIOR_PAIRS = 20;

/** Added to each number of samples, since of none there is no logarithm. */
const HALF = 0.5;

/**
 * Compares pairs of runs, of which both were made at the same time: row by row, and the whole, which is the sum of all rows. What
 * slowed one of a pair slowed both, so that the logarithm of their ratio is left with the noise of sampling.
 *
 * A row's mean logarithm is taken beside its standard deviation, moderated as that of Smyth (Stat. Appl. Genet. Mol. Biol. 3,
 * 2004): by what the number of samples lets expect, times how much more all rows spread.
 */
export function comparePairs(rows: readonly PairedRow[]): RunsChange {
  const whole = wholeOf(rows);
  const size = sizeOf(whole);
  const tested = rows.filter((row) => size > 0 && sizeOf(row) >= SMALLEST_SHARE * size);
  const all = rows.length > 0 && isEverSampled(whole) ? [whole, ...tested] : [];
  const ratios = all.map((row) => logRatios(row, whole));
  const deviations = moderated(all, ratios);
  const p = flippedPValues(
    ratios.map((row, i) => row.map((ratio) => ratio / (deviations[i] as number))),
  );
  const change = (row: PairedRow): RowChange => {
    const at = all.indexOf(row);
    const own = p[at];
    const [ratio, deviation] = [ratios[at], deviations[at]];
    const shift =
      ratio === undefined || deviation === undefined
        ? unknownShift(row)
        : ratioShift(row, whole, ratio, deviation);
    const significant = own !== undefined && own <= SIGNIFICANCE_LEVEL;
    return { significant, p: own, paced: false, shift };
  };
  return { whole: change(whole), rows: rows.map(change), paceSpread: undefined };
}

function wholeOf(rows: readonly PairedRow[]): PairedRow {
  return { ...bothSides(rows), samples: bothSides(rows.map(({ samples }) => samples)) };
}

function bothSides(rows: readonly MeasuredRow[]): MeasuredRow {
  return { before: sumOf(rows, 'before'), after: sumOf(rows, 'after') };
}

function sizeOf({ before, after }: MeasuredRow): number {
  return total(before) + total(after);
}

function isEverSampled({ before, after, samples }: PairedRow): boolean {
  return [before, after, samples.before, samples.after].every((values) =>
    values.every((value) => value > 0),
  );
}

/** Half of what a sample of the run is worth. */
function halfSample({ samples, ...whole }: PairedRow, side: keyof MeasuredRow, run: number) {
  return (HALF * (whole[side][run] as number)) / (samples[side][run] as number);
}

function logRatios({ before, after }: PairedRow, whole: PairedRow): Float64Array {
  return before.map((value, run) =>
    Math.log(
      ((after[run] as number) + halfSample(whole, 'after', run)) /
        (value + halfSample(whole, 'before', run)),
    ),
  );
}

/** Standard deviations of one pair's logarithm: of squares, which no exchange within a pair changes. */
function moderated(rows: readonly PairedRow[], ratios: readonly Float64Array[]): number[] {
  const squares = ratios.map((row) => mean(Array.from(row, (ratio) => ratio * ratio)));
  // Of a number of samples, a Poisson variable, the logarithm has about this variance.
  const expected = rows.map(({ samples: { before, after } }) =>
    mean(
      Array.from(before, (count, run) => 1 / (count + HALF) + 1 / ((after[run] as number) + HALF)),
    ),
  );
  const spreads = squares.map((square, i) => square / (expected[i] as number));
  // One row that changed much must not pass for spread of all.
  const spread = Math.max(1, spreads.length === 0 ? 1 : median(spreads));
  const pairs = ratios[0]?.length ?? 0;
  return squares.map((square, i) => {
    const prior = PRIOR_PAIRS * spread * (expected[i] as number);
    return Math.sqrt((prior + pairs * square) / (PRIOR_PAIRS + pairs));
  });
}

/** By how much a row is more than it was before: its mean logarithm, with an interval. */
function ratioShift(
  { before }: PairedRow,
  whole: PairedRow,
  ratios: Float64Array,
  deviation: number,
): Shift {
  const base = mean(Array.from(before, (value, run) => value + halfSample(whole, 'before', run)));
  const reach = (-probit((1 - CONFIDENCE) / 2) * deviation) / Math.sqrt(ratios.length);
  const middle = mean([...ratios]);
  const [estimate = 0, low = 0, high = 0] = [middle, middle - reach, middle + reach].map(
    (logarithm) => base * Math.expm1(logarithm),
  );
  return { estimate, low, high };
}

/** Of a row that is too small: the mean difference, and nothing of how sure it is. */
function unknownShift({ before, after }: PairedRow): Shift {
  const estimate = (total(after) - total(before)) / Math.max(1, before.length);
  return { estimate, low: Math.min(0, estimate), high: Math.max(0, estimate) };
}
