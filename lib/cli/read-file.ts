import { type Command, InvalidArgumentError, Option } from 'commander';
import { readProfile } from '../formats/read.js';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS, type Weight } from '../profile/sample-weight.js';
import type { Thread } from '../profile/thread.js';
import { CliError, reasonOf } from './cli-error.js';

/**
 * A profile that this project, or `run`, has written.
 *
 * @throws CliError that says why there is none.
 */
export async function readFile(path: string): Promise<Profile> {
  try {
    return await readProfile(path);
  } catch (error) {
    throw new CliError(`can't read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Which part of a profile a command looks at, and in what unit. */
export interface ProfileView {
  readonly thread?: number;
  readonly weight?: Weight;
}

/** Adds the options of a {@link ProfileView}. */
export function addViewOptions(command: Command, weights: string): Command {
  return command
    .addOption(
      new Option('--weight <unit>', `what samples count for; default: ${weights}`).choices(WEIGHTS),
    )
    .option('--thread <number>', 'one thread only, counted from 0', threadNumber);
}

/** The threads that are asked for: one, or all. */
export function threadsOf(
  profile: Profile,
  path: string,
  { thread }: Pick<ProfileView, 'thread'>,
): Thread[] {
  if (thread === undefined) return profile.threads;
  const chosen = profile.threads[thread];
  if (chosen !== undefined) return [chosen];
  const count = profile.threads.length === 1 ? '1 thread' : `${profile.threads.length} threads`;
  throw new CliError(`${path} has ${count}, counted from 0: no ${thread}`);
}

/** Which thread, counted from 0. */
export function threadNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a number from 0.');
  return Number(text);
}
