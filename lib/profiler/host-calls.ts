/** Host calls: the names of those that were recorded as markers, and when the guest was in them. */

import type { NativeCode } from '../generated/native.js';
import { importName } from '../profile/import-name.js';
import { HOSTCALL_SCHEMA, NO_SCHEMA, SUSPENDED_SCHEMA } from '../profile/marker-schema.js';
import {
  type MarkerFields,
  type MarkerIndex,
  MarkerPhase,
  type MarkerTable,
} from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';
import type { StringIndex } from '../profile/string-table.js';
import type { Thread } from '../profile/thread.js';
import type { GuestCalls } from './guest-calls.js';
import type { Lane, Lanes } from './lanes.js';
import type { ListedCode } from './listed-code.js';
import { findRow } from './rows.js';
import type { StackInterner } from './stack-interner.js';

/**
 * Gives the markers of host calls, whose causes are still the interner's stacks, the names of the
 * imports that were called, `fd_write`, with the module as a field, in the category 'Host call'. What an
 * instruction has Wasmtime do is a host call too: `memory.grow` has the name of the instruction, and the category
 * 'Wasmtime'. A call keeps its name where neither can be told: from an indirect call, or of a module without its binary.
 */
export function nameHostCalls(
  profile: Profile,
  { markers }: Thread,
  interner: StackInterner,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): void {
  const nameOf = namesOfCalls(profile, stacksOf(markers), interner, modules, bases, warn);
  const schema = profile.markerSchemas.intern(HOSTCALL_SCHEMA);
  const hostCategory = () => profile.categories.intern('Host call', 'yellow');
  const wasmtimeCategory = () => profile.categories.intern('Wasmtime', 'lightred');
  const open: number[] = [];
  for (let row = 0; row < markers.length; row++) {
    if (markers.schema.get(row) !== schema) continue;
    const phase = markers.phase.get(row);
    if (phase !== MarkerPhase.IntervalEnd) {
      const call = nameOf(markers.cause.get(row));
      if (call !== undefined) {
        markers.name.set(row, call.markerName);
        if (call.fields !== undefined) markers.setFields(row, call.fields);
      }
      const isWasmtime = call !== undefined && !call.isImport;
      markers.category.set(row, isWasmtime ? wasmtimeCategory() : hostCategory());
      if (phase === MarkerPhase.IntervalStart) open.push(row);
    } else {
      // Readers pair starts with ends by name.
      const begun = open.pop();
      if (begun === undefined) continue;
      markers.name.set(row, markers.name.get(begun));
      markers.category.set(row, markers.category.get(begun));
    }
  }
}

function* stacksOf(markers: MarkerTable): Iterable<StackIndex> {
  for (const causes of markers.cause.segments()) yield* causes;
}

/** What a guest has called of the host. */
export interface CalledName {
  /** Of the import, with its module, or of the instruction. */
  readonly name: StringIndex;
  /** The same for a marker, whose module is a field. */
  readonly markerName: StringIndex;
  /** The fields of {@link HOSTCALL_SCHEMA}, one object for all calls; undefined of an instruction. */
  readonly fields: MarkerFields | undefined;
  readonly isImport: boolean;
}

/**
 * Tells, for each of `stacks`, what its innermost frame has called of the host; undefined where that can't be told:
 * from an indirect call, or of a module without its binary.
 */
export function namesOfCalls(
  profile: Profile,
  stacks: Iterable<StackIndex>,
  interner: StackInterner,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): (stack: StackIndex) => CalledName | undefined {
  const callSites = callSitesOf(stacks, interner, shimsOf(modules, warn), bases);
  const names = importNames(profile, callSites, modules, bases, warn);
  return (stack) => names.get(callSites.get(stack) as number);
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
  callers: Iterable<StackIndex>,
  { stacks, addresses }: StackInterner,
  shims: ReadonlySet<number>,
  bases: Uint32Array,
): Map<StackIndex, number> {
  const callSites = new Map<StackIndex, number>([[NO_STACK, 0]]);
  for (const caller of callers) {
    if (callSites.has(caller)) continue;
    let address = 0;
    for (let stack = caller; stack !== NO_STACK; stack = stacks.prefix.get(stack)) {
      address = addresses.address.get(stacks.frame.get(stack));
      if (!shims.has(findRow(bases, address - 1))) break;
    }
    callSites.set(caller, address);
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
): Map<number, CalledName> {
  const sorted = Uint32Array.from(new Set(callSites.values())).sort();
  const names = new Map<number, CalledName>();
  const fieldsOf = new Map<string, MarkerFields>();
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
      const name = profile.strings.intern(importName(imported.module, imported.name));
      const markerName = profile.strings.intern(imported.name);
      const key = `${imported.module}\n${imported.name}`;
      const fields = fieldsOf.get(key) ?? { module: imported.module, import: imported.name };
      fieldsOf.set(key, fields);
      names.set(own[i] as number, { name, markerName, fields, isImport: true });
    }
    const others = own.filter((_, i) => functions[called[i] as number] === undefined);
    const mnemonics = mnemonicsAt(
      code,
      others.map((address) => address - 1 - base),
    );
    for (const [i, mnemonic] of mnemonics.entries()) {
      if (mnemonic === undefined || mnemonic.startsWith('call')) continue;
      const name = profile.strings.intern(mnemonic);
      const call = { name, markerName: name, fields: undefined, isImport: false };
      names.set(others[i] as number, call);
    }
  }
  return names;
}

