import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
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
export function checkWritable(path: string): void {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    // A pipe or a device is written itself; a file is made anew beside the old one, which it replaces.
    const isFile = stats === undefined || stats.isFile();
    const written = isFile ? dirname(stats === undefined ? path : realpathSync(path)) : path;
    accessSync(written, constants.W_OK);
    if (isFile && !statSync(written).isDirectory()) {
      throw Object.assign(new Error(), { code: 'ENOTDIR' });
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

export function unwritable(path: string, error: unknown): CliError {
  return new CliError(`can't write the profile ${path}: ${reasonOf(error)}`, { cause: error });
}
