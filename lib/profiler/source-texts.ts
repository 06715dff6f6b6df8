import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile } from '../profile/profile.js';
import type { SourceIndex } from '../profile/source-table.js';
import { checkPath, checkString, isUrl } from '../runtime/check.js';
import { wrongType } from '../runtime/errors.js';
import { isInside } from './inside.js';
import { isUnder } from './source-path.js';

/**
 * Finds the text of a source file, by its path as the debug information has it and the name that the profile
 * shows (see {@link ProfilerOptions.pathPrefixMap}); undefined when there is none. The path is the guest's word: a reader
 * that opens whatever file it names shows the guest's owner any file of this machine. {@link sourcesUnder}
 * makes one that stays in a directory.
 */
export type SourceReader = (path: string, shown: string) => string | undefined;

/** Larger ones nobody reads by lines; in bytes. */
const LARGEST = 4 * 1024 * 1024;

/**
 * Reads source files of a directory, for {@link ProfilerOptions.sources}: a path that begins with `prefix`
 * is looked for, without it, below `directory`; without a prefix the name that the profile shows is. None leads
 * out of there, by `..`, by an absolute path or by a link; files of more than 4 MiB are left out.
 *
 * @throws TypeError for wrong types, or what `node:fs` throws for what is no directory.
 */
export function sourcesUnder(directory: string | URL, prefix?: string): SourceReader {
  const path = isUrl(directory) ? checkPath('directory', directory) : directory;
  const root = realpathSync(checkString('directory', path));
  readdirSync(root);
  if (prefix === undefined) return (_, shown) => readWithin(root, shown);
  checkString('prefix', prefix);
  return (path) =>
    isUnder(path, prefix) ? readWithin(root, path.slice(prefix.length)) : undefined;
}

function readWithin(root: string, name: string): string | undefined {
  try {
    const path = realpathSync(join(root, name));
    if (!isInside(root, path)) return undefined;
    const stats = statSync(path);
    return stats.isFile() && stats.size <= LARGEST ? readFileSync(path, 'utf8') : undefined;
  } catch {
    // A library's source, mostly, that isn't here.
    return undefined;
  }
}

/** The source files that sampled functions are in, and where a profile gets their texts from. */
export class SourceTexts {
  readonly #profile: Profile;
  readonly #read: SourceReader;
  readonly #warn: (warning: string) => void;
  /** Undefined for a name that several files are shown by. */
  readonly #files = new Map<SourceIndex, SourceFile | undefined>();

  constructor(profile: Profile, read: SourceReader, warn: (warning: string) => void) {
    this.#profile = profile;
    this.#read = read;
    this.#warn = warn;
  }

  /** Notes the file of a source, with its text when its source map has that. */
  add(source: SourceIndex, path: string, text: string | undefined): void {
    if (!this.#files.has(source)) this.#files.set(source, { path, text });
    else if (this.#files.get(source)?.path !== path) this.#files.set(source, undefined);
  }

  /**
   * Puts the texts into the profile, and warns when there is none.
   *
   * @throws what the reader throws, and TypeError when it returns no text.
   */
  embed(): void {
    const { sources, strings } = this.#profile;
    let isEmpty = true;
    for (const [source, file] of this.#files) {
      if (file === undefined) continue;
      const shown = strings.get(sources.filename.get(source));
      const text = file.text ?? this.#read(file.path, shown);
      if (text === undefined) continue;
      if (typeof text !== 'string') throw wrongType('options.sources()', 'a string', text);
      sources.setContent(source, text);
      isEmpty = false;
    }
    const [first] = this.#files.keys();
    if (!isEmpty || first === undefined) return;
    const example = strings.get(sources.filename.get(first));
    this.#warn(`sources: none of ${this.#files.size} files was found, such as ${example}`);
  }
}

interface SourceFile {
  /** As the debug information has it. */
  readonly path: string;
  readonly text: string | undefined;
}
