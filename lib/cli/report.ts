import { oneLine } from '../formats/terminal-text.js';
import type { Profile } from '../profile/profile.js';
import { markdownFence, markdownTable, markdownText } from './markdown.js';
import { type TableColumn, textTable } from './table.js';
import type { Layout } from './terminal.js';

/** A table of a {@link Report}, under its title. */
export interface ReportSection {
  readonly title: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
  /** Said instead of a table that has no rows. */
  readonly empty: string;
  /** Said after the table. */
  readonly notes?: readonly string[];
  /** Its last column is source text, which Markdown shows as it stands. */
  readonly isSource?: boolean;
}

/** What a command tells of a profile, for people; the same as text and as Markdown. */
export interface Report {
  /** What it is about, with the name of the profile before it. */
  readonly facts: string;
  readonly sections: readonly ReportSection[];
}

/** A report for a terminal, or for a pipe. */
export function textReport(profile: Profile, report: Report, layout: Layout): string[] {
  const heading = `${layout.style.bold(oneLine(profile.product))}: ${report.facts}`;
  return [heading, ...report.sections.flatMap((section) => textSection(section, layout))];
}

function textSection(
  { title, columns, rows, empty, notes = [] }: ReportSection,
  layout: Layout,
): string[] {
  const table = rows.length > 0 ? textTable(columns, rows, layout) : [empty];
  const dim = notes.map((note) => layout.style.dim(oneLine(note)));
  return ['', layout.style.bold(oneLine(title)), ...table, ...dim];
}

/** A report as Markdown. */
export function markdownReportOf(profile: Profile, report: Report, plain: Layout): string[] {
  const head = [`# Profile of ${markdownText(profile.product)}`, '', `${report.facts}.`];
  return [...head, ...report.sections.flatMap((section) => markdownSection(section, plain))];
}

function markdownSection(section: ReportSection, plain: Layout): string[] {
  const { title, columns, rows, empty, notes = [], isSource = false } = section;
  const table = isSource
    ? markdownFence(textTable(columns, rows, plain))
    : markdownTable(columns, rows);
  const shown = rows.length > 0 ? table : [empty];
  const after = notes.flatMap((note) => ['', markdownText(note)]);
  return ['', `## ${markdownText(title)}`, '', ...shown, ...after];
}
