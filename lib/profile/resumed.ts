import type { Profile } from './profile.js';

/** The entry of {@link Profile.extra} that tells how many stacks are cut. */
export const RESUMED_ENTRY = 'Samples that begin where a goroutine went on';

/** … and that how many have the callers that a goroutine's own stack told. */
export const JOINED_ENTRY = "Samples with callers from a goroutine's own stack";

/** How many samples lack the callers of what a goroutine went on with; 0 where none is known to. */
export function resumedSamples(profile: Profile): number {
  const entries = profile.extra.flatMap(({ entries }) => entries);
  const found = entries.filter(({ label }) => label === RESUMED_ENTRY);
  return found.reduce((sum, { value }) => sum + (Number(value) || 0), 0);
}
