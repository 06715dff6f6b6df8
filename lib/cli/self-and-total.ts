import { amount, percent, type Unit } from './amount.js';
import type { TableColumn } from './table.js';

/** Columns for what something ran itself, and with all that it called: amounts, and their shares of the whole. */
export const SELF_AND_TOTAL: readonly TableColumn[] = [
  { title: 'self', align: 'right' },
  { title: '', align: 'right' },
  { title: 'total', align: 'right' },
  { title: '', align: 'right' },
];

/** What stands in {@link SELF_AND_TOTAL}. */
export function selfAndTotal(
  { self, total }: { readonly self: number; readonly total: number },
  unit: Unit,
  whole: number,
): string[] {
  return [amount(self, unit), percent(self, whole), amount(total, unit), percent(total, whole)];
}
