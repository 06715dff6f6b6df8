import type { Profile } from './profile.js';

/** The entry of {@link Profile.extra} that tells what samples were taken by. */
export const SAMPLERS_ENTRY = 'Sampled by';
/** What it tells of samples that fall as a thread's CPU time does. */
export const SIGNALS_BY_CPU = 'signals, CPU time';

/** Whether each sample of a profile was as likely as any other for the CPU time of its thread. */
export function isSampledByCpuTime(profile: Profile): boolean {
  const told = profile.extra.flatMap(({ entries }) =>
    entries.filter(({ label }) => label === SAMPLERS_ENTRY).map(({ value }) => value),
  );
  return told.length > 0 && told.every((value) => value === SIGNALS_BY_CPU);
}
