import { type Command, Option } from 'commander';

/** Where compiled code is kept for the next time. */
export interface CacheOptions {
  /** A directory, one in the user's cache directory when absent; false for nowhere. */
  readonly cache?: string | false;
}

/** Adds {@link CacheOptions}. */
export function addCacheOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--cache <directory>',
        'where compiled code is kept for the next time, by default in your cache directory',
      ),
    )
    .addOption(new Option('--no-cache', 'compile anew, and keep nothing'));
}
