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
  bases: Uint32Array,
): Int32Array {
  const frameOf = addFrames(profile, recorded.addresses, modules, bases);
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

/** `bases` are the addresses of the modules' text sections, ascending. */
function addFrames(
  profile: Profile,
  addresses: AddressTable,
  modules: readonly NamedModule[],
  bases: Uint32Array,
): Int32Array {
  const byModule = modules.map((): number[] => []);
  for (let row = 0; row < addresses.length; row++) {
    byModule[findRow(bases, callSite(addresses, row))]?.push(row);
  }
  const frameOf = new Int32Array(addresses.length);
  for (const [index, [name, module]] of modules.entries()) {
    const sampled = byModule[index] as number[];
    const base = bases[index] as number;
    const offsets = sampled.map((row) => callSite(addresses, row) - base);
    const frames = moduleFrames(profile, name, module, offsets);
    for (const [i, row] of sampled.entries()) frameOf[row] = frames[i] as number;
  }
  return frameOf;
}

/** A return address is the one after the call, which may be the next function's first. */
function callSite(addresses: AddressTable, row: number): number {
  return addresses.address.get(row) - 1;
}

/** Adds a module and the frames of its sampled text offsets; returns one frame for each of them. */
function moduleFrames(
  profile: Profile,
  name: string,
  module: Module,
  sampled: readonly number[],
): FrameIndex[] {
  const lib = profile.libs.add({ name });
  if (sampled.length === 0) return [];
  const resource = profile.resources.addLibrary(profile.strings.intern(name));
  const nativeModule = Module.native('module', module);
  const { offset, length, index } = nativeModule.functions();

  const rows = sampled.map((address) => findRow(offset, address));
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
    return profile.frames.intern({ ...frame, address });
  });
}

/** The last row of ascending `offsets` that is not beyond `offset`: of equals, the last. */
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
