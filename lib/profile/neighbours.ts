import type { FuncIndex } from './func-table.js';
import { funcOfStacks } from './hot-functions.js';
import type { Profile } from './profile.js';
import { NO_KEY, totalsByKey, weightOfStacks } from './sample-totals.js';
import type { Weight } from './sample-weight.js';
import { NO_STACK } from './stack-table.js';
import type { Thread } from './thread.js';

/** A function beside another on the stack. */
export interface Neighbour {
  /** Undefined, of callers, where the function is the outermost frame. */
  readonly func: FuncIndex | undefined;
  /** What the samples weigh in which one of the two calls the other, each counted once. */
  readonly weight: number;
}

/** Who calls a function, and what it calls. */
export interface Neighbours {
  /** What the function ran itself. */
  readonly self: number;
  /** With all that it called. */
  readonly total: number;
  /** Heaviest first. Where the function recurses, a sample counts for each of its callers. */
  readonly callers: readonly Neighbour[];
  readonly callees: readonly Neighbour[];
}

/** The callers and callees of `chosen`, which count as one function: those of one name, mostly. */
export function neighboursOf(
  profile: Profile,
  threads: readonly Thread[],
  weight: Weight,
  chosen: ReadonlySet<FuncIndex>,
): Neighbours {
  const weightOf = weightOfStacks(profile, threads, weight);
  const funcOf = funcOfStacks(profile);
  const { length } = profile.funcs;
  const prefixOf = profile.stacks.prefix.view();
  const callerOf = new Int32Array(funcOf.length).fill(NO_KEY);
  const calleeOf = new Int32Array(funcOf.length).fill(NO_KEY);
  const isChosen = new Int32Array(funcOf.length).fill(NO_KEY);
  let self = 0;
  for (const [row, func] of funcOf.entries()) {
    const prefix = prefixOf[row] ?? NO_STACK;
    const caller = prefix === NO_STACK ? undefined : (funcOf[prefix] as number);
    if (chosen.has(func)) {
      isChosen[row] = 0;
      // One more key stands for no caller.
      callerOf[row] = caller ?? length;
      self += weightOf[row] ?? 0;
    }
    if (caller !== undefined && chosen.has(caller)) calleeOf[row] = func;
  }
  const [total = 0] = totalsByKey(profile, isChosen, 1, weightOf);
  const callers = totalsByKey(profile, callerOf, length + 1, weightOf);
  const callees = totalsByKey(profile, calleeOf, length, weightOf);
  return { self, total, callers: heaviestFirst(callers, length), callees: heaviestFirst(callees) };
}

function heaviestFirst(weights: Float64Array, none?: number): Neighbour[] {
  return [...weights.entries()]
    .filter(([, weight]) => weight > 0)
    .map(([func, weight]) => ({ func: func === none ? undefined : func, weight }))
    .sort((a, b) => b.weight - a.weight || (a.func ?? -1) - (b.func ?? -1));
}
