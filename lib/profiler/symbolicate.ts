import type { FrameIndex } from '../profile/frame-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { AddressTable } from './address-table.js';
import type { ListedCode } from './listed-code.js';
import { moduleFrames, type Symbolication } from './module-frames.js';
import { findRow } from './rows.js';
import type { StackInterner } from './stack-interner.js';

/**
 * Gives the recorded addresses their functions, names and lines, and the recorded stacks their frames:
 * several for an address in inlined code, none for one that is left out. Returns the profile's stack for each recorded
 * one.
 */
export function symbolicate(
  profile: Profile,
  recorded: StackInterner,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  how: Symbolication,
  isLeftOut?: Uint8Array,
): Int32Array {
  const framesOf = addFrames(profile, recorded.addresses, modules, bases, how);
  const { frame, prefix, length } = recorded.stacks;
  const stackOf = new Int32Array(length);
  // Callers have lower rows than those they call, so a row's prefix is known by then.
  for (let row = 0; row < length; row++) {
    const caller = prefix.get(row);
    let stack = caller === NO_STACK ? NO_STACK : (stackOf[caller] as number);
    const address = frame.get(row);
    const frames = isLeftOut?.[address] ? [] : framesOf[address];
    for (const own of frames as readonly FrameIndex[]) {
      stack = profile.stacks.intern(stack, own);
    }
    stackOf[row] = stack;
  }
  return stackOf;
}

/** Each address's frames, outermost first. `bases` are the modules' text sections' addresses, ascending. */
function addFrames(
  profile: Profile,
  addresses: AddressTable,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  how: Symbolication,
): (readonly FrameIndex[])[] {
  const byModule = modules.map((): number[] => []);
  for (let row = 0; row < addresses.length; row++) {
    byModule[findRow(bases, callSite(addresses, row))]?.push(row);
  }
  const framesOf = new Array<readonly FrameIndex[]>(addresses.length);
  for (const [index, module] of modules.entries()) {
    const sampled = byModule[index] as number[];
    sampled.sort((a, b) => callSite(addresses, a) - callSite(addresses, b));
    const base = bases[index] as number;
    const offsets = Uint32Array.from(sampled, (row) => callSite(addresses, row) - base);
    const frames = moduleFrames(profile, module, offsets, how);
    for (const [i, row] of sampled.entries()) framesOf[row] = frames[i] as FrameIndex[];
  }
  return framesOf;
}

/** A return address is the one after the call, which may be the next function's first. */
function callSite(addresses: AddressTable, row: number): number {
  return addresses.address.get(row) - 1;
}
