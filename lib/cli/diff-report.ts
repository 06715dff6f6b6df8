import { oneLine } from '../formats/terminal-text.js';
import {
  type Change,
  differenceOf,
  type FunctionChange,
  type ProfileDiff,
} from '../profile/diff.js';
import { CONFIDENCE, SIGNIFICANCE_LEVEL } from '../statistics/compare-runs.js';
import { amount, change, percent, signedPercent, type Unit, unitName } from './amount.js';
import { type TableColumn, textTable } from './table.js';
import type { Layout } from './terminal.js';
import { fitName } from './text-width.js';

/** Columns of {@link changeRows}. */
export const CHANGE_COLUMNS: readonly TableColumn[] = [
  { title: 'change', align: 'right' },
  { title: '', align: 'right' },
  { title: `${100 * CONFIDENCE}% interval`, align: 'right' },
  { title: 'before', align: 'right' },
  { title: '', align: 'right' },
  { title: 'after', align: 'right' },
  { title: '', align: 'right' },
  { title: 'function', align: 'left', shorten: fitName },
];

/** Functions under a title. */
export interface ChangeSection {
  readonly title: string;
  readonly rows: readonly FunctionChange[];
  /** Left out of `rows`. */
  readonly others: number;
}

/** Rows of a section that are shown. */
const SHOWN = 15;

