import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ownDirectories, packageAround } from '../own-files.js';
import { misuse } from './errors.js';

const FILE = 'wasmtime_guest_profiler.node';

/**
 * The addon's file. In the package itself node-gyp-build knows it; a bundle of a program looks for the package that is
 * installed around it, and then for the file itself, which was put beside it.
 *
 * @throws Error `ERR_ADDON_NOT_FOUND` that says where it was looked for.
 */
export function findAddon(): string {
  const places = ownDirectories();
  for (const place of places) {
    const root = packageAround(place);
    const found = (root !== undefined && inPackage(root)) || beside(place);
    if (found) return loaded(found);
  }
  const message =
    `the addon of wasmtime-guest-profiler was not found: install the package where this program runs, or put ${FILE} (of ` +
    "its build/Release, or of its prebuilds under that name) beside the program's file. Looked in " +
    places.join(', ');
  throw misuse('ERR_ADDON_NOT_FOUND', message);
}

function inPackage(root: string): string | undefined {
  try {
    const { resolve } = createRequire(path.join(root, 'package.json'))('node-gyp-build') as {
      resolve(root: string): string;
    };
    return resolve(root);
  } catch {
    // Not built, or copied without what it depends on.
    return beside(root);
  }
}

function beside(directory: string): string | undefined {
  const candidates = [path.join(directory, FILE), path.join(directory, 'build', 'Release', FILE)];
  return candidates.find((file) => existsSync(file));
}

/** The path under which this file is loaded already: a second load of one library would take over the first's classes. */
function loaded(file: string): string {
  const { dev, ino } = statSync(file, { bigint: true });
  const { cache } = createRequire(file);
  const same = Object.keys(cache).find((other) => {
    if (!other.endsWith('.node') || other === file) return false;
    const stats = statSync(other, { bigint: true, throwIfNoEntry: false });
    return stats?.dev === dev && stats.ino === ino;
  });
  return same ?? file;
}
