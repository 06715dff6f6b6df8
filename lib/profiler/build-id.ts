/** Fewer digits tell nothing, where one of two ids was cut. */
const LEAST_DIGITS = 32;

/**
 * Warns of a file beside a module that says to be of another build: it would show other places. Ids are in hexadecimal,
 * with or without the dashes of a UUID, which may hold the beginning of a longer one.
 */
export function checkPartner(
  what: string,
  own: string | undefined,
  other: string | undefined,
  warn: (warning: string) => void,
): void {
  const [a, b] = [own, other].map((id) => id?.replaceAll('-', '').toLowerCase());
  if (!a || !b) return;
  const digits = Math.min(a.length, b.length);
  const isSame = digits < LEAST_DIGITS ? a === b : a.slice(0, digits) === b.slice(0, digits);
  if (!isSame) warn(`${what}: of another build than the module: their build ids differ`);
}