/** What changed, as far as that can be told. */
export function changeSections(diff: ProfileDiff, all: boolean): ChangeSection[] {
  const { functions } = diff;
  const of = (title: string, fits: (row: FunctionChange) => boolean): ChangeSection => {
    const rows = functions.filter(fits);
    const shown = all ? rows : rows.slice(0, SHOWN);
    return { title, rows: shown, others: rows.length - shown.length };
  };
  const grew = ({ self }: FunctionChange) => differenceOf(self) > 0;
  const isTold = ({ self }: FunctionChange) => self.verdict !== 'noise';
  const sections = [
    of('Grew', (row) => isTold(row) && grew(row)),
    of('Shrank', (row) => isTold(row) && !grew(row)),
    ...(all ? [of('Within noise', (row) => !isTold(row))] : []),
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

/** What amounts are told in. */
function unitIn({ byFuel, weight }: ProfileDiff): Unit {
  return byFuel && weight !== 'samples' ? 'fuel' : weight;
}

/** The rows of a table. */
export function changeRows(diff: ProfileDiff, functions: readonly FunctionChange[]): string[][] {
  const { whole } = diff;
  const unit = unitIn(diff);
  return functions.map(({ name, oldName, self }) => [
    change(differenceOf(self), unit),
    relative(self),
    interval(self),
    amount(self.before, unit),
    percent(self.before, whole.before),
    amount(self.after, unit),
    percent(self.after, whole.after),
    oldName === undefined ? name : `${oldName} → ${name}`,
  ]);
}

/** The whole, before and after. */
export function wholeLine(diff: ProfileDiff): string {
  const { whole } = diff;
  const unit = unitIn(diff);
  const ends = interval(whole);
  const between = ends === '' ? '' : `, ${ends}`;
  const isNoise = whole.shift !== undefined && whole.verdict === 'noise';
  return (
    `${unitName(unit)}: ${amount(whole.before, unit)} before, ${amount(whole.after, unit)} after ` +
    `(${[change(differenceOf(whole), unit), relative(whole)].filter(Boolean).join(', ')}${between}` +
    `${isNoise ? ', within noise' : ''})`
  );
}

/** What the comparison rests on. */
export function basisLines(diff: ProfileDiff): string[] {
  const { byFuel, isExact, runsBefore, runsAfter, interleaved, paired, paceSpread } = diff;
  if (isExact && runsBefore + runsAfter > 2) {
    return ['By fuel: the same in each run, so that one is enough.'];
  }
  if (isExact) {
    return ['By fuel, one run each: the next ones are the same, unless the program reads a clock.'];
  }
  const chance = byFuel
    ? 'By fuel, but the runs differ: what the program does depends on a clock or on random numbers. '
    : '';
  if (Math.min(runsBefore, runsAfter) < 2) {
    return [
      'One run each: what differs from run to run by itself is not known. run --repeat 10, or compare, tells.',
    ];
  }
  const runs =
    runsBefore === runsAfter ? `${runsBefore} runs each` : `${runsBefore} and ${runsAfter} runs`;
  if (paired) {
    const few =
      runsBefore < FEWEST_PAIRS
        ? ` Fewer than ${FEWEST_PAIRS} pairs can't show anything significant.`
        : '';
    return [`${runsBefore} pairs of runs, each made at the same time.${few}${shortness(diff)}`];
  }
  const pace =
    paceSpread === undefined
      ? 'too few functions to tell how fast each run was as a whole'
      : `as a whole they differed by ${percent(paceSpread, 1)} in pace, which is divided out`;
  const order = interleaved
    ? ''
    : ' They were not interleaved, so that what the machine did meanwhile counts too: compare is more exact.';
  const few = Math.min(runsBefore, runsAfter) < FEWEST_RUNS;
  const warning = few
    ? ` Fewer than ${FEWEST_RUNS} runs each can't show anything significant.`
    : '';
  return [`${chance}${runs}; ${pace}.${order}${warning}${shortness(diff)}`];
}

/** Nanoseconds: of shorter runs, samples tell large changes alone. */
const SHORT_RUN = 200e6;

/** Advice, where runs by time are too short to show much. */
function shortness({ byFuel, weight, whole }: ProfileDiff): string {
  if (byFuel || weight === 'samples' || whole.before >= SHORT_RUN) return '';
  return (
    ` Runs of ${amount(whole.before, weight)} show large changes alone: give the program more to do, a second of it, ` +
    'or compare --by fuel.'
  );
}

/** With fewer of each side no order of the runs is so rare that it is significant. */
export const FEWEST_RUNS = 6;
/** The same of pairs. */
export const FEWEST_PAIRS = 8;

/** What is not shown by name: how much of it there is. */
export function foldedLines(diff: ProfileDiff): string[] {
  const { whole, functions, runsBefore } = diff;
  const unit = unitIn(diff);
  const noise = functions.filter(({ self }) => self.verdict === 'noise');
  const sum = (rows: readonly FunctionChange[], side: 'before' | 'after') =>
    rows.reduce((sum, { self }) => sum + self[side], 0);
  const lines: string[] = [];
  const [largest] = noise;
  if (largest !== undefined) {
    const before = sum(noise, 'before');
    const after = sum(noise, 'after');
    const ends = interval(largest.self);
    const most = differenceOf(largest.self);
    lines.push(
      `Within ${diff.isExact || runsBefore < 2 ? 'the noise of sampling' : 'noise'}: ${count(noise.length)}, ` +
        `${amount(before, unit)} (${percent(before, whole.before)}) before, ` +
        `${amount(after, unit)} (${percent(after, whole.after)}) after` +
        (most === 0
          ? '.'
          : `; the largest change is ${change(most, unit)}${ends && ` (${ends})`}, of ${oneLine(largest.name)}.`),
    );
  }
  const alone = (['before', 'after'] as const).flatMap((side) => {
    const rows = functions.filter(({ only }) => only === side);
    const share = percent(sum(rows, side), whole[side]);
    return rows.length === 0 ? [] : [`${count(rows.length)} (${share}) only ${side}`];
  });
  if (alone.length > 0) lines.push(`Not matched: ${alone.join(', ')}.`);
  return lines;
}

/** What `diff` prints. */
export function diffReport(
  diff: ProfileDiff,
  names: readonly [string, string],
  all: boolean,
  layout: Layout,
): string[] {
  const { style } = layout;
  const title = style.bold(names.map(oneLine).join(' → '));
  const sections = changeSections(diff, all).flatMap(({ title, rows, others }) => [
    '',
    style.bold(title),
    ...textTable(...shownColumns(CHANGE_COLUMNS, changeRows(diff, rows)), layout),
    ...(others > 0 ? [style.dim(`… and ${others} more`)] : []),
  ]);
  const same = sections.length > 0 ? [] : ['', NOTHING_CHANGED];
  const folded = all ? foldedLines(diff).slice(1) : foldedLines(diff);
  return [
    `${title}: ${wholeLine(diff)}`,
    ...basisLines(diff),
    ...sections,
    ...same,
    '',
    ...folded.map((line) => style.dim(line)),
  ];
}

/** Where nothing is told apart from noise. */
export const NOTHING_CHANGED = 'No function changed.';

/** What an entry of a comparison means. */
export const METHOD = `Significant at ${100 * SIGNIFICANCE_LEVEL} % for all functions together: docs/comparing.md.`;

/** A table without the columns that are empty in all rows. */
export function shownColumns(
  columns: readonly TableColumn[],
  rows: readonly string[][],
): [TableColumn[], string[][]] {
  const isShown = columns.map((_, i) => rows.some((row) => row[i] !== ''));
  return [
    columns.filter((_, i) => isShown[i]),
    rows.map((row) => row.filter((_, i) => isShown[i])),
  ];
}

function relative(self: Change): string {
  return self.before > 0 ? signedPercent(differenceOf(self) / self.before) : '';
}

function interval({ before, shift }: Change): string {
  if (shift === undefined || !(before > 0)) return '';
  return `${signedPercent(shift.low / before)} … ${signedPercent(shift.high / before)}`;
}

function count(functions: number): string {
  return `${functions.toLocaleString('en-US')} function${functions === 1 ? '' : 's'}`;
}
