/** Names for host calls, and host time as samples. */

import type { NativeImportName } from '../generated/native.js';
import { MarkerPhase, type MarkerTable } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import { SampleTable } from '../profile/sample-table.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';
import type { StringIndex } from '../profile/string-table.js';
import type { Thread } from '../profile/thread.js';
import type { ListedCode } from './listed-code.js';
import { findRow } from './rows.js';
import type { StackInterner } from './stack-interner.js';

/**
 * Gives the markers of host calls, whose causes are still the interner's stacks, the names of the
 * imports that were called: `wasi_snapshot_preview1.fd_write`, or in WIT's way `wasi:cli/exit@0.2.0#exit`. A
 * call keeps its name where the import can't be told: from an indirect call, or of a module without its binary.
 */
export function nameHostCalls(
  profile: Profile,
  { markers }: Thread,
  interner: StackInterner,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): void {
  const shims = shimsOf(modules, warn);
  const callSites = callSitesOf(markers, interner, shims, bases);
  const nameOf = importNames(profile, callSites, modules, bases, warn);
  const open: number[] = [];
  for (let row = 0; row < markers.length; row++) {
    const phase = markers.phase.get(row);
    if (phase === MarkerPhase.IntervalStart) {
      const name = nameOf.get(callSites.get(markers.cause.get(row)) as number);
      if (name !== undefined) markers.name.set(row, name);
      open.push(row);
    } else if (phase === MarkerPhase.IntervalEnd) {
      // Readers pair starts with ends by name.
      const begun = open.pop();
      if (begun !== undefined) markers.name.set(row, markers.name.get(begun));
    }
  }
}

/**
 * Names of the module that wit-component puts between modules and what they import, no one's own code: its own,
 * and that which its component has for it where it was made without names.
 */
const SHIMS: readonly (string | null)[] = ['wit-component:shim', 'wit-component-shim-module'];

/** Rows of the shims among the modules, which have names in their components' binaries. */
function shimsOf(
  modules: readonly ListedCode[],
  warn: (warning: string) => void,
): ReadonlySet<number> {
  const shims = new Set<number>();
  for (const [row, listed] of modules.entries()) {
    const { number, name } = listed.code.number === null ? listed.code : listed.whole(warn);
    if (number !== null && SHIMS.includes(name)) shims.add(row);
  }
  return shims;
}

/**
 * For each stack that called the host, the return address of its call: the innermost, but in a component the
 * innermost outside of the shim, which calls on by a table; 0, which is none, without a stack.
 */
function callSitesOf(
  markers: MarkerTable,
  { stacks, addresses }: StackInterner,
  shims: ReadonlySet<number>,
  bases: Uint32Array,
): Map<StackIndex, number> {
  const callSites = new Map<StackIndex, number>([[NO_STACK, 0]]);
  for (const causes of markers.cause.segments()) {
    for (const cause of causes) {
      if (callSites.has(cause)) continue;
      let address = 0;
      for (let stack = cause; stack !== NO_STACK; stack = stacks.prefix.get(stack)) {
        address = addresses.address.get(stacks.frame.get(stack));
        if (!shims.has(findRow(bases, address - 1))) break;
      }
      callSites.set(cause, address);
    }
  }
  return callSites;
}

/** The imports that are called at the call sites, by their addresses. */
function importNames(
  profile: Profile,
  callSites: ReadonlyMap<StackIndex, number>,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): Map<number, StringIndex> {
  const sorted = Uint32Array.from(new Set(callSites.values())).sort();
  const names = new Map<number, StringIndex>();
  for (const [row, listed] of modules.entries()) {
    const base = bases[row] as number;
    const own = sorted.filter((address) => address > 0 && findRow(bases, address - 1) === row);
    if (own.length === 0) continue;
    const code = listed.whole(warn);
    const functions = code.importedFunctions();
    // A return address less one is in the call itself.
    const called = code.importsCalled(own.map((address) => address - 1 - base));
    for (const [i, index] of called.entries()) {
      const imported = functions[index];
      if (imported === undefined) continue;
      names.set(own[i] as number, profile.strings.intern(importName(imported)));
    }
  }
  return names;
}

function importName({ module, name }: NativeImportName): string {
  // What a component's world imports by itself, and what it imports from an interface.
  if (module === '$root') return name;
  return `${module}${module.includes(':') ? '#' : '.'}${name}`;
}

