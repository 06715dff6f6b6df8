import { probit } from 'simple-statistics';
import { SIGNIFICANCE_LEVEL } from '../statistics/compare-runs.js';
import type { ComparedProfile } from './diff.js';
import { funcPlace } from './func-place.js';
import { matchFunctions } from './match-functions.js';
import { weighRuns } from './run-weights.js';

/** What part of all samples a function had itself, before and after. */
export interface ShareChange {
  /** As it is called after, if it is there then. */
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

/**
 * Functions whose share of the samples changed by more than chance alone makes of so many: the difference of two
 * proportions, corrected for all functions by Bonferroni's inequality. The largest change comes first.
 *
 * For work that was done any number of times, as harnesses do: not how long it took, but what it consists of.
 */
export function changedShares(before: ComparedProfile, after: ComparedProfile): ShareChange[] {
  const matched = matchFunctions(before.profile, after.profile);
  const [old, recent] = [
    weighRuns(before.profile, [before.threads], matched, 'before', 'samples').self.map(first),
    weighRuns(after.profile, [after.threads], matched, 'after', 'samples').self.map(first),
  ];
  const [whole, now] = [sum(old), sum(recent)];
  if (whole === 0 || now === 0) return [];
  const seen = [...matched.keys()].filter((row) => at(old, row) + at(recent, row) > 0);
  const threshold = -probit(SIGNIFICANCE_LEVEL / 2 / Math.max(1, seen.length));
  return seen
    .map((row) => {
      const { before: was, after: is } = matched[row] ?? { before: [], after: [] };
      const [profile, func] =
        is[0] === undefined ? [before.profile, was[0] ?? 0] : [after.profile, is[0]];
      const common = (at(old, row) + at(recent, row)) / (whole + now);
      const deviation = Math.sqrt(common * (1 - common) * (1 / whole + 1 / now));
      return {
        name: funcPlace(profile, func).name,
        before: at(old, row) / whole,
        after: at(recent, row) / now,
        deviation,
      };
    })
    .filter(({ before, after, deviation }) => Math.abs(after - before) > threshold * deviation)
    .map(({ name, before, after }) => ({ name, before, after }))
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
}

function first(runs: Float64Array): number {
  return runs[0] ?? 0;
}

function at(values: readonly number[], row: number): number {
  return values[row] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
