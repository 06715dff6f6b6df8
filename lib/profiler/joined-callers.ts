import type { NativeJoinedCallers } from '../generated/native.js';
import type { AddressTable } from './address-table.js';
import type { ListedCode } from './listed-code.js';
import { findRow } from './rows.js';

/** The address of the first caller that was joined, as in the addon's `goroutines`; the next one's is one less. */
const FIRST_CALLER = 0xffff_ffff;

/**
 * Gives callers that were read from goroutines' stacks the addresses that they would have had on the thread's. Returns
 * which rows they are; undefined without any.
 */
export function placeJoinedCallers(
  addresses: AddressTable,
  joined: NativeJoinedCallers,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): Uint8Array | undefined {
  const count = joined.func.length;
  if (count === 0) return undefined;
  const byModule = modules.map((): number[] => []);
  for (let caller = 0; caller < count; caller++) {
    byModule[findRow(bases, (joined.goesOnAt[caller] as number) - 1)]?.push(caller);
  }
  const placeOf = new Uint32Array(count);
  for (const [i, module] of modules.entries()) {
    const callers = byModule[i] as number[];
    if (callers.length === 0) continue;
    const code = module.whole(warn);
    const funcs = Uint32Array.from(callers, (caller) => joined.func[caller] as number);
    const blocks = Uint32Array.from(callers, (caller) => joined.block[caller] as number);
    const calls = code.callsBefore(funcs, blocks);
    const { offset, index } = code.functions();
    const rowOf = new Map(Array.from(index, (func, row) => [func, row]));
    const imported = code.importedFunctions().length;
    for (const [at, caller] of callers.entries()) {
      // Where the call isn't known, the function is.
      const row = rowOf.get(imported + (funcs[at] as number)) ?? 0;
      const call = calls[at] as number;
      const place = call >= 0 ? call : (offset[row] as number);
      // As a return address: the byte before it is the call's.
      placeOf[caller] = (bases[i] as number) + place + 1;
    }
  }
  const isJoined = new Uint8Array(addresses.length);
  for (let row = 0; row < addresses.length; row++) {
    const caller = FIRST_CALLER - addresses.address.get(row);
    if (caller >= count) continue;
    addresses.address.set(row, placeOf[caller] as number);
    isJoined[row] = 1;
  }
  return isJoined;
}
