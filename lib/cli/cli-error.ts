/** An error with a message for the user, who needs no stack trace of ours. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** What went wrong with a file, in words: the message of Node's says more than a user needs. */
export function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'no such file or directory';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'no space is left on the device';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
