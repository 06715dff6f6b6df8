import type { Profile } from './profile.js';
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
