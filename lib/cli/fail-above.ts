import { oneLine } from '../formats/terminal-text.js';
import { type Change, differenceOf, type ProfileDiff } from '../profile/diff.js';
import { signedPercent } from './amount.js';
import { CliError } from './cli-error.js';
import { FEWEST_PAIRS, FEWEST_RUNS } from './diff-report.js';

/**
 * What grew, significantly, by more than `limit`: of the functions that `functions` fits, each beside what it was
 * itself; without, the whole, and each function that adds so much to the whole.
 *
 * @throws CliError where there are too few runs to tell.
 */
export function exceeding(
  diff: ProfileDiff,
  limit: number,
  functions: RegExp | undefined,
): string[] {
  const { whole, runsBefore, runsAfter } = diff;
  const fewest = diff.paired ? FEWEST_PAIRS : FEWEST_RUNS;
  if (!diff.isExact && Math.min(runsBefore, runsAfter) < fewest) {
    throw new CliError(
      `--fail-above needs ${fewest} runs of each at least, to tell a change from noise: ` +
        'use compare, or run --repeat',
    );
  }
  const growth = (change: Change, base: number): number => {
    const difference = change.verdict === 'significant' ? differenceOf(change) : 0;
    return difference > 0 ? difference / base : 0;
  };
  const told = (name: string, growth: number) =>
    `${name}: ${Number.isFinite(growth) ? signedPercent(growth) : 'new'}`;
  if (functions !== undefined) {
    return diff.functions
      .filter(({ name }) => name.search(functions) >= 0)
      .map(({ name, self }) => ({ name, growth: growth(self, self.before) }))
      .filter(({ growth }) => growth > limit)
      .map(({ name, growth }) => told(oneLine(name), growth));
  }
  const all = growth(whole, whole.before);
  return [
    ...(all > limit ? [told('the whole', all)] : []),
    ...diff.functions
      .map(({ name, self }) => ({ name, growth: growth(self, whole.before) }))
      .filter(({ growth }) => growth > limit)
      .map(({ name, growth }) => `${told(oneLine(name), growth)} of the whole`),
  ];
}
