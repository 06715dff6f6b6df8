import { readFileSync } from 'node:fs';
import { compareRuns, type MeasuredRow } from '../../lib/statistics/compare-runs.js';
import { seededRandom } from '../../test/support/random.js';

/** What functions weighed in each run of a comparison. */
export interface RecordedRow {
  readonly name: string;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A line that `comparisons.ts --save` writes. */
export interface RecordedComparison {
  readonly kind: 'equal' | 'planted';
  readonly guest: string;
  readonly cpu: readonly RecordedRow[];
  readonly samples: readonly RecordedRow[];
}

/** Ways to weigh: by the CPU time since the sample before, or a run's whole CPU time shared out by its samples. */
export const WEIGHINGS = ['each sample’s CPU time', 'CPU time shared out'] as const;
export type Weighing = (typeof WEIGHINGS)[number];

export function recordedComparisons(path: string): RecordedComparison[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as RecordedComparison);
}

/**
 * How often comparisons of equal runs call anything significant, if which of two runs that followed each other was before
 * and which after is drawn anew, and the largest function takes `factor` as long in those after; how often that function
 * is found.
 */
export function simulate(
  comparisons: readonly RecordedComparison[],
  weighing: Weighing,
  factor: number,
  times: number,
): { anything: number; found: number; comparisons: number } {
  const random = seededRandom(20);
  let [anything, found] = [0, 0];
  for (const comparison of comparisons) {
    const rows = weighed(comparison, weighing);
    for (let time = 0; time < times; time++) {
      const swapped = Array.from({ length: rows[0]?.before.length ?? 0 }, () => random(2) === 1);
      const changed = compareRuns(redrawn(rows, swapped, factor), true);
      if ([changed.whole, ...changed.rows].some(({ significant }) => significant)) anything++;
      if (changed.rows[0]?.significant) found++;
    }
  }
  return { anything, found, comparisons: comparisons.length * times };
}

/** The largest row first. */
function weighed({ cpu, samples }: RecordedComparison, weighing: Weighing): RecordedRow[] {
  const rows = weighing === 'CPU time shared out' ? sharedOut(cpu, samples) : [...cpu];
  return rows.sort((a, b) => sum(b.before) - sum(a.before));
}

function sharedOut(cpu: readonly RecordedRow[], samples: readonly RecordedRow[]): RecordedRow[] {
  const worth = (side: 'before' | 'after', run: number) => {
    const of = (rows: readonly RecordedRow[]) => sum(rows.map((row) => row[side][run] ?? 0));
    return of(cpu) / Math.max(1, of(samples));
  };
  const runs = cpu[0]?.before.map((_, run) => run) ?? [];
  const worths = {
    before: runs.map((run) => worth('before', run)),
    after: runs.map((run) => worth('after', run)),
  };
  return samples.map(({ name, before, after }) => ({
    name,
    before: before.map((count, run) => count * (worths.before[run] as number)),
    after: after.map((count, run) => count * (worths.after[run] as number)),
  }));
}

function redrawn(
  rows: readonly RecordedRow[],
  swapped: readonly boolean[],
  factor: number,
): MeasuredRow[] {
  return rows.map(({ before, after }, row) => {
    const side = (first: readonly number[], second: readonly number[], factor: number) =>
      Float64Array.from(
        first,
        (value, run) => (swapped[run] ? (second[run] as number) : value) * factor,
      );
    return {
      before: side(before, after, 1),
      after: side(after, before, row === 0 ? factor : 1),
    };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
