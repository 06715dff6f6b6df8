import { NO_STACK } from '../profile/stack-table.js';
import type { ListedCode } from './listed-code.js';
import { findRow } from './rows.js';
import type { StackInterner } from './stack-interner.js';

/** What a frame is to a goroutine's stack. */
enum Role {
  Other,
  /** Go's loop, which calls what a goroutine is to go on with. */
  Loop,
  /** A function that Go's instructions call: by the loop only if its own caller is gone. */
  Called,
}

/** Samples of goroutines that went on. */
export interface Resumed {
  /** Those whose stacks begin there. */
  readonly cut: number;
  /** Those with the callers, which were read from the goroutine's own stack. */
  readonly joined: number;
}

/**
 * How many samples, of recorded stacks, are of goroutines that went on. `isJoined` tells which addresses are callers
 * that were joined, if any are.
 *
 * Go on WebAssembly has the calls of a goroutine in the stack only until it waits for the first time. It goes on by a
 * loop that calls the innermost function again; those around it come when that returns:
 *
 * ```text
 * before   _rt0_wasm_wasip1 → wasm_pc_f_loop → main.main.func1 → main.deep → main.deep
 * after    _rt0_wasm_wasip1 → wasm_pc_f_loop → main.deep
 * ```
 */
export function countResumed(
  samples: { segments(): Iterable<Int32Array> },
  recorded: StackInterner,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
  isJoined: Uint8Array | undefined,
): Resumed {
  const { frame, prefix, length } = recorded.stacks;
  const roles = rolesOf(recorded, modules, bases, warn);
  if (roles === undefined) return { cut: 0, joined: 0 };
  const isCut = new Uint8Array(length);
  const hasJoined = new Uint8Array(length);
  const roleOf = (stack: number) => roles[frame.get(stack)];
  // Callers have lower rows than those they call.
  for (let row = 0; row < length; row++) {
    const caller = prefix.get(row);
    if (caller === NO_STACK) continue;
    const joined = isJoined?.[frame.get(row)] ?? 0;
    const begins = roleOf(caller) === Role.Loop && roleOf(row) === Role.Called && !joined;
    isCut[row] = begins ? 1 : (isCut[caller] as number);
    hasJoined[row] = joined || (hasJoined[caller] as number);
  }
  let [cut, joined] = [0, 0];
  for (const stacks of samples.segments()) {
    for (const stack of stacks) {
      cut += isCut[stack] ?? 0;
      joined += hasJoined[stack] ?? 0;
    }
  }
  return { cut, joined };
}

/** The same, where the callers that were joined are left out. */
export function withoutJoined({ cut, joined }: Resumed): Resumed {
  return { cut: cut + joined, joined: 0 };
}

/** By address; undefined without a module of Go's. */
function rolesOf(
  { addresses }: StackInterner,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): Uint8Array | undefined {
  const byModule = modules.map((): number[] => []);
  // A return address is the one after the call.
  const siteOf = (row: number) => addresses.address.get(row) - 1;
  for (let row = 0; row < addresses.length; row++) {
    byModule[findRow(bases, siteOf(row))]?.push(row);
  }
  let roles: Uint8Array | undefined;
  for (const [i, module] of modules.entries()) {
    const rows = byModule[i] as number[];
    if (rows.length === 0) continue;
    const code = module.whole(warn);
    const resumption = code.resumption();
    if (resumption === null) continue;
    const { offset, index } = code.functions();
    const [loops, called] = [new Set(resumption.loops), new Set(resumption.called)];
    roles ??= new Uint8Array(addresses.length);
    for (const row of rows) {
      const func = index[findRow(offset, siteOf(row) - (bases[i] as number))] as number;
      if (loops.has(func)) roles[row] = Role.Loop;
      else if (called.has(func)) roles[row] = Role.Called;
    }
  }
  return roles;
}
