import { distance } from 'fastest-levenshtein';

/** Of a word's letters, the share that may differ for another to be meant. */
const MOST_DIFFERENT = 0.4;

/** `: did you mean 'x'?` for a name that somebody misspelt, or nothing where none of those known is like it. */
export function didYouMean(name: string, known: readonly string[]): string {
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const differing = distance(name.toLowerCase(), candidate.toLowerCase());
    const longest = Math.max(name.length, candidate.length);
    if (differing < least && differing <= longest * MOST_DIFFERENT) {
      best = candidate;
      least = differing;
    }
  }
  return best === undefined ? '' : `: did you mean '${best}'?`;
}
