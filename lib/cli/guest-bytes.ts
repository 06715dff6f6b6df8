import { readFileSync } from 'node:fs';
import { CliError, reasonOf } from './cli-error.js';

/** @throws CliError for a file that can't be read. */
export function readGuest(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CliError(`can't read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
