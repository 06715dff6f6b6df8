import type { ComparedProfile } from '../profile/diff.js';
import { CliError } from './cli-error.js';
import { checkPrintDiff, printDiff, usualWeight } from './print-diff.js';
import type { PrintDiffOptions } from './print-diff-options.js';
import { readSelected, STDIN } from './read-file.js';
import type { ProfileView } from './select-options.js';

/** What `diff` is asked for. */
export interface DiffOptions extends ProfileView, PrintDiffOptions {}

/** Compares two profiles; the exit code. */
export async function diff(before: string, after: string, options: DiffOptions): Promise<number> {
  checkPrintDiff(options, [before, after]);
  if (before === STDIN && after === STDIN)
    throw new CliError('one profile only can be - for stdin');
  const [old, recent] = [await compared(before, options), await compared(after, options)];
  return printDiff(old, recent, options.weight ?? usualWeight(old, recent), options);
}

async function compared(path: string, view: ProfileView): Promise<ComparedProfile> {
  const profile = await readSelected(path, view);
  return { profile, threads: profile.threads };
}
