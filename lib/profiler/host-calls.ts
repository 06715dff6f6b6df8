/** Host calls: the names of those that were recorded as markers, and when the guest was in them. */

import type { NativeModule } from '../generated/native.js';
import { type MarkerIndex, MarkerPhase, type MarkerTable } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';
import type { StringIndex } from '../profile/string-table.js';
import type { Thread } from '../profile/thread.js';
import type { GuestCalls } from './guest-calls.js';
import { type NamedModule, nativeModuleOf } from './named-module.js';
import { findRow } from './rows.js';
import type { StackInterner } from './stack-interner.js';

/**
 * Gives the markers of host calls, whose causes are still the interner's stacks, the names of the
 * imports that were called: `wasi_snapshot_preview1.fd_write`. What an instruction has Wasmtime do is a host call
 * too: `memory.grow` has the name of the instruction. A call keeps its name where neither can be told: from an
 * indirect call, or of a module without its binary.
 */
export function nameHostCalls(
  profile: Profile,
  { markers }: Thread,
  interner: StackInterner,
  modules: readonly NamedModule[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): void {
  const nameOf = importNames(profile, markers, interner, modules, bases, warn);
  const open: number[] = [];
  for (let row = 0; row < markers.length; row++) {
    const phase = markers.phase.get(row);
    if (phase === MarkerPhase.IntervalStart) {
      const name = nameOf.get(leafOf(interner, markers.cause.get(row)));
      if (name !== undefined) markers.name.set(row, name);
      open.push(row);
    } else if (phase === MarkerPhase.IntervalEnd) {
      // Readers pair starts with ends by name.
      const begun = open.pop();
      if (begun !== undefined) markers.name.set(row, markers.name.get(begun));
    }
  }
}

/** The imports that the innermost frames of host calls called, by the address they called from. */
function importNames(
  profile: Profile,
  markers: MarkerTable,
  interner: StackInterner,
  modules: readonly NamedModule[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): Map<number, StringIndex> {
  const addresses = new Set<number>();
  for (const causes of markers.cause.segments()) {
    for (const cause of causes) if (cause !== NO_STACK) addresses.add(leafOf(interner, cause));
  }
  const sorted = Uint32Array.from(addresses).sort();
  const names = new Map<number, StringIndex>();
  for (const [row, named] of modules.entries()) {
    const [name, module] = named;
    const base = bases[row] as number;
    const own = sorted.filter((address) => findRow(bases, address - 1) === row);
    if (own.length === 0) continue;
    const functions = module.imports.filter(({ type }) => type.kind === 'func');
    // A return address less one is in the call itself.
    const nativeModule = nativeModuleOf(named, (warning) => warn(`${name}: ${warning}`));
    const called = nativeModule.importsCalled(own.map((address) => address - 1 - base));
    for (const [i, index] of called.entries()) {
      const type = functions[index];
      if (type === undefined) continue;
      names.set(own[i] as number, profile.strings.intern(`${type.module}.${type.name}`));
    }
    const others = own.filter((_, i) => functions[called[i] as number] === undefined);
    const mnemonics = mnemonicsAt(
      nativeModule,
      others.map((address) => address - 1 - base),
    );
    for (const [i, mnemonic] of mnemonics.entries()) {
      if (mnemonic === undefined || mnemonic.startsWith('call')) continue;
      names.set(others[i] as number, profile.strings.intern(mnemonic));
    }
  }
  return names;
}

/** The instructions at ascending text offsets, such as `memory.grow`; undefined where none is known. */
function mnemonicsAt(module: NativeModule, offsets: Uint32Array): (string | undefined)[] {
  if (offsets.length === 0) return [];
  const places = module.wasmOffsets(offsets);
  const { offset, text } = module.disassemble(places);
  const lineAt = new Map(Array.from(offset, (place, line) => [place, text[line]]));
  return Array.from(places, (place) => lineAt.get(place)?.trim().split(' ')[0]);
}

/** The innermost return address of a recorded stack; 0, which is none, without a stack. */
function leafOf({ stacks, addresses }: StackInterner, stack: StackIndex): number {
  return stack === NO_STACK ? 0 : addresses.address.get(stacks.frame.get(stack));
}

/** Time in a host call: from the call, or from what it called back in the guest, to the next such moment. */
export interface HostCall {
  readonly startMs: number;
  endMs: number;
  /** The marker of the call. */
  readonly marker: MarkerIndex;
}

/**
 * The time that a thread spent in host calls, in order. What a host function calls back in the guest is the
 * guest's, and cuts the call in two:
 *
 * ```
 * host calls   ├──────── call ────────┤
 * guest calls       ├─────────┤
 * result       ├────┤         ├───────┤
 * ```
 */
export function hostCallTimes({ markers, endMs }: Thread, guestCalls: GuestCalls): HostCall[] {
  const calls: HostCall[] = [];
  /** The calls that the thread is in; undefined for one back into the guest. */
  const open: (HostCall | undefined)[] = [];
  const begin = (startMs: number, marker: MarkerIndex): void => {
    const call = { startMs, endMs: endMs ?? Number.POSITIVE_INFINITY, marker };
    calls.push(call);
    open.push(call);
  };
  let next = 0;
  const guestCallsUntil = (row: MarkerIndex): void => {
    for (; next < guestCalls.length && guestCalls.row.get(next) <= row; next++) {
      const timeMs = guestCalls.time.get(next);
      if (guestCalls.begins.get(next) === 1) {
        const host = open.at(-1);
        if (host !== undefined) host.endMs = timeMs;
        open.push(undefined);
      } else if (open.length > 0 && open.pop() === undefined) {
        const host = open.pop();
        if (host !== undefined) begin(timeMs, host.marker);
      }
    }
  };
  for (let row = 0; row < markers.length; row++) {
    guestCallsUntil(row);
    const phase = markers.phase.get(row);
    if (phase === MarkerPhase.IntervalStart) begin(markers.startTime.get(row), row);
    else if (phase === MarkerPhase.IntervalEnd) {
      const call = open.pop();
      if (call !== undefined) call.endMs = markers.endTime.get(row);
    }
  }
  guestCallsUntil(markers.length);
  return calls;
}
