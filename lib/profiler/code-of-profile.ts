import type { NativeFunctions } from '../generated/native.js';
import type { LibIndex } from '../profile/lib-table.js';
import type { Profile } from '../profile/profile.js';

/** Whether all functions that a profile saw of a module are among those of compiled code. */
export function hasFunctionsOf(
  { offset, length }: Pick<NativeFunctions, 'offset' | 'length'>,
  { nativeSymbols }: Profile,
  lib: LibIndex,
): boolean {
  const sizeAt = new Map(Array.from(offset, (at, row) => [at, length[row]]));
  for (let row = 0; row < nativeSymbols.length; row++) {
    if (nativeSymbols.lib.get(row) !== lib) continue;
    const size = sizeAt.get(nativeSymbols.address.get(row));
    if (size !== nativeSymbols.functionSize.get(row)) return false;
  }
  return true;
}
