import type { Profile } from './profile.js';

/** The entry of {@link Profile.extra} that a profile by fuel has. */
export const FUEL_ENTRY = 'Fuel between samples';

/** Units of fuel between two samples; undefined for a profile by time. */
export function fuelBetweenSamples(profile: Profile): number | undefined {
  for (const { entries } of profile.extra) {
    const entry = entries.find(({ label }) => label === FUEL_ENTRY);
    if (entry !== undefined && Number(entry.value) > 0) return Number(entry.value);
  }
  return undefined;
}
