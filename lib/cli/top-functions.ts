import { oneLine } from '../formats/terminal-text.js';
import { funcPlace } from '../profile/func-place.js';
import { functionWeights, hottestLines } from '../profile/hot-functions.js';
import { heaviestPaths } from '../profile/path-changes.js';
import type { Profile } from '../profile/profile.js';
import type { Weight } from '../profile/sample-weight.js';
import { samplingOf } from '../profile/sampling.js';
import type { Thread } from '../profile/thread.js';
import { amount, intervalOf, percent, unitName, unitOf } from './amount.js';
import { placeOf } from './function-place.js';
import { markdownCode, markdownTable, markdownText } from './markdown.js';
import { resumedLine } from './resumed-line.js';
import { SELF_AND_TOTAL, selfAndTotal } from './self-and-total.js';
import { type TableColumn, textTable } from './table.js';
import type { Layout } from './terminal.js';
import { fitName, fitPath } from './text-width.js';

const COLUMNS: readonly TableColumn[] = [
  ...SELF_AND_TOTAL,
  { title: 'function', align: 'left', shorten: fitName },
  { title: 'hottest line', align: 'left', shorten: fitPath, isPlace: true },
];

const NOTHING = 'No sample saw a function.';

/** What `top` prints. */
export function topReport(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
  limit: number,
  layout: Layout,
): string[] {
  const { rows, others, facts } = topRows(profile, threads, weight, limit);
  const rest = others > 0 ? [layout.style.dim(`… and ${others} more`)] : [];
  const heading = layout.style.bold(oneLine(profile.product));
  const table = rows.length > 0 ? textTable(COLUMNS, rows, layout) : [NOTHING];
  return [`${heading}: ${facts}`, '', ...table, ...rest];
}

/** What `top --markdown` prints: the same, and the paths that lead to the hottest functions. */
export function markdownReport(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
  limit: number,
): string[] {
  const { rows, others, facts } = topRows(profile, threads, weight, limit);
  const rest = others > 0 ? ['', `… and ${others} more functions.`] : [];
  const head = [`# Profile of ${markdownText(profile.product)}`, '', `${facts}.`, ''];
  if (rows.length === 0) return [...head, NOTHING];
  return [
    ...head,
    '## Hottest functions',
    '',
    'Self is what a function ran itself, total what it ran with all that it called.',
    '',
    ...markdownTable(COLUMNS, rows),
    ...rest,
    '',
    '## Heaviest stacks',
    '',
    ...heaviestStacks(profile, threads, weight),
  ];
}

function topRows(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
  limit: number,
): { rows: string[][]; others: number; facts: string } {
  const hot = functionWeights(profile, threads, weight);
  const unit = unitOf(profile, weight);
  const whole = hot.reduce((sum, { self }) => sum + self, 0);
  // Where threads differ, the line of the one that found the function most often is as good as any.
  const lines = new Map(threads.flatMap((thread) => [...hottestLines(profile, thread)]));
  const rows = hot.slice(0, limit).map(({ func, self, total }) => {
    const { name, module } = funcPlace(profile, func);
    const place = placeOf(profile, func, lines.get(func)) || (module ?? '');
    return [...selfAndTotal({ self, total }, unit, whole), name, place];
  });
  const facts = factsOf(profile, threads, weight, whole);
  return { rows, others: Math.max(0, hot.length - limit), facts };
}

/** What all reports of `top` tell first: `5,431 samples, one per 1 ms`, and how they were taken. */
export function factsOf(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
  whole: number,
): string {
  const unit = unitOf(profile, weight);
  const samples = threads.reduce((sum, { samples }) => sum + samples.length, 0);
  const measured = weight === 'samples' ? '' : `, ${amount(whole, unit)} ${unitName(unit)}`;
  const count = samples.toLocaleString('en-US');
  const resumed = resumedLine(profile, samples);
  const notes = resumed === undefined ? '' : `; ${resumed}`;
  return `${count} samples, one per ${intervalOf(profile)}${howTaken(profile)}${measured}${notes}`;
}

/** `, by signals, CPU time; without frames: 11 other modules`, as far as the profile tells. */
function howTaken(profile: Profile): string {
  const { by, withoutFrames } = samplingOf(profile);
  const how = by.length === 0 ? '' : `, by ${by.join(' and ')}`;
  const reasons = [...withoutFrames].map(([reason, n]) => `${n.toLocaleString('en-US')} ${reason}`);
  return oneLine(reasons.length === 0 ? how : `${how}; without frames: ${reasons.join(', ')}`);
}

const HEAVIEST_STACKS = 5;
/** Frames of a stack that a report shows, the innermost. */
const SHOWN_FRAMES = 12;

function heaviestStacks(profile: Profile, threads: readonly Thread[], weight: Weight): string[] {
  const { paths, whole } = heaviestPaths(
    { profile, threads },
    weight,
    HEAVIEST_STACKS,
    SHOWN_FRAMES,
  );
  return paths.map(({ path, isWhole, self }) => {
    const shown = path.map(markdownCode);
    return `- ${percent(self, whole)}: ${[...(isWhole ? [] : ['…']), ...shown].join(' → ')}`;
  });
}
