/** Host calls: the names of those that were recorded as markers, and when the guest was in them. */

import type { NativeModule } from '../generated/native.js';
import { HOSTCALL_SCHEMA, NO_SCHEMA, SUSPENDED_SCHEMA } from '../profile/marker-schema.js';
import { type MarkerIndex, MarkerPhase, type MarkerTable } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';
import type { StringIndex } from '../profile/string-table.js';
import type { Thread } from '../profile/thread.js';
import type { GuestCalls } from './guest-calls.js';
import type { Lane, Lanes } from './lanes.js';
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
  const schema = profile.markerSchemas.intern(HOSTCALL_SCHEMA);
  const open: number[] = [];
  for (let row = 0; row < markers.length; row++) {
    if (markers.schema.get(row) !== schema) continue;
    const phase = markers.phase.get(row);
    if (phase !== MarkerPhase.IntervalEnd) {
      const name = nameOf.get(leafOf(interner, markers.cause.get(row)));
      if (name !== undefined) markers.name.set(row, name);
      if (phase === MarkerPhase.IntervalStart) open.push(row);
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
  if (offsets.length === 0 || !module.hasBinary) return [];
  const places = module.wasmOffsets(offsets);
  const { offset, text } = module.disassemble(places);
  const lineAt = new Map(Array.from(offset, (place, line) => [place, text[line]]));
  return Array.from(places, (place) => lineAt.get(place)?.trim().split(' ')[0]);
}

/** The innermost return address of a recorded stack; 0, which is none, without a stack. */
function leafOf({ stacks, addresses }: StackInterner, stack: StackIndex): number {
  return stack === NO_STACK ? 0 : addresses.address.get(stacks.frame.get(stack));
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
