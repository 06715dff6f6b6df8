import { type Command, InvalidArgumentError, Option } from 'commander';
import { readProfile, readProfileStream } from '../formats/read.js';
import type { ReadOptions } from '../formats/row-limit.js';
import { oneLine } from '../formats/terminal-text.js';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS, type Weight } from '../profile/sample-weight.js';
import { type Selection, sawFunction, select } from '../profile/select.js';
import type { Thread } from '../profile/thread.js';
import { CliError, reasonOf } from './cli-error.js';
import { duration, positive } from './options.js';
import { prepareWidths } from './text-width.js';

/** The path that stands for standard input. */
export const STDIN = '-';

/**
 * A profile that this project, or `run`, has written; from standard input for `-`.
 *
 * @throws CliError that says why there is none.
 */
export async function readFile(path: string, options: ReadOptions = {}): Promise<Profile> {
  try {
    const profile = await (path === STDIN
      ? readProfileStream(process.stdin, options)
      : readProfile(path, options));
    await prepareWidths([path, profile.product, ...profile.strings]);
    return profile;
  } catch (error) {
    throw new CliError(`can't read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Which part of a profile a command looks at. */
export interface SelectOptions extends ReadOptions {
  readonly thread?: number;
  /** Milliseconds since the profile's start. */
  readonly from?: number;
  readonly to?: number;
  readonly focus?: RegExp;
  readonly ignore?: RegExp;
  readonly root?: string;
  readonly foldInlined?: boolean;
}

/** Which part of a profile a command looks at, and in what unit. */
export interface ProfileView extends SelectOptions {
  readonly weight?: Weight;
}

/** Adds the options of a {@link ProfileView}. */
export function addViewOptions(command: Command, weights: string): Command {
  return addSelectOptions(
    command.addOption(
      new Option('--weight <unit>', `what samples count for; default: ${weights}`).choices(WEIGHTS),
    ),
  );
}

/** Adds {@link SelectOptions}. */
export function addSelectOptions(command: Command): Command {
  return command
    .option('--thread <number>', 'one thread only, counted from 0', threadNumber)
    .option('--from <time>', "samples from this time of the profile's on, such as 1.5s", duration)
    .option('--to <time>', 'samples up to this time', duration)
    .option('--focus <regex>', 'samples with such a function on the stack', regex)
    .option('--ignore <regex>', 'samples without such a function', regex)
    .option('--root <function>', 'samples in that function, which becomes the outermost')
    .option('--fold-inlined', 'what was inlined counts for the function around it')
    .addOption(maxRowsOption());
}

/** The option of {@link ReadOptions}. */
export function maxRowsOption(): Option {
  const [flags, help] = [
    '--max-rows <number>',
    'read profiles of more samples and markers than 50 million',
  ];
  return new Option(flags, help).argParser(positive);
}

/**
 * {@link readFile}, and of it what is asked for alone.
 *
 * @throws CliError also for a thread or function that the profile doesn't have.
 */
export async function readSelected(path: string, options: SelectOptions): Promise<Profile> {
  const profile = await readFile(path, options);
  const { from, to, thread, focus, ignore, root, foldInlined } = options;
  threadsOf(profile, path, options);
  const absent = (what: string) => new CliError(`${path} has no function ${what}`);
  if (root !== undefined && !sawFunction(profile, (name) => name === root)) {
    throw absent(oneLine(root));
  }
  if (focus !== undefined && !sawFunction(profile, (name) => name.search(focus) >= 0)) {
    throw absent(`that ${oneLine(String(focus))} fits`);
  }
  const selection: Selection = {
    ...(from !== undefined && { fromMs: from }),
    ...(to !== undefined && { toMs: to }),
    ...(thread !== undefined && { thread }),
    ...(focus !== undefined && { focus }),
    ...(ignore !== undefined && { ignore }),
    ...(root !== undefined && { root }),
    ...(foldInlined !== undefined && { foldInlined }),
  };
  if (Object.keys(selection).length > 0) select(profile, selection);
  return profile;
}

/** A pattern for functions' names. */
export function regex(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
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
