import { funcPlace } from '../profile/func-place.js';
import { type FuncIndex, UNKNOWN_LINE } from '../profile/func-table.js';
import { hotLines } from '../profile/hot-lines.js';
import type { Profile } from '../profile/profile.js';
import type { Weight } from '../profile/sample-weight.js';
import type { SourceIndex } from '../profile/source-table.js';
import { NO_SOURCE } from '../profile/source-table.js';
import { amount, percent, type Unit } from './amount.js';
import type { ChosenFunctions } from './chosen-functions.js';
import type { Report, ReportSection } from './report.js';
import type { TableColumn } from './table.js';

/** Lines are links to where they are in `file`. */
function columnsOf(file: string | null): readonly TableColumn[] {
  return [
    { title: 'self', align: 'right' },
    { title: '', align: 'right' },
    { title: 'total', align: 'right' },
    { title: 'line', align: 'right', ...(file !== null && { isPlace: true, file }) },
    { title: 'source', align: 'left' },
  ];
}

/** Lines that are shown after the last with samples. */
const LINES_AFTER = 2;
/** Lines with samples that are farther apart have a gap shown between them. */
const LARGEST_GAP = 200;
const TAB = '    ';

/** A function's lines, from its first to the last with samples. */
export interface Listing {
  readonly name: string;
  readonly module: string | null;
  readonly file: string | null;
  /** Whether the file's text was found. */
  readonly hasText: boolean;
  readonly self: number;
  /** What it ran itself where no line is known. */
  readonly withoutLine: number;
  readonly lines: readonly ListedLine[];
}

export interface ListedLine {
  readonly line: number;
  readonly self: number;
  readonly total: number;
  readonly text: string | null;
}

/** Finds the text of a profile's source file. */
export type TextOf = (source: SourceIndex) => string | undefined;

/** The lines of some functions, as `pprof -list` has them, a listing for each that samples saw. */
export function listingsOf(
  profile: Profile,
  { funcs }: ChosenFunctions,
  weight: Weight,
  textOf: TextOf,
): Listing[] {
  return [...funcs].map((func) => listingOf(profile, func, weight, textOf));
}

function listingOf(profile: Profile, func: FuncIndex, weight: Weight, textOf: TextOf): Listing {
  const { name, module = null, file = null, line: first } = funcPlace(profile, func);
  const { lines, withoutLine, whole } = hotLines(profile, profile.threads, weight, new Set([func]));
  const source = profile.funcs.source.get(func);
  const text = source === NO_SOURCE ? undefined : textOf(source);
  const texts = text?.split(/\r\n|\r|\n/);
  const numbers = lines.map(({ line }) => line).sort((a, b) => a - b);
  const byLine = new Map(lines.map((line) => [line.line, line]));
  const listed = shownLines(first ?? UNKNOWN_LINE, numbers, texts?.length);
  return {
    name,
    module,
    file,
    hasText: texts !== undefined,
    self: whole,
    withoutLine,
    lines: listed.map((line) => {
      const { self = 0, total = 0 } = byLine.get(line) ?? {};
      return { line, self, total, text: texts?.[line - 1] ?? null };
    }),
  };
}

/** All between the first and the last; without a text, those with samples alone. */
function shownLines(
  first: number,
  numbers: readonly number[],
  length: number | undefined,
): number[] {
  if (length === undefined) return [...numbers];
  const shown: number[] = [];
  // A line of a macro or an included file may stand before the function.
  const [lowest = 1] = numbers;
  let from = first === UNKNOWN_LINE ? lowest : Math.min(first, lowest);
  for (const number of numbers) {
    if (number - from > LARGEST_GAP) from = number - LINES_AFTER;
    for (; from <= number && from <= length; from++) shown.push(from);
  }
  for (
    let after = 0;
    after < LINES_AFTER && from <= length && numbers.length > 0;
    after++, from++
  ) {
    shown.push(from);
  }
  return shown;
}

/** What `top --list` prints. */
export function listReport(
  listings: readonly Listing[],
  { unit, facts, whole }: { readonly unit: Unit; readonly facts: string; readonly whole: number },
): Report {
  return { facts, sections: listings.map((listing) => sectionOf(listing, unit, whole)) };
}

function sectionOf(listing: Listing, unit: Unit, whole: number): ReportSection {
  const { name, module, file, hasText, self, withoutLine, lines } = listing;
  const shown = (weight: number) => (weight === 0 ? '.' : amount(weight, unit));
  const rows = lines.map((line) => [
    shown(line.self),
    line.self === 0 ? '' : percent(line.self, whole),
    shown(line.total),
    String(line.line),
    line.text?.replaceAll('\t', TAB) ?? '',
  ]);
  const notes: string[] = [];
  if (withoutLine > 0) {
    notes.push(`${amount(withoutLine, unit)} of its own ran where no line is known.`);
  }
  if (!hasText && file !== null && rows.length > 0) {
    notes.push(`${file} was not found: --sources DIR says where it lies.`);
  }
  const place = file ?? module;
  return {
    title: `${name}${place === null ? '' : ` in ${place}`}: ${amount(self, unit)} itself`,
    columns: columnsOf(file),
    rows,
    empty: 'It has no lines: the module has no debug information, or --debug-info was not given.',
    notes,
    isSource: true,
  };
}
