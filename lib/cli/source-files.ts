import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Profile } from '../profile/profile.js';
import { NO_SOURCE } from '../profile/source-table.js';

/** Larger ones nobody reads by lines. */
const LARGEST_BYTES = 4 * 1024 * 1024;

/**
 * Puts the texts of source files into a profile, for its reader's source view: those under `directory` that
 * sampled functions are in. Names come from the guest's debug information: none leads out of the
 * directory, by `..`, by an absolute path or by a link. Returns how many were found.
 */
export function addSourceTexts(profile: Profile, directory: string): number {
  const root = realpathSync(directory);
  const used = new Set<number>();
  for (let func = 0; func < profile.funcs.length; func++) used.add(profile.funcs.source.get(func));
  let found = 0;
  for (const source of used) {
    if (source === NO_SOURCE) continue;
    const text = readWithin(root, profile.strings.get(profile.sources.filename.get(source)));
    if (text === undefined) continue;
    profile.sources.setContent(source, text);
    found++;
  }
  return found;
}

function readWithin(root: string, name: string): string | undefined {
  try {
    const path = realpathSync(join(root, name));
    const inside = relative(root, path);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return undefined;
    const stats = statSync(path);
    return stats.isFile() && stats.size <= LARGEST_BYTES ? readFileSync(path, 'utf8') : undefined;
  } catch {
    // A library's source, mostly, that isn't here.
    return undefined;
  }
}
