import { importName } from './import-name.js';
import { HOSTCALL_SCHEMA } from './marker-schema.js';
import { type MarkerIndex, MarkerPhase } from './marker-table.js';
import type { Profile } from './profile.js';
import type { Thread } from './thread.js';

/** All calls of one host function. */
export interface HostCalls {
  readonly name: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

/** What a host call's marker is of: the import's whole name, where it has that. */
export function hostCallName(
  { strings }: Profile,
  { markers }: Thread,
  marker: MarkerIndex,
): string {
  const { module, import: name } = markers.fields(marker) ?? {};
  const isImport = typeof module === 'string' && typeof name === 'string';
  return isImport ? importName(module, name) : strings.get(markers.name.get(marker));
}

/** A thread's host calls by name, those first that took longest in all. An open one counts to the end. */
export function hostCallsOf(profile: Profile, thread: Thread): HostCalls[] {
  const sums = new Map<string, { calls: number; totalMs: number; longestMs: number }>();
  const open = new Map<string, number[]>();
  const { markers } = thread;
  const add = (name: string, ms: number): void => {
    const sum = sums.get(name) ?? { calls: 0, totalMs: 0, longestMs: 0 };
    sum.calls++;
    sum.totalMs += ms;
    sum.longestMs = Math.max(sum.longestMs, ms);
    sums.set(name, sum);
  };
  // A profile that was read has schemas of its own.
  const schemas = [...profile.markerSchemas].map(({ name }) => name === HOSTCALL_SCHEMA.name);
  for (let row = 0; row < markers.length; row++) {
    if (!schemas[markers.schema.get(row)]) continue;
    const name = hostCallName(profile, thread, row);
    const start = markers.startTime.get(row);
    switch (markers.phase.get(row)) {
      case MarkerPhase.Interval:
        add(name, markers.endTime.get(row) - start);
        break;
      case MarkerPhase.IntervalStart:
        if (!open.get(name)?.push(start)) open.set(name, [start]);
        break;
      case MarkerPhase.IntervalEnd: {
        // Calls nest, also those of one name.
        const begun = open.get(name)?.pop();
        if (begun !== undefined) add(name, markers.endTime.get(row) - begun);
        break;
      }
      default:
    }
  }
  const endMs = thread.endMs ?? 0;
  for (const [name, starts] of open)
    for (const start of starts) add(name, Math.max(0, endMs - start));
  return [...sums]
    .map(([name, sum]) => ({ name, ...sum }))
    .sort((a, b) => b.totalMs - a.totalMs || b.calls - a.calls);
}
