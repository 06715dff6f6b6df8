import { funcPlace } from '../profile/func-place.js';
import type { HotLine, HotLines } from '../profile/hot-lines.js';
import type { Profile } from '../profile/profile.js';
import { percent, type Unit } from './amount.js';
import type { Report } from './report.js';
import { SELF_AND_TOTAL, selfAndTotal } from './self-and-total.js';
import type { TableColumn } from './table.js';
import { fitName, fitPath } from './text-width.js';

const COLUMNS: readonly TableColumn[] = [
  ...SELF_AND_TOTAL,
  { title: 'line', align: 'left', shorten: fitPath, isPlace: true },
  { title: 'function', align: 'left', shorten: fitName },
];

/** What `top --lines` prints. */
export function linesReport(
  profile: Profile,
  { lines, withoutLine, whole }: HotLines,
  { limit, unit, facts }: { readonly limit: number; readonly unit: Unit; readonly facts: string },
): Report {
  const rows = lines
    .slice(0, limit)
    .map(({ source, line, func, self, total }) => [
      ...selfAndTotal({ self, total }, unit, whole),
      `${profile.strings.get(profile.sources.filename.get(source))}:${line}`,
      funcPlace(profile, func).name,
    ]);
  const more = lines.length > limit ? [`… and ${lines.length - limit} more`] : [];
  const without =
    withoutLine > 0 ? [`${percent(withoutLine, whole)} ran where no line is known.`] : [];
  const notes = [...more, ...without];
  const empty =
    'No sample has a line: the module has no debug information, or --debug-info was not given.';
  return { facts, sections: [{ title: 'Hottest lines', columns: COLUMNS, rows, empty, notes }] };
}

/** The same for programs, as docs/schemas/lines.schema.json has it. */
export function linesJson(
  profile: Profile,
  { lines, withoutLine, whole }: HotLines,
  limit: number,
): object {
  return {
    whole,
    withoutLine,
    lines: lines.slice(0, limit).map((line) => lineJson(profile, line)),
    others: Math.max(0, lines.length - limit),
  };
}

function lineJson(profile: Profile, { source, line, func, self, total }: HotLine): object {
  const file = profile.strings.get(profile.sources.filename.get(source));
  return { file, line, function: funcPlace(profile, func).name, self, total };
}
