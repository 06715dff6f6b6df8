import { closeSync, openSync } from 'node:fs';

/**
 * Makes an empty file that no one else has; its path, or undefined where there is one of that name. Of several threads and
 * processes that try, one gets it.
 *
 * @throws what `node:fs` throws for a file that can't be made.
 */
export function claimFile(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'wx'));
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}
