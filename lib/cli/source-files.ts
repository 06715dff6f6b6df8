import type { Profile } from '../profile/profile.js';
import { NO_SOURCE } from '../profile/source-table.js';
import { sourcesUnder } from '../profiler/source-texts.js';

/**
 * Puts the texts of source files into a profile, for its reader's source view: those under `directory` that
 * sampled functions are in, by the paths that the profile shows. Returns how many were found.
 *
 * @throws what `node:fs` throws when there is no such directory.
 */
export function addSourceTexts(profile: Profile, directory: string): number {
  const read = sourcesUnder(directory);
  const used = new Set<number>();
  for (let func = 0; func < profile.funcs.length; func++) used.add(profile.funcs.source.get(func));
  let found = 0;
  for (const source of used) {
    if (source === NO_SOURCE) continue;
    const text = read(profile.strings.get(profile.sources.filename.get(source)));
    if (text === undefined) continue;
    profile.sources.setContent(source, text);
    found++;
  }
  return found;
}
