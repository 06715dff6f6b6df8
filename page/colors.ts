/** Light enough for dark text in either theme. */
const COLORS: Readonly<Record<string, string>> = {
  purple: '#c9a6ff',
  green: '#8ee39b',
  orange: '#ffc27a',
  yellow: '#ffe680',
  lightblue: '#9fdcff',
  blue: '#8fb8ff',
  brown: '#d9b38c',
  magenta: '#ff9ee0',
  red: '#ff9a9a',
  lightred: '#ffc2c2',
  darkgrey: '#a8a8b3',
  grey: '#cfcfd8',
};

/** Of what the search found; text on it is white. */
export const FOUND = '#b000b0';
export const NOISE = '#cfcfd8';

/** A category's. */
export function colorNamed(name: string | undefined): string {
  return COLORS[name ?? ''] ?? '#c9a6ff';
}

/** The share of the whole that a change must be for the strongest colour. */
const STRONGEST = 1 / 10;

/** What a change must be for the strongest colour. */
export function strongest(after: number, before: number): number {
  return Math.max(after, before, 1) * STRONGEST;
}

/** Red for what grew, blue for what shrank, the more the stronger. */
export function shade(change: number, most: number): string {
  const pale = Math.round(235 - 120 * Math.min(1, Math.abs(change) / most));
  return change >= 0 ? `rgb(255 ${pale} ${pale})` : `rgb(${pale} ${pale} 255)`;
}
