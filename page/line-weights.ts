import type { PageData, PageThread } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import type { Weighed } from './weighed.js';

export interface LineWeight {
  readonly file: string;
  readonly line: number;
  /** The function that has most of it. */
  readonly func: number;
  self: number;
  /** Counted once for each sample, however often its function recursed. */
  total: number;
}

/** Whose lines: a file's, those of a function's instructions, or all that are of files. */
export type LinesOf = { readonly file: string } | { readonly code: number } | undefined;

/** The lines that samples saw, of one file or of all; the hottest first. */
export function lineWeights(
  data: PageData,
  { tree }: PageThread,
  weighed: Weighed,
  weight: Weight,
  only: LinesOf,
): LineWeight[] {
  const self = weighed.rows[weight];
  const total = self.slice();
  for (let row = total.length - 1; row >= 0; row--) {
    const caller = tree.prefix[row] as number;
    if (caller >= 0) total[caller] = (total[caller] as number) + (total[row] as number);
  }
  const lines = new Map<string, LineWeight>();
  const codes = new Set(data.codes.map(({ func }) => func));
  const fileOf = (row: number) => data.functions[tree.func[row] as number]?.file ?? '';
  // Numbers of files that aren't the same, and of functions' own texts, are told apart.
  const textOf = (row: number) => {
    const func = tree.func[row] as number;
    return codes.has(func) ? func : fileOf(row);
  };
  const wanted = only === undefined ? undefined : 'code' in only ? only.code : only.file;
  for (let row = 0; row < total.length; row++) {
    const line = tree.line[row] as number;
    if (line === 0 || !((total[row] as number) > 0)) continue;
    const text = textOf(row);
    if (wanted === undefined ? typeof text === 'number' : text !== wanted) continue;
    const key = `${line} ${text}`;
    let known = lines.get(key);
    if (known === undefined) {
      known = { file: fileOf(row), line, func: tree.func[row] as number, self: 0, total: 0 };
      lines.set(key, known);
    }
    known.self += self[row] as number;
    let caller = tree.prefix[row] as number;
    while (caller >= 0 && !(tree.line[caller] === line && textOf(caller) === text)) {
      caller = tree.prefix[caller] as number;
    }
    if (caller < 0) known.total += total[row] as number;
  }
  return [...lines.values()].sort(
    (a, b) => b.self - a.self || b.total - a.total || a.line - b.line,
  );
}
