/** How reports are written in Markdown: all text that a guest or a file chose goes through `markdownText` or `markdownCode`. */

import { oneLine } from '../formats/terminal-text.js';
import type { TableColumn } from './table.js';

/** A zero-width space, as bots put it into text of others. */
const APART = '&#8203;';

/**
 * Text in a line of Markdown, as it is: what would be markup in names such as `Vec<*T>` or `a|b`, or an entity, a link,
 * a formula, or the name of a user whom a comment would notify. It may begin the line, or an item of a list.
 */
export function markdownText(text: string): string {
  return (
    inline(text)
      // There these begin a list, a rule or a heading's underline.
      .replace(/^[-+=]/, '\\$&')
      .replace(/^(\d+)([.)])/, '$1\\$2')
  );
}

/** The same within a line, where nothing begins a block. */
function inline(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]<>|#~&!$]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])@(?=\p{L}|\p{N})/gu, `@${APART}`)
    .replace(/:(?=\/\/)/g, `:${APART}`)
    .replace(/\b(www)\./gi, `$1${APART}.`);
}

/** Text as code, in a line of Markdown. */
export function markdownCode(text: string): string {
  const line = oneLine(text);
  const runs = line.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + runs.reduce((most, { length }) => Math.max(most, length), 0));
  // Markdown takes a space from both ends, unless there is nothing else.
  const isPadded = /^[` ]|[` ]$/.test(line) && /[^ ]/.test(line);
  const inner = isPadded ? ` ${line} ` : line || ' ';
  return `${fence}${inner}${fence}`;
}

/** Lines as they stand, in a block of code. */
export function markdownFence(lines: readonly string[]): string[] {
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []);
  const fence = '`'.repeat(runs.reduce((most, { length }) => Math.max(most, length + 1), 3));
  return [`${fence}text`, ...lines.map(oneLine), fence];
}

/** Rows as a table of Markdown. */
export function markdownTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(inline).join(' | ')} |`;
  const rule = columns.map(({ align }) => (align === 'right' ? '---:' : '---'));
  return [line(columns.map(({ title }) => title)), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}
