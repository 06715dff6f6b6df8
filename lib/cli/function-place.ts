import { oneLine } from '../formats/terminal-text.js';
import type { FuncIndex } from '../profile/func-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_SOURCE } from '../profile/source-table.js';

/** The function's file and its hottest line, as far as they are known. */
export function placeOf(profile: Profile, func: FuncIndex, line: number | undefined): string {
  const source = profile.funcs.source.get(func);
  if (source === NO_SOURCE) return '';
  const file = oneLine(profile.strings.get(profile.sources.filename.get(source)));
  return line === undefined ? file : `${file}:${line}`;
}
