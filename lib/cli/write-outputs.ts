import type { FormatOptions } from '../formats/formats.js';
import type { FinishedProfile } from '../profiler/finished-profile.js';
import { unwritable } from './profile-path.js';

/** A file to write a profile to, and how. */
export type ProfileFile = FormatOptions & { readonly path: string };

/** Writes a profile to each; one that fails keeps none of the others from being written. */
export async function writeOutputs(
  profile: FinishedProfile,
  outputs: readonly ProfileFile[],
): Promise<{ readonly written: string[]; readonly failures: Error[] }> {
  const failures: Error[] = [];
  const written: string[] = [];
  for (const { path, ...format } of outputs) {
    try {
      await profile.write(path, format);
      written.push(path);
    } catch (error) {
      failures.push(unwritable(path, error));
    }
  }
  return { written, failures };
}
