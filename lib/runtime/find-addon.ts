import { statSync } from 'node:fs';
import path from 'node:path';
import { ownDirectories, packageAround, requireFrom } from '../own-files.js';

const FILE = 'wasmtime_guest_profiler.node';

const PACKAGE = 'wasmtime-guest-profiler';

/** A directory to look in instead of the package's, by the name that node-gyp-build gives such variables. */
const INSTEAD = 'WASMTIME_GUEST_PROFILER_PREBUILD';

/**
 * The addon's file. Of the package itself it is what was built there, else that of the package for this platform; a bundle
 * of a program looks for the package that is installed around it, and then for the file itself, which was put beside it.
 *
 * @throws Error `ERR_ADDON_NOT_FOUND` that says where it was looked for.
 */
export function findAddon(): string {
  const places = ownDirectories();
  let installed: string | undefined;
  for (const place of places) {
    // An empty variable names no directory.
    const instead = process.env[INSTEAD] || undefined;
    const built = instead === undefined ? beside(path.dirname(place)) : undefined;
    if (built !== undefined) return loaded(built);
    const root = instead ?? packageAround(place);
    const found = (root !== undefined && inPackage(root)) || beside(place);
    if (found) return loaded(found);
    installed ??= root;
  }
  const message = installed === undefined ? notPacked(places) : notBuilt(installed);
  throw Object.assign(new Error(message), { code: 'ERR_ADDON_NOT_FOUND' });
}

/** The package is there, its addon isn't: why that may be, and what to do, a line each. */
function notBuilt(root: string): string {
  return (
    `no native build was found in ${root}: ${platformPackages().join(' or ')} is not installed (there is none for this platform, or ` +
    'optional dependencies were left out), and none was built. `npm rebuild wasmtime-guest-profiler` builds one, with Rust 1.95 or ' +
    'newer (https://rustup.rs) and Python\n' +
    "Install scripts that build don't run with npm --ignore-scripts, with pnpm 10 and newer until `pnpm approve-builds`, with Bun " +
    'until `bun pm trust wasmtime-guest-profiler`\n' +
    "Where it can't be built, the commands top, diff, convert and view work all the same, and annotate with " +
    `\`npm install ${PACKAGE}-compiler\``
  );
}

/** A bundle of a program has no addon around it. */
function notPacked(places: readonly string[]): string {
  return (
    `the addon of wasmtime-guest-profiler was not found: install the package where this program runs, or put ${FILE} (of ` +
    `its build/Release, or of ${platformPackages()[0]} under that name) beside the program's file. Looked in ` +
    places.join(', ')
  );
}

function inPackage(root: string): string | undefined {
  // What was built here first: its owner had a reason.
  const found = beside(root) ?? prebuilt(root);
  if (found !== undefined) return found;
  try {
    const { resolve } = requireFrom(path.join(root, 'package.json'))('node-gyp-build') as {
      resolve(root: string): string;
    };
    return resolve(root);
  } catch {
    // Not built, or copied without what it depends on.
    return undefined;
  }
}

/** Of the package for this platform that is installed for `root`, as its optional dependency. */
function prebuilt(root: string): string | undefined {
  const { resolve } = requireFrom(path.join(root, 'package.json'));
  const found = platformPackages().flatMap((name) => {
    try {
      return [resolve(name)];
    } catch {
      return [];
    }
  });
  // Some package managers install those of all libcs.
  return found.length > 1 && isMusl() ? found[1] : found[0];
}

/** As the napi-rs CLI names them; on Linux for glibc, then for musl. */
function platformPackages(): string[] {
  const name = `${PACKAGE}-${process.platform}-${process.arch}`;
  if (process.platform === 'linux') return [`${name}-gnu`, `${name}-musl`];
  return [process.platform === 'win32' ? `${name}-msvc` : name];
}

function isMusl(): boolean {
  const { header } = process.report.getReport() as {
    header: { glibcVersionRuntime?: string };
  };
  return header.glibcVersionRuntime === undefined;
}

function beside(directory: string): string | undefined {
  const candidates = [
    path.join(directory, FILE),
    path.join(directory, 'build', 'Release', FILE),
  ] as const;
  const { resolve } = requireFrom(candidates[0]);
  return candidates.find((file) => {
    try {
      return resolve(file);
    } catch {
      return false;
    }
  });
}

/** The path under which this file is loaded already: a second load of one library would take over the first's classes. */
function loaded(file: string): string {
  const others = Object.keys(requireFrom(file).cache).filter((other) => other.endsWith('.node'));
  if (others.length === 0 || others.includes(file)) return file;
  const { dev, ino } = statSync(file, { bigint: true });
  const same = others.find((other) => {
    const stats = statSync(other, { bigint: true, throwIfNoEntry: false });
    return stats?.dev === dev && stats.ino === ino;
  });
  return same ?? file;
}
