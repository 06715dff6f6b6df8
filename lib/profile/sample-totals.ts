import type { Profile } from './profile.js';
import { type Weight, weighStacks } from './sample-weight.js';
import { NO_STACK } from './stack-table.js';
import type { Thread } from './thread.js';

/** The sentinel for a stack whose newest frame has nothing that is counted. */
export const NO_KEY = -1;

/** What the samples of each stack weigh, by its row. */
export function weightOfStacks(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
): Float64Array {
  const sums = new Float64Array(profile.stacks.length);
  for (const thread of threads) {
    const { stacks, weights } = weighStacks(profile, thread, weight);
    for (const [i, stack] of stacks.entries()) {
      sums[stack] = (sums[stack] ?? 0) + (weights[i] as number);
    }
  }
  return sums;
}

/**
 * What the samples weigh that have a key anywhere on their stacks, each counted once however often its stack has the
 * key. A stack's key is that of its newest frame: a function, a line, a call; keys count from 0, `count` of them.
 *
 * Whether an occurrence is the outermost is known on the way down the tree, so this walks it depth first; with links
 * instead of recursion, since a stack may be as deep as the guest's own.
 */
export function totalsByKey(
  profile: Profile,
  keyOf: Int32Array,
  count: number,
  weightOf: Float64Array,
): Float64Array {
  const total = new Float64Array(count);
  const prefixOf = profile.stacks.prefix.view();
  const { length } = prefixOf;
  const below = weightOf.slice();
  // Row + 1, with 0 for none; the roots hang below row `length`.
  const firstChild = new Int32Array(length + 1);
  const nextSibling = new Int32Array(length);
  for (let row = length - 1; row >= 0; row--) {
    const prefix = prefixOf[row] ?? NO_STACK;
    const parent = prefix === NO_STACK ? length : prefix;
    nextSibling[row] = firstChild[parent] ?? 0;
    firstChild[parent] = row + 1;
    // Children have higher rows, so by now this row's own sum is whole.
    if (prefix !== NO_STACK) below[prefix] = (below[prefix] ?? 0) + (below[row] ?? 0);
  }

  const onPath = new Int32Array(count);
  let row = (firstChild[length] ?? 0) - 1;
  while (row >= 0) {
    const key = keyOf[row] ?? NO_KEY;
    if (key !== NO_KEY) {
      if (onPath[key] === 0) total[key] = (total[key] ?? 0) + (below[row] ?? 0);
      onPath[key] = (onPath[key] ?? 0) + 1;
    }
    let next = (firstChild[row] ?? 0) - 1;
    while (next < 0 && row !== NO_STACK) {
      const leaving = keyOf[row] ?? NO_KEY;
      if (leaving !== NO_KEY) onPath[leaving] = (onPath[leaving] ?? 0) - 1;
      next = (nextSibling[row] ?? 0) - 1;
      row = prefixOf[row] ?? NO_STACK;
    }
    row = next;
  }
  return total;
}
