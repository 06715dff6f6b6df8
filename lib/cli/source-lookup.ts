import { isAbsolute, relative } from 'node:path';
import type { Profile } from '../profile/profile.js';
import { sourcesIn } from './sources.js';
import type { TextOf } from './top-list.js';

/**
 * Finds texts of source files: of those that the profile carries, else below `directory`, which is the current one
 * unless told. A profile names any file it likes, so none outside of there is read.
 *
 * @throws CliError for what is no directory.
 */
export function sourceLookup(profile: Profile, directory = '.'): TextOf {
  const read = sourcesIn(directory);
  return (source) => {
    const embedded = profile.sources.content(source);
    if (embedded !== undefined) return embedded;
    const name = profile.strings.get(profile.sources.filename.get(source));
    // A compiler that was given whole paths wrote them down.
    const shown = isAbsolute(name) ? relative(directory, name) : name;
    return read(name, shown) ?? read(name, name);
  };
}
