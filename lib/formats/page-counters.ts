/** The tracks of a page: counters, and how much of the time the host had. */

import type { Counter } from '../profile/counter.js';
import { HOSTCALL_SCHEMA } from '../profile/marker-schema.js';
import { MarkerPhase } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import type { Thread } from '../profile/thread.js';
import { pageName } from './page-names.js';
import type { PageCounter } from './page-types.js';

/** Points of a counter's line. */
const POINTS = 1000;

/** A counter as some hundred pixels can show it. */
export function pageCounter(counter: Counter): PageCounter {
  const { unit, graph } = counter;
  const name = pageName(counter.name);
  if (graph === 'level') return { name, unit, points: levels(counter) };
  return {
    name,
    unit: unit === 'milliseconds' ? 'share' : `${unit} per ms`,
    points: rates(counter),
  };
}

/** The share of the time that host calls took, by their markers; undefined for a thread without any. */
export function hostShare(profile: Profile, thread: Thread): PageCounter | undefined {
  const calls = hostIntervals(profile, thread);
  const end = Math.max(thread.endMs ?? 0, ...calls.map(([, end]) => end).slice(-1));
  const width = (end - thread.startMs) / POINTS;
  if (calls.length === 0 || !(width > 0)) return undefined;
  const busy = new Float64Array(POINTS);
  for (const [from, to] of calls) {
    const first = Math.max(0, Math.floor((from - thread.startMs) / width));
    const last = Math.min(POINTS - 1, Math.floor((to - thread.startMs) / width));
    for (let at = first; at <= last; at++) {
      const start = thread.startMs + at * width;
      busy[at] = (busy[at] as number) + Math.min(to, start + width) - Math.max(from, start);
    }
  }
  const points = Array.from(busy, (ms, at): [number, number] => [
    thread.startMs + at * width,
    Math.min(1, Math.max(0, ms / width)),
  ]);
  return { name: 'host calls', unit: 'share', points: [...points, [end, points.at(-1)?.[1] ?? 0]] };
}

/** When the host had the thread, in the order of time; calls within calls count once. */
function hostIntervals(profile: Profile, thread: Thread): [number, number][] {
  const schemas = [...profile.markerSchemas].map(({ name }) => name === HOSTCALL_SCHEMA.name);
  const { markers } = thread;
  const found: [number, number][] = [];
  let depth = 0;
  let begun = 0;
  for (let row = 0; row < markers.length; row++) {
    if (!schemas[markers.schema.get(row)]) continue;
    const phase = markers.phase.get(row);
    if (phase === MarkerPhase.Interval) {
      found.push([markers.startTime.get(row), markers.endTime.get(row)]);
    } else if (phase === MarkerPhase.IntervalStart) {
      if (depth++ === 0) begun = markers.startTime.get(row);
    } else if (phase === MarkerPhase.IntervalEnd && depth > 0 && --depth === 0) {
      found.push([begun, markers.endTime.get(row)]);
    }
  }
  if (depth > 0 && thread.endMs !== undefined) found.push([begun, thread.endMs]);
  const merged: [number, number][] = [];
  for (const [from, to] of found.sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** How fast it grew from one reading to the next, or over a stretch of many. */
function rates({ time, value, length }: Counter): [number, number][] {
  const stretch = Math.max(1, Math.ceil((2 * length) / POINTS));
  const points: [number, number][] = [];
  for (let from = 0; from < length - 1; from += stretch) {
    const to = Math.min(from + stretch, length - 1);
    const [start, end] = [time.get(from), time.get(to)];
    const rate = end > start ? (value.get(to) - value.get(from)) / (end - start) : 0;
    points.push([start, rate], [end, rate]);
  }
  return points;
}

/** Of many readings, those that a line of some hundred pixels can show: each stretch's highest. */
function levels({ time, value, length }: Counter): [number, number][] {
  const stretch = Math.max(1, Math.ceil(length / POINTS));
  const points: [number, number][] = [];
  for (let from = 0; from < length; from += stretch) {
    let highest = from;
    for (let row = from; row < Math.min(from + stretch, length); row++) {
      if (value.get(row) > value.get(highest)) highest = row;
    }
    points.push([time.get(highest), value.get(highest)]);
  }
  return points;
}
