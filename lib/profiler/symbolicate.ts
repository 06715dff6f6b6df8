import type { Frame, FrameIndex } from '../profile/frame-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_STACK } from '../profile/stack-table.js';
import { Module } from '../runtime/module.js';
import type { AddressTable } from './address-table.js';
import type { StackInterner } from './stack-interner.js';

/** A module that may appear in a profile, under the name that it has there. */
export type NamedModule = readonly [name: string, module: Module];

/**
 * Gives the recorded addresses their functions and names, and the recorded stacks their frames. Returns
 * the profile's stack for each recorded one.
 */
export function symbolicate(
  profile: Profile,
  recorded: StackInterner,
  modules: readonly NamedModule[],
): Int32Array {
  const frameOf = addFrames(profile, recorded.addresses, modules);
  const { frame, prefix, length } = recorded.stacks;
  const stackOf = new Int32Array(length);
  // Callers have lower rows than those they call, so a row's prefix is known by then.
  for (let row = 0; row < length; row++) {
    const caller = prefix.get(row);
    const callerStack = caller === NO_STACK ? NO_STACK : (stackOf[caller] as number);
    stackOf[row] = profile.stacks.intern(callerStack, frameOf[frame.get(row)] as number);
  }
  return stackOf;
}

function addFrames(
  profile: Profile,
  addresses: AddressTable,
  modules: readonly NamedModule[],
): Int32Array {
  const byModule = modules.map((): number[] => []);
  for (let address = 0; address < addresses.length; address++) {
    byModule[addresses.module.get(address)]?.push(address);
  }
  const frameOf = new Int32Array(addresses.length);
  for (const [index, [name, module]] of modules.entries()) {
    const sampled = byModule[index] as number[];
    const frames = moduleFrames(profile, name, module, addresses, sampled);
    for (const [i, address] of sampled.entries()) frameOf[address] = frames[i] as number;
  }
  return frameOf;
}

/** Adds a module and the frames of its sampled addresses; returns one frame for each of them. */
function moduleFrames(
  profile: Profile,
  name: string,
  module: Module,
  addresses: AddressTable,
  sampled: readonly number[],
): FrameIndex[] {
  const lib = profile.libs.add({ name });
  if (sampled.length === 0) return [];
  const resource = profile.resources.addLibrary(profile.strings.intern(name));
  const nativeModule = Module.native('module', module);
  const { offset, length, index } = nativeModule.functions();

  const rows = sampled.map((address) => findRow(offset, addresses.offset.get(address) - 1));
  const sampledRows = [...new Set(rows)];
  const indices = sampledRows.map((row) => index[row] as number);
  const names = nativeModule.functionNames(Uint32Array.from(indices));

  const frameOfRow = new Map<number, Omit<Frame, 'address'>>();
  for (const [i, row] of sampledRows.entries()) {
    const funcName = profile.strings.intern(names[i] ?? `wasm-function[${indices[i]}]`);
    frameOfRow.set(row, {
      lib,
      // Not interned: functions of the same name stay apart.
      func: profile.funcs.add({ name: funcName, resource }),
      nativeSymbol: profile.nativeSymbols.intern(
        lib,
        offset[row] as number,
        funcName,
        length[row] as number,
      ),
    });
  }
  return sampled.map((address, i) => {
    const frame = frameOfRow.get(rows[i] as number) as Omit<Frame, 'address'>;
    // A return address is the one after the call; readers want one within it.
    return profile.frames.intern({ ...frame, address: addresses.offset.get(address) - 1 });
  });
}

/** The last row of ascending `offsets` that is not beyond `offset`. */
function findRow(offsets: Uint32Array, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return low;
}
