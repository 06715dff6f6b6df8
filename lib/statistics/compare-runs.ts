import { pacesOf } from './pace.js';
import { type Shift, shiftBetween } from './shift.js';
import { adjustedPValues } from './significance.js';

/** How often a comparison of equal runs may call anything significant. */
export const SIGNIFICANCE_LEVEL = 0.01;
/** Of the intervals that are shown, each by itself. */
export const CONFIDENCE = 0.95;
/** Rows smaller than this share of the whole are not tested: each test makes all others less sharp. */
export const SMALLEST_SHARE = 0.005;

/** A row of measurements, a column for each run. */
export interface MeasuredRow {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/** How a row differs. */
export interface RowChange {
  readonly significant: boolean;
  /** Corrected for all rows; undefined for a row that is too small to be tested. */
  readonly p: number | undefined;
  /** Whether the runs' pace was divided out. */
  readonly paced: boolean;
  readonly shift: Shift;
}

/** How the runs of two sides differ. */
export interface RunsChange {
  readonly whole: RowChange;
  readonly rows: readonly RowChange[];
  /** How slow the slowest run was beside the fastest; undefined where the pace can't be told. */
  readonly paceSpread: number | undefined;
}

/**
 * Compares two sets of runs, of at least two each: row by row, and the whole, which is the sum of all rows.
 *
 * Runs on a busy machine differ by a fifth and more as a whole, and much less in what their parts are beside one
 * another. So each row is compared twice: as measured, and with the run's pace ({@link pacesOf}) divided out. Each
 * comparison has half of the significance level. Runs that were not interleaved are only compared the second way,
 * if they can be: what the machine did meanwhile would count as a change.
 */
export function compareRuns(rows: readonly MeasuredRow[], interleaved: boolean): RunsChange {
  const sums = { before: sumOf(rows, 'before'), after: sumOf(rows, 'after') };
  const runs = sums.before.length;
  const whole = total(joined(sums));
  const tested = [...rows.keys()].filter(
    (row) => whole > 0 && total(joined(rows[row] as MeasuredRow)) >= SMALLEST_SHARE * whole,
  );
  const measured = tested.map((row) => joined(rows[row] as MeasuredRow));
  const paces = pacesOf(measured);
  const testsMeasured = interleaved || paces === undefined;
  const level = SIGNIFICANCE_LEVEL / (testsMeasured && paces !== undefined ? 2 : 1);

  const plain = testsMeasured ? adjustedPValues([joined(sums), ...measured], runs) : undefined;
  const paced =
    paces &&
    adjustedPValues(
      measured.map((row) => divided(row, paces)),
      runs,
    );
  const rank = new Map(tested.map((row, rank) => [row, rank]));
  const changes = rows.map((row, number): RowChange => {
    const at = rank.get(number);
    const plainP = at === undefined ? undefined : plain?.[at + 1];
    const pacedP = at === undefined ? undefined : paced?.[at];
    const isPlain = paces === undefined || (plainP !== undefined && plainP <= level);
    const p = isPlain ? plainP : pacedP;
    const values = isPlain ? joined(row) : divided(joined(row), paces);
    const shift = shiftBetween(values.subarray(0, runs), values.subarray(runs), CONFIDENCE);
    return { significant: p !== undefined && p <= level, p, paced: !isPlain, shift };
  });
  const wholeP = plain?.[0];
  return {
    whole: {
      significant: wholeP !== undefined && wholeP <= level,
      p: wholeP,
      paced: false,
      shift: shiftBetween(sums.before, sums.after, CONFIDENCE),
    },
    rows: changes,
    paceSpread: paces && Math.max(...paces) / Math.min(...paces) - 1,
  };
}

/** The sum of a row's columns. */
export function total(row: Float64Array): number {
  return row.reduce((sum, value) => sum + value, 0);
}

function joined({ before, after }: MeasuredRow): Float64Array {
  return Float64Array.of(...before, ...after);
}

function divided(row: Float64Array, paces: Float64Array): Float64Array {
  return row.map((value, run) => value / (paces[run] as number));
}

/** The sum of all rows, column by column. */
export function sumOf(rows: readonly MeasuredRow[], side: keyof MeasuredRow): Float64Array {
  const sums = new Float64Array(rows[0]?.[side].length ?? 0);
  for (const row of rows) {
    for (const [run, value] of row[side].entries()) sums[run] = (sums[run] as number) + value;
  }
  return sums;
}
