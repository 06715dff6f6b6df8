import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/** Larger ones nobody reads by lines. */
const LARGEST_BYTES = 4 * 1024 * 1024;

/**
 * The source files under a directory. Names come from a guest's debug information: none leads out of the
 * directory, by `..`, by an absolute path or by a link.
 */
export class SourceFiles {
  readonly #root: string;

  /** Throws what `node:fs` does for a directory that isn't there. */
  constructor(directory: string) {
    this.#root = realpathSync(directory);
    readdirSync(this.#root);
  }

  /** A file's text; undefined for one that isn't there, or not under the directory. */
  read(name: string): string | undefined {
    return readWithin(this.#root, name);
  }
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
