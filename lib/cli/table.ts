import { cut, type Style } from './terminal.js';

/** A column of a {@link textTable}: numbers go to the right. */
export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Rows as aligned text; the last column gets what is left of the width, and is cut there. */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const widths = columns.map(({ title }, i) =>
    rows.reduce((most, row) => Math.max(most, lengthOf(row[i] ?? '')), title.length),
  );
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        if (i === last) return cut(cell, Math.max(20, width - before));
        const room = ' '.repeat(Math.max(0, (widths[i] ?? 0) - lengthOf(cell)));
        return columns[i]?.align === 'right' ? room + cell : cell + room;
      })
      .join('  ')
      .trimEnd();
  return [style.dim(line(columns.map(({ title }) => title))), ...rows.map(line)];
}

/** Rows as a table of Markdown. */
export function markdownTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = columns.map(({ align }) => (align === 'right' ? '---:' : '---'));
  return [line(columns.map(({ title }) => title)), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}

/** What Markdown would take for markup, in names such as `Vec<*T>` or `a|b`. */
function escaped(cell: string): string {
  return cell.replace(/[\\`*_{}[\]<>|#~]/g, '\\$&');
}

function lengthOf(text: string): number {
  return [...text].length;
}
