import type { PageData } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';

const NANOS_PER_MS = 1e6;
const FUEL = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

let isFuel = false;

/** Times of a profile by fuel are fuel, a unit each nanosecond. A document shows one profile. */
export function useUnitsOf({ fuel }: Pick<PageData, 'fuel'>): void {
  isFuel = fuel !== undefined;
}

/** A weight for people: `1,234 samples`, `12.3 ms`, `4.56 s`, `1.2M fuel`. */
export function amount(weight: number, unit: Weight): string {
  if (unit === 'samples') return weight.toLocaleString('en-US');
  return milliseconds(weight / NANOS_PER_MS);
}

export function milliseconds(ms: number): string {
  if (isFuel) return `${FUEL.format(ms * NANOS_PER_MS)} fuel`;
  return Math.abs(ms) < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function percent(part: number, whole: number): string {
  return `${((100 * part) / (whole || 1)).toFixed(1)}%`;
}