/** A host call: which stack called, from when to when. */
interface Call {
  readonly startMs: number;
  endMs: number;
  readonly stack: StackIndex;
}

/**
 * The samples of a thread, and one more for each tick that fell into a host call: the stack that
 * called, and the import on top of it. Markers have the profile's stacks by now.
 *
 * A tick in a host call is noticed when the guest is back, as a sample of the guest:
 *
 * ```
 * ticks     |     |     |     |     |         before: a a     b   b
 * guest     aaaaaaa             bbbbbb        after:  a h h h h   b
 * host             hhhhhhhhhhhhh              the first sample back becomes the last of the host
 * ```
 */
export function withHostTime(profile: Profile, thread: Thread): SampleTable {
  const { samples, markers } = thread;
  const calls = hostCalls(profile, markers, thread.endMs ?? Number.POSITIVE_INFINITY);
  const filled = new SampleTable();
  const { intervalMs } = profile;
  let next = 0;
  let last = thread.startMs;
  /** The call at that time; times are asked for in order. */
  const callAt = (timeMs: number): Call | undefined => {
    while ((calls[next]?.endMs ?? Number.POSITIVE_INFINITY) <= timeMs) next++;
    const call = calls[next];
    return call !== undefined && call.startMs <= timeMs ? call : undefined;
  };
  const fill = (untilMs: number, real: StackIndex, cpuDeltaMs: number): void => {
    const hosts: { timeMs: number; stack: StackIndex }[] = [];
    let lastTick: Call | undefined;
    const ticks = Math.floor((untilMs - last) / intervalMs + 1e-6);
    for (let tick = 1; tick <= ticks; tick++) {
      const timeMs = last + tick * intervalMs;
      lastTick = callAt(timeMs);
      if (lastTick !== undefined) hosts.push({ timeMs, stack: lastTick.stack });
    }
    // The last tick is the sample itself: seen late, or in the guest that the host called back.
    if (lastTick !== undefined) hosts.pop();
    const isLate = lastTick !== undefined && callAt(untilMs) !== lastTick;
    const share = cpuDeltaMs / (hosts.length + 1);
    for (const { timeMs, stack } of hosts) filled.push(stack, timeMs, share);
    filled.push(isLate ? (lastTick as Call).stack : real, untilMs, share);
    last = untilMs;
  };
  for (let row = 0; row < samples.length; row++) {
    fill(samples.time.get(row), samples.stack.get(row), samples.cpuDelta.get(row));
  }
  // What the guest never came back to be seen from.
  const endMs = thread.endMs ?? last;
  for (let timeMs = last + intervalMs; timeMs <= endMs; timeMs += intervalMs) {
    const call = callAt(timeMs);
    if (call !== undefined) filled.push(call.stack, timeMs, 0);
  }
  return filled;
}

/** Calls in order of their ends; of calls within calls, an outer one is cut into what lies between. */
function hostCalls(profile: Profile, markers: MarkerTable, endMs: number): Call[] {
  const calls: Call[] = [];
  const open: Call[] = [];
  const begin = (startMs: number, stack: StackIndex): void => {
    const call = { startMs, endMs, stack };
    calls.push(call);
    open.push(call);
  };
  for (let row = 0; row < markers.length; row++) {
    const phase = markers.phase.get(row);
    if (phase === MarkerPhase.IntervalStart) {
      const startMs = markers.startTime.get(row);
      const outer = open.at(-1);
      if (outer !== undefined) outer.endMs = startMs;
      begin(startMs, hostStack(profile, markers, row));
    } else if (phase === MarkerPhase.IntervalEnd) {
      const call = open.pop();
      const end = markers.endTime.get(row);
      if (call !== undefined) call.endMs = end;
      const outer = open.pop();
      // Back in the outer call: the guest's own time in between is sampled as any other.
      if (outer !== undefined) begin(end, outer.stack);
    }
  }
  return calls;
}

/** The stack that called, with a frame for the import: no address and no module, since it is the host's. */
function hostStack(profile: Profile, markers: MarkerTable, row: number): StackIndex {
  const func = profile.funcs.intern({ name: markers.name.get(row) });
  const category = profile.categories.intern('Host', 'yellow');
  return profile.stacks.intern(markers.cause.get(row), profile.frames.intern({ func, category }));
}
