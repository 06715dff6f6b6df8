import nodeModule from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = 'wasmtime-guest-profiler';

/** `require` as in this file: webpack takes `createRequire` away where it is imported by its name. */
export function requireFrom(file: string): NodeJS.Require {
  return nodeModule.createRequire(file);
}

/** Where this code may be: bundlers change or leave out one or the other, and a packed program is one file. */
export function ownDirectories(): string[] {
  return [...new Set(candidates())];
}

function* candidates(): Iterable<string> {
  // Left undefined by bundles in CommonJS format; some put the path of the building machine here.
  const { url } = import.meta as { url?: string };
  if (url?.startsWith('file:')) yield path.dirname(fileURLToPath(url));
  if (typeof __dirname === 'string' && path.isAbsolute(__dirname)) yield __dirname;
  const [, script] = process.argv;
  if (script !== undefined && path.isAbsolute(script)) yield path.dirname(script);
  yield path.dirname(process.execPath);
}

/** The package that `directory` is in, or that is installed for it. */
export function packageAround(directory: string): string | undefined {
  const require = requireFrom(path.join(directory, 'index.js'));
  const own = path.dirname(directory);
  try {
    const { name } = require(path.join(own, 'package.json')) as { name?: string };
    if (name === PACKAGE) return own;
  } catch {
    // No package.
  }
  try {
    return path.dirname(require.resolve(`${PACKAGE}/package.json`));
  } catch {
    return undefined;
  }
}
