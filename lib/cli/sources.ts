import { type SourceReader, sourcesUnder } from '../profiler/source-texts.js';
import { CliError, reasonOf } from './cli-error.js';

/**
 * Reads source files below a directory, by the names that profiles show.
 *
 * @throws CliError for what is no directory.
 */
export function sourcesIn(directory: string): SourceReader {
  try {
    return sourcesUnder(directory);
  } catch (error) {
    throw new CliError(`can't read ${directory}: ${reasonOf(error)}`, { cause: error });
  }
}
