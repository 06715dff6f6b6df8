import type { ProfileDiff } from '../profile/diff.js';
import {
  basisLines,
  CHANGE_COLUMNS,
  changeRows,
  changeSections,
  foldedLines,
  METHOD,
  NOTHING_CHANGED,
  shownColumns,
  wholeLine,
} from './diff-report.js';
import { markdownTable, markdownText } from './markdown.js';

/** What `diff --markdown` prints: the comment of a pull request. */
export function diffMarkdown(
  diff: ProfileDiff,
  names: readonly [string, string],
  all: boolean,
  exceeded: readonly string[],
): string[] {
  const sections = changeSections(diff, all).flatMap(({ title, rows, others }) => [
    `### ${title}`,
    '',
    ...markdownTable(...shownColumns(CHANGE_COLUMNS, changeRows(diff, rows))),
    ...(others > 0 ? ['', `… and ${others} more functions.`] : []),
    '',
  ]);
  return [
    `## ${names.map(markdownText).join(' → ')}`,
    '',
    `${markdownText(wholeLine(diff))}.`,
    '',
    ...(exceeded.length > 0
      ? ['**Beyond the limit:**', '', ...exceeded.map((line) => `- ${markdownText(line)}`), '']
      : []),
    ...(sections.length > 0 ? sections : [NOTHING_CHANGED, '']),
    ...foldedLines(diff).flatMap((line) => [markdownText(line), '']),
    `<sub>${markdownText([...basisLines(diff), METHOD].join(' '))}</sub>`,
  ];
}
