/** No row may have more of the say in how fast a run was: its own change would pass for the run's. */
const LARGEST_SAY = 1 / 3;

/**
 * How slow each run was, 1 being the mean: a busy machine makes all of a run take longer. It is the median, over the
 * rows, of what a row took in that run beside what it takes in all, as the size factors of Anders and Huber
 * (Genome Biology 11, 2010), weighted by how precisely a row is known: by the root of its size. So what most rows
 * have in common is the run's pace, and what one row alone does isn't.
 *
 * Undefined where one of few rows is so large that nobody can tell.
 */
export function pacesOf(rows: readonly Float64Array[]): Float64Array | undefined {
  const means = rows.map((row) => row.reduce((sum, value) => sum + value, 0) / row.length);
  const says = means.map(Math.sqrt);
  const whole = says.reduce((sum, say) => sum + say, 0);
  if (!(whole > 0) || says.some((say) => say > whole * LARGEST_SAY)) return undefined;
  const paces = Float64Array.from({ length: rows[0]?.length ?? 0 }, (_, run) => {
    const ratios = rows.map((row, i) => ({
      ratio: (row[run] as number) / (means[i] as number),
      say: says[i] as number,
    }));
    return weightedMedian(ratios, whole);
  });
  if (paces.some((pace) => !(pace > 0))) return undefined;
  const mean = paces.reduce((sum, pace) => sum + pace, 0) / paces.length;
  return paces.map((pace) => pace / mean);
}

function weightedMedian(values: { ratio: number; say: number }[], whole: number): number {
  values.sort((a, b) => a.ratio - b.ratio);
  let below = 0;
  for (const { ratio, say } of values) {
    below += say;
    if (below >= whole / 2) return ratio;
  }
  return Number.NaN;
}
