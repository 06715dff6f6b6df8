import type { Weight } from '../lib/profile/sample-weight.js';
import type { Range } from './weighed.js';

export const VIEWS = ['flame', 'time', 'sandwich', 'source'] as const;
export type View = (typeof VIEWS)[number];

/** What is shown of a profile. It is in the address, so that a view can be shared. */
export interface State {
  view: View;
  /** Its row. */
  thread: number;
  weight: Weight;
  invert: boolean;
  search: string;
  /** The function chosen, or −1. */
  func: number;
  range: Range | undefined;
  /** Categories that are left out. */
  hidden: Set<number>;
  /** The one that is shown, or all for an empty name. */
  module: string;
}

/** The whole profile. */
export function initial(weight: Weight): State {
  return {
    ...{ view: 'flame', thread: 0, weight, invert: false, search: '', func: -1 },
    ...{ range: undefined, hidden: new Set<number>(), module: '' },
  };
}

/** As it stands behind the `#`: what differs from the whole profile. */
export function toHash(state: State): string {
  const { view, thread, weight, invert, search, func, range, hidden, module } = state;
  const parts = new URLSearchParams();
  if (view !== 'flame') parts.set('view', view);
  if (thread > 0) parts.set('thread', String(thread));
  if (weight !== 'samples') parts.set('weight', weight);
  if (invert) parts.set('invert', '1');
  if (search !== '') parts.set('search', search);
  if (func >= 0) parts.set('func', String(func));
  if (range !== undefined) parts.set('range', range.map((ms) => ms.toFixed(3)).join('-'));
  if (hidden.size > 0) parts.set('hidden', [...hidden].join('-'));
  if (module !== '') parts.set('module', module);
  return parts.toString();
}

/** The state of an address; what it doesn't know, or a profile doesn't have, is left out. */
export function fromHash(
  hash: string,
  weight: Weight,
  counts: { readonly threads: number; readonly functions: number },
): State {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const state = initial(weight);
  const among = <T>(name: string, all: readonly T[], otherwise: T): T =>
    all.find((one) => one === parts.get(name)) ?? otherwise;
  const row = (name: string, count: number, otherwise: number): number => {
    const number = Number(parts.get(name) ?? Number.NaN);
    return Number.isInteger(number) && number >= 0 && number < count ? number : otherwise;
  };
  const numbers = (name: string) => (parts.get(name) ?? '').split('-').map(Number);
  state.view = among('view', VIEWS, 'flame');
  state.thread = row('thread', counts.threads, 0);
  state.weight = among('weight', ['samples', 'wall', 'cpu'] as const, weight);
  state.invert = parts.get('invert') === '1';
  state.search = parts.get('search') ?? '';
  state.func = row('func', counts.functions, -1);
  const [from = Number.NaN, to = Number.NaN] = numbers('range');
  if (parts.has('range') && from < to) state.range = [from, to];
  if (parts.has('hidden')) state.hidden = new Set(numbers('hidden').filter(Number.isInteger));
  state.module = parts.get('module') ?? '';
  return state;
}
