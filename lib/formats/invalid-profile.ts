/** A file that is no profile that this project reads, or a damaged one: `ERR_INVALID_PROFILE`. */
export function invalidProfile(message: string, cause?: unknown): TypeError & { code: string } {
  const error = new TypeError(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { code: 'ERR_INVALID_PROFILE' });
}
