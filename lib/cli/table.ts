import { oneLine } from '../formats/terminal-text.js';
import { type Layout, placeIn } from './terminal.js';
import { fitStart, textWidth } from './text-width.js';

const GAP = '  ';

/** A column of a {@link textTable}: numbers go to the right. */
export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** How a text is made to fit; without its end by default. */
  readonly shorten?: (text: string, width: number) => string;
  /** Whether it has places in files, `file:line`, which become links on terminals that have them. */
  readonly isPlace?: boolean;
  /** Of a column that has the lines alone: the file that they are in. */
  readonly file?: string;
}

/** Narrower than this no column of text becomes: such a terminal breaks the lines. */
const LEAST_WIDTH = 8;

/** Texts of a column that are longer go beyond it, off a terminal: whoever reads them there has no need of room. */
const WIDEST = 80;

/**
 * Rows as aligned text, each in a line whatever its cells have in them. Where they are wider than `width`, the widest
 * columns of text are shortened; where that is infinite nothing is.
 */
export function textTable(
  columns: readonly TableColumn[],
  cells: readonly (readonly string[])[],
  { style, width, link }: Layout,
): string[] {
  const rows = cells.map((row) => row.map(oneLine));
  const needed = columns.map(({ title }, i) =>
    rows.reduce((most, row) => Math.max(most, textWidth(row[i] ?? '')), textWidth(title)),
  );
  const widths = narrowed(columns, needed, width - GAP.length * (columns.length - 1));
  const line = (cells: readonly string[], isRow = true): string =>
    cells
      .map((cell, i) => {
        const { shorten = fitStart, align, isPlace, file } = columns[i] ?? {};
        const shown = width === Infinity ? cell : shorten(cell, widths[i] ?? 0);
        const room = ' '.repeat(Math.max(0, (widths[i] ?? 0) - textWidth(shown)));
        const place = placeIn(file === undefined ? cell : `${file}:${cell}`);
        const linked = isPlace && isRow && link !== undefined ? link(shown, place) : shown;
        return align === 'right' ? room + linked : linked + room;
      })
      .join(GAP)
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [style.dim(line(titles, false)), ...rows.map((row) => line(row))];
}

/** The columns' widths so that they fit, as far as they can. Numbers stay whole. */
function narrowed(
  columns: readonly TableColumn[],
  needed: readonly number[],
  room: number,
): readonly number[] {
  const isText = columns.map(({ align }) => align === 'left');
  const numbers = needed.reduce((sum, width, i) => (isText[i] ? sum : sum + width), 0);
  // From the narrowest on: each gets what it needs, or an equal share of what is left.
  const texts = [...needed.keys()].filter((i) => isText[i]);
  texts.sort((a, b) => (needed[a] ?? 0) - (needed[b] ?? 0));
  if (room === Infinity)
    return needed.map((width, i) => (isText[i] ? Math.min(width, WIDEST) : width));
  const widths = [...needed];
  let left = room - numbers;
  for (const [i, column] of texts.entries()) {
    const share = Math.max(LEAST_WIDTH, Math.floor(left / (texts.length - i)));
    widths[column] = Math.min(needed[column] ?? 0, share);
    left -= widths[column] ?? 0;
  }
  return widths;
}
