import { fuelBetweenSamples } from '../profile/fuel.js';
import type { Profile } from '../profile/profile.js';
import type { Weight } from '../profile/sample-weight.js';

const NANOS_PER_MS = 1e6;

/** What weights are told in: times of a profile by fuel are units of fuel, a nanosecond each. */
export type Unit = Weight | 'fuel';

/** The unit of a profile's weights. */
export function unitOf(profile: Profile, weight: Weight): Unit {
  return weight !== 'samples' && fuelBetweenSamples(profile) !== undefined ? 'fuel' : weight;
}

/** A weight for people: `1,234` samples, `12.3 ms`, `4.56 s`. */
export function amount(weight: number, unit: Unit): string {
  // Where runs differ, a median may lie between two units.
  if (unit === 'fuel') return Math.round(weight).toLocaleString('en-US');
  if (unit === 'samples') return weight.toLocaleString('en-US');
  const ms = weight / NANOS_PER_MS;
  if (Math.abs(ms) < 1000) return `${ms.toFixed(1)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

/** A weight with its sign: what grew or shrank. */
export function change(weight: number, unit: Unit): string {
  return `${weight > 0 ? '+' : weight < 0 ? '−' : '±'}${amount(Math.abs(weight), unit)}`;
}

/** A part of a whole, `12.3%`. */
export function percent(part: number, whole: number): string {
  return `${((100 * part) / (whole || 1)).toFixed(1)}%`;
}

/** A share with its sign: `+5.1%`. */
export function signedPercent(share: number): string {
  const text = `${(100 * Math.abs(share)).toFixed(1)}%`;
  return `${text === '0.0%' ? '±' : share > 0 ? '+' : '−'}${text}`;
}

/** What samples of that weight are called. */
export function unitName(unit: Unit): string {
  return { samples: 'samples', wall: 'wall time', cpu: 'CPU time', fuel: 'fuel' }[unit];
}

/** What lies between two samples. */
export function intervalOf(profile: Profile): string {
  const fuel = fuelBetweenSamples(profile);
  return fuel === undefined ? `${profile.intervalMs} ms` : `${amount(fuel, 'fuel')} of fuel`;
}
