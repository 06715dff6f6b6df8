import type { FuncIndex } from './func-table.js';
import { NO_NATIVE_SYMBOL, UNKNOWN_SIZE } from './native-symbol-table.js';
import type { Profile } from './profile.js';

/** Compiled code of a function, as a profile knows it: its size, and the places in it that samples saw. */
interface Body {
  readonly size: number;
  readonly offsets: Set<number>;
}

/** Code so small that equal sizes tell nothing, if not several places are the same too. */
const SMALL = 64;
/** Functions of one size, before and after: with more of them, it takes long and tells little. */
const MOST_OF_ONE_SIZE = 100;
/** Of the places that samples saw in the one that they saw less of. */
const LEAST_SHARED = 0.5;

/**
 * Pairs functions whose code is the same, whatever they are called: by its size, and by the places of calls and
 * loops in it. Each function is paired once, those that share most places first.
 */
export function pairBodies(
  before: Profile,
  oldFuncs: readonly FuncIndex[],
  after: Profile,
  newFuncs: readonly FuncIndex[],
): [FuncIndex, FuncIndex][] {
  const bySize = new Map<number, [FuncIndex, Body][]>();
  for (const [func, body] of bodiesOf(after, newFuncs)) {
    const alike = bySize.get(body.size) ?? [];
    bySize.set(body.size, alike);
    alike.push([func, body]);
  }
  const candidates: { pair: [FuncIndex, FuncIndex]; shared: number }[] = [];
  for (const [old, body] of bodiesOf(before, oldFuncs)) {
    const alike = bySize.get(body.size) ?? [];
    if (alike.length > MOST_OF_ONE_SIZE) continue;
    for (const [recent, other] of alike) {
      const shared = [...body.offsets].filter((offset) => other.offsets.has(offset)).length;
      const fewest = Math.min(body.offsets.size, other.offsets.size);
      if (shared < Math.max(LEAST_SHARED * fewest, body.size < SMALL ? 2 : 1)) continue;
      candidates.push({ pair: [old, recent], shared });
    }
  }
  candidates.sort((a, b) => b.shared - a.shared);
  const taken = { before: new Set<FuncIndex>(), after: new Set<FuncIndex>() };
  return candidates
    .map(({ pair }) => pair)
    .filter(([old, recent]) => {
      if (taken.before.has(old) || taken.after.has(recent)) return false;
      taken.before.add(old);
      taken.after.add(recent);
      return true;
    });
}

/** Those of functions that have code of their own, whose size is known. */
function bodiesOf(profile: Profile, funcs: readonly FuncIndex[]): Map<FuncIndex, Body> {
  const { frames, nativeSymbols } = profile;
  const wanted = new Set(funcs);
  const bodies = new Map<FuncIndex, Body>();
  for (let frame = 0; frame < frames.length; frame++) {
    const func = frames.func.get(frame);
    const symbol = frames.nativeSymbol.get(frame);
    if (!wanted.has(func) || symbol === NO_NATIVE_SYMBOL || frames.inlineDepth.get(frame) > 0) {
      continue;
    }
    const size = nativeSymbols.functionSize.get(symbol);
    if (size === UNKNOWN_SIZE) continue;
    const body = bodies.get(func) ?? { size, offsets: new Set<number>() };
    bodies.set(func, body);
    body.offsets.add(frames.address.get(frame) - nativeSymbols.address.get(symbol));
  }
  return bodies;
}
