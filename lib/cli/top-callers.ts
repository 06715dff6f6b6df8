import { funcPlace } from '../profile/func-place.js';
import type { FuncIndex } from '../profile/func-table.js';
import type { Neighbour, Neighbours } from '../profile/neighbours.js';
import type { Profile } from '../profile/profile.js';
import { amount, percent, type Unit } from './amount.js';
import type { Report, ReportSection } from './report.js';
import type { TableColumn } from './table.js';
import { fitName } from './text-width.js';

const COLUMNS: readonly TableColumn[] = [
  { title: 'weight', align: 'right' },
  { title: '', align: 'right' },
  { title: 'function', align: 'left', shorten: fitName },
  { title: 'module', align: 'left' },
];

/** What `top --callers` prints: who calls a function and what it calls, in shares of its total. */
export function callersReport(
  profile: Profile,
  name: string,
  { self, total, callers, callees }: Neighbours,
  { limit, unit, facts }: { readonly limit: number; readonly unit: Unit; readonly facts: string },
): Report {
  const row = (weight: number, func: string, module = ''): string[] => [
    amount(weight, unit),
    percent(weight, total),
    func,
    module,
  ];
  const rowsOf = (neighbours: readonly Neighbour[]): string[][] =>
    neighbours.slice(0, limit).map(({ func, weight }) => {
      if (func === undefined) return row(weight, '(no caller)');
      const { name, module } = funcPlace(profile, func);
      return row(weight, name, module);
    });
  const section = (title: string, all: readonly Neighbour[], empty: string): ReportSection => ({
    title,
    columns: COLUMNS,
    rows: rowsOf(all),
    empty,
    ...(all.length > limit && { notes: [`… and ${all.length - limit} more`] }),
  });
  const called = section(`What ${name} calls`, callees, 'Nothing.');
  const itself = self > 0 ? [row(self, '(itself)')] : [];
  return {
    facts,
    sections: [
      section(`Who calls ${name}: ${amount(total, unit)}`, callers, 'Nobody.'),
      { ...called, rows: [...itself, ...called.rows] },
    ],
  };
}

/** The same for programs, as docs/schemas/callers.schema.json has it. */
export function callersJson(
  profile: Profile,
  { self, total, callers, callees }: Neighbours,
  limit: number,
): object {
  const named = (func: FuncIndex | undefined) => {
    if (func === undefined) return { name: null, module: null };
    const { name, module } = funcPlace(profile, func);
    return { name, module: module ?? null };
  };
  const rows = (neighbours: readonly Neighbour[]) =>
    neighbours.slice(0, limit).map(({ func, weight }) => ({ ...named(func), weight }));
  return { self, total, callers: rows(callers), callees: rows(callees) };
}
