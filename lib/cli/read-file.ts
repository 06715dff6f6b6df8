import { readProfile, readProfileStream } from '../formats/read.js';
import type { ReadOptions } from '../formats/row-limit.js';
import { oneLine } from '../formats/terminal-text.js';
import type { Profile } from '../profile/profile.js';
import { type Selection, sawFunction, select } from '../profile/select.js';
import type { Thread } from '../profile/thread.js';
import { CliError, reasonOf } from './cli-error.js';
import type { ProfileView, SelectOptions } from './select-options.js';
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
