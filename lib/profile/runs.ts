import type { Profile } from './profile.js';
import type { SampleTable } from './sample-table.js';
import type { Thread } from './thread.js';

/** The entry of {@link Profile.extra} that tells how often the same work was recorded. */
const RUNS = 'Runs';

/**
 * Notes that each process of the profile, told apart by its number, is one run of the same work, to be compared
 * with the others.
 */
export function markRuns(profile: Profile, runs: number): void {
  profile.extra.push({
    label: `Runs of ${profile.product}`,
    entries: [{ label: RUNS, format: 'integer', value: runs }],
  });
}

/** The threads of each run: of one run, where the profile was not made of several. */
export function runsOf(profile: Profile, threads: readonly Thread[]): readonly Thread[][] {
  const isRepeated = profile.extra.some(({ entries }) =>
    entries.some(({ label, value }) => label === RUNS && Number(value) > 0),
  );
  if (!isRepeated) return [[...threads]];
  const runs = new Map<string, Thread[]>();
  for (const thread of threads) {
    const run = runs.get(thread.pid);
    if (run === undefined) runs.set(thread.pid, [thread]);
    else run.push(thread);
  }
  return [...runs.values()];
}

/** Whether all runs had the same samples, as those by fuel have of a program that does the same in each. */
export function areAlike(runs: readonly (readonly Thread[])[]): boolean {
  const [first = [], ...others] = runs;
  return others.every(
    (run) =>
      run.length === first.length &&
      run.every(({ samples }, i) => hasSameStacks(samples, (first[i] as Thread).samples)),
  );
}

function hasSameStacks(a: SampleTable, b: SampleTable): boolean {
  if (a.length !== b.length) return false;
  for (let sample = 0; sample < a.length; sample++) {
    if (a.stack.get(sample) !== b.stack.get(sample)) return false;
  }
  return true;
}
