import { accessSync, constants, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { FORMAT_NAMES, FORMATS, hasUnknownExtension } from '../formats/format-list.js';
import { targetOf } from '../formats/output.js';
import { CliError, reasonOf } from './cli-error.js';

/** Where the profile goes unless told: into the current directory, named for the module. */
export function defaultProfilePath(module: string): string {
  return `${basename(module).replace(/\.(wasm|wat|cwasm)$/, '')}.profile.json`;
}

/**
 * Tells at the start what would fail at the end, after hours perhaps. The file itself is left alone: an older
 * profile is good until there is a new one.
 *
 * @throws CliError
 */
export function checkWritable(path: string, what = 'the profile '): void {
  try {
    const target = targetOf(path);
    const stats = statSync(target, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    // A pipe or a device is written itself; a file is made anew beside the old one, which it replaces.
    const isFile = stats === undefined || stats.isFile();
    const written = isFile ? dirname(target) : path;
    accessSync(written, constants.W_OK);
    if (isFile && !statSync(written).isDirectory()) {
      throw Object.assign(new Error(), { code: 'ENOTDIR' });
    }
  } catch (error) {
    throw unwritable(path, error, what);
  }
}

export function unwritable(path: string, error: unknown, what = 'the profile '): CliError {
  return new CliError(`can't write ${what}${path}: ${reasonOf(error)}`, { cause: error });
}

/**
 * Checks that outputs are none of the inputs, nor each other, whatever their names: a profile would be written over what
 * it is made from.
 *
 * @throws CliError
 */
export function checkDistinct(
  inputs: readonly (string | undefined)[],
  outputs: readonly string[],
): void {
  const known = new Map<string, string>();
  for (const input of inputs) {
    const id = input === undefined ? undefined : fileId(input);
    if (id !== undefined) known.set(id, `${input}, which is read`);
  }
  for (const output of outputs) {
    const id = fileId(output) ?? resolve(output);
    const other = known.get(id);
    if (other !== undefined) throw new CliError(`${output} is the same file as ${other}`);
    known.set(id, `${output}, which is written too`);
  }
}

/** What is the same for all names of a regular file; undefined for none. */
function fileId(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    // Why it can't be read is told where it is.
    return undefined;
  }
}

/**
 * Checks that a name says a format, or nothing of one.
 *
 * @throws CliError for an extension that no format has.
 */
export function checkExtensionOf(path: string): void {
  if (hasUnknownExtension(path)) throw unknownExtension(path);
}

export function unknownExtension(path: string): CliError {
  const known = FORMAT_NAMES.flatMap((format) => FORMATS[format].extensions);
  return new CliError(`no format has the extension of ${path}: there are ${known.join(', ')}`);
}
