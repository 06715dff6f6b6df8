import { type FuncIndex, UNKNOWN_LINE } from './func-table.js';
import type { Profile } from './profile.js';
import { NO_KEY, totalsByKey, weightOfStacks } from './sample-totals.js';
import type { Weight } from './sample-weight.js';
import { NO_SOURCE, type SourceIndex } from './source-table.js';
import type { Thread } from './thread.js';

/** What the samples of a source line weigh. */
export interface HotLine {
  readonly source: SourceIndex;
  /** Counted from 1. */
  readonly line: number;
  /** The function that ran most on that line; of one without self time, any that was called from it. */
  readonly func: FuncIndex;
  /** What ran on the line itself. */
  readonly self: number;
  /** With all that was called from it, each sample counted once. */
  readonly total: number;
}

/** The lines that samples saw, hottest first, and what weighs without a line. */
export interface HotLines {
  readonly lines: readonly HotLine[];
  /** What ran where no line is known. */
  readonly withoutLine: number;
  /** What all ran. */
  readonly whole: number;
}

/** The hottest source lines of some threads' samples; of the functions `only` alone, where that is given. */
export function hotLines(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
  only?: ReadonlySet<FuncIndex>,
): HotLines {
  const weightOf = weightOfStacks(profile, threads, weight);
  const { stacks, frames, funcs } = profile;
  const rowOfLine = new Map<string, number>();
  const rows: {
    source: SourceIndex;
    line: number;
    self: number;
    byFunc: Map<FuncIndex, number>;
  }[] = [];
  const rowOfFrame = Int32Array.from({ length: frames.length }, (_, frame) => {
    const func = frames.func.get(frame);
    const line = frames.line.get(frame);
    const source = funcs.source.get(func);
    if (line === UNKNOWN_LINE || source === NO_SOURCE) return NO_KEY;
    if (only !== undefined && !only.has(func)) return NO_KEY;
    const name = `${source}:${line}`;
    const known = rowOfLine.get(name);
    if (known !== undefined) return known;
    const row = rows.push({ source, line, self: 0, byFunc: new Map() }) - 1;
    rowOfLine.set(name, row);
    return row;
  });
  const keyOf = new Int32Array(stacks.length);
  let withoutLine = 0;
  let whole = 0;
  for (const [stack, frame] of stacks.frame.view().entries()) {
    const key = rowOfFrame[frame] as number;
    keyOf[stack] = key;
    const func = frames.func.get(frame);
    const weighs = weightOf[stack] ?? 0;
    if (only === undefined || only.has(func)) whole += weighs;
    const row = rows[key];
    if (row === undefined) {
      if (only === undefined || only.has(func)) withoutLine += weighs;
      continue;
    }
    row.self += weighs;
    row.byFunc.set(func, (row.byFunc.get(func) ?? 0) + weighs);
  }
  const totals = totalsByKey(profile, keyOf, rows.length, weightOf);
  const lines = rows.map(({ source, line, self, byFunc }, key) => {
    const [[func] = [0]] = [...byFunc].sort(([a, less], [b, more]) => more - less || a - b);
    return { source, line, func, self, total: totals[key] ?? 0 };
  });
  const seen = lines.filter(({ total }) => total > 0);
  seen.sort(
    (a, b) => b.self - a.self || b.total - a.total || a.source - b.source || a.line - b.line,
  );
  return { lines: seen, withoutLine, whole };
}