/** The instructions at ascending text offsets, such as `memory.grow`; undefined where none is known. */
function mnemonicsAt(code: NativeCode, offsets: Uint32Array): (string | undefined)[] {
  if (offsets.length === 0 || !code.hasBinary) return [];
  const places = code.wasmOffsets(offsets);
  const { offset, text } = code.disassemble(places);
  const lineAt = new Map(Array.from(offset, (place, line) => [place, text[line]]));
  return Array.from(places, (place) => lineAt.get(place)?.trim().split(' ')[0]);
}

/** Time in a host call: all of it, or a part between two cuts. */
export interface HostCall {
  readonly startMs: number;
  readonly endMs: number;
  /** The marker of the call. */
  readonly marker: MarkerIndex;
}

/**
 * The time that a thread spent in host calls, in order. What a host function calls back in the guest is the
 * guest's, and nobody's while the guest is suspended; both cut the call:
 *
 * ```
 * host calls   ├──────── call ────────┤
 * guest calls       ├─────────┤
 * result       ├────┤         ├───────┤
 * ```
 */
export function hostCallTimes(
  profile: Profile,
  thread: Thread,
  lanes: Lanes,
  guestCalls: GuestCalls,
): HostCall[] {
  const calls: HostCall[] = [];
  for (const intervals of intervalsByLane(profile, thread, lanes, guestCalls).values()) {
    const open: Interval[] = [];
    let cutMs = 0;
    const cut = (endMs: number): void => {
      const marker = open.at(-1)?.marker;
      if (marker !== undefined && endMs > cutMs) calls.push({ startMs: cutMs, endMs, marker });
      cutMs = endMs;
    };
    const close = (untilMs: number): void => {
      for (let last = open.at(-1); last && last.endMs <= untilMs; last = open.at(-1)) {
        cut(last.endMs);
        open.pop();
      }
    };
    for (const interval of intervals) {
      close(interval.startMs);
      cut(interval.startMs);
      open.push(interval);
    }
    close(Number.POSITIVE_INFINITY);
  }
  return calls.sort((a, b) => a.startMs - b.startMs);
}

/** A host call; without a marker a call back into the guest, or a suspension. */
interface Interval {
  readonly startMs: number;
  endMs: number;
  readonly marker: MarkerIndex | undefined;
}

/** In order of their starts. */
function intervalsByLane(
  profile: Profile,
  { markers, endMs = Number.POSITIVE_INFINITY }: Thread,
  lanes: Lanes,
  guestCalls: GuestCalls,
): Map<Lane, Interval[]> {
  const intervals = new Map<Lane, Interval[]>();
  /** Those that were begun and not ended yet. */
  const open = new Map<Lane, Interval[]>();
  const begin = (lane: Lane, interval: Interval): void => {
    push(intervals, lane, interval);
    push(open, lane, interval);
  };
  const end = (lane: Lane, timeMs: number): void => {
    const interval = open.get(lane)?.pop();
    if (interval !== undefined) interval.endMs = timeMs;
  };
  let next = 0;
  const guestCallsUntil = (row: MarkerIndex): void => {
    for (; next < guestCalls.length && guestCalls.row.get(next) <= row; next++) {
      const lane = guestCalls.lane.get(next);
      const timeMs = guestCalls.time.get(next);
      if (guestCalls.begins.get(next) === 0) end(lane, timeMs);
      else begin(lane, { startMs: timeMs, endMs, marker: undefined });
    }
  };
  for (let row = 0; row < markers.length; row++) {
    guestCallsUntil(row);
    const lane = lanes.laneOf(row);
    const phase = markers.phase.get(row);
    const startMs = markers.startTime.get(row);
    if (phase === MarkerPhase.IntervalEnd) end(lane, markers.endTime.get(row));
    else if (phase === MarkerPhase.IntervalStart) {
      const marker = schemaOf(profile, markers, row) === SUSPENDED_SCHEMA ? undefined : row;
      if (marker === undefined) push(intervals, lane, { startMs, endMs, marker });
      else begin(lane, { startMs, endMs, marker });
    } else if (phase === MarkerPhase.Interval) {
      // Whole intervals are users' too.
      const schema = schemaOf(profile, markers, row);
      if (schema !== SUSPENDED_SCHEMA && schema !== HOSTCALL_SCHEMA) continue;
      const marker = schema === SUSPENDED_SCHEMA ? undefined : row;
      push(intervals, lane, { startMs, endMs: markers.endTime.get(row), marker });
    }
  }
  guestCallsUntil(markers.length);
  return intervals;
}

function schemaOf(profile: Profile, markers: MarkerTable, row: MarkerIndex) {
  const index = markers.schema.get(row);
  return index === NO_SCHEMA ? undefined : profile.markerSchemas.get(index);
}

function push(map: Map<Lane, Interval[]>, lane: Lane, interval: Interval): void {
  const list = map.get(lane);
  if (list === undefined) map.set(lane, [interval]);
  else list.push(interval);
}
