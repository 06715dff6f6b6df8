/**
 * The Firefox Profiler's 'processed profile format', version 70, as JSON.
 *
 * Facts: `docs-developer/CHANGELOG-formats.md` and `src/types/profile.ts` in `firefox-devtools/profiler`.
 * A reader refuses a version above its own and upgrades one below, so this writes the oldest version
 * that needs no upgrade in today's front end, and no field that came later.
 */

import { MarkerPhase } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import type { Milliseconds, SampleTable } from '../profile/sample-table.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { writeCounters } from './firefox-counters.js';
import { writeShared } from './firefox-shared.js';
import { JsonBytes, toJson } from './json-bytes.js';
import { BATCH_ROWS, columnsOf, writeTable } from './json-table.js';
import type { Slabs } from './slabs.js';

/** `meta.preprocessedProfileVersion`: the version of everything in this file. */
export const FIREFOX_PROFILE_VERSION = 70;
/** `meta.version`: the version of Firefox's own raw format at that time; readers demand one. */
const GECKO_PROFILE_VERSION = 36;

const NANOS_PER_MS = 1e6;

/**
 * The profile as UTF-8 JSON in chunks of at most 128 KiB. The profile must not change meanwhile. Columns
 * of numbers go to `slabs` where given, and the JSON refers to them.
 */
export function* firefoxJson(profile: Profile, slabs?: Slabs): Generator<Uint8Array> {
  const out = new JsonBytes(slabs);
  out.raw(`{"meta":${toJson(metaOf(profile))}`);
  out.raw(`,"libs":${toJson([...profile.libs])}`);
  out.raw(',"shared":{');
  yield* writeShared(out, profile);
  out.raw('},"threads":[');
  for (const [index, thread] of profile.threads.entries()) {
    if (index > 0) out.comma();
    yield* writeThread(out, profile, thread);
  }
  out.raw(']');
  if (profile.counters.length > 0) yield* writeCounters(out, profile);
  out.raw('}');
  yield* out.finish();
}

function metaOf(profile: Profile): Record<string, unknown> {
  const range = recordedRange(profile);
  return {
    version: GECKO_PROFILE_VERSION,
    preprocessedProfileVersion: FIREFOX_PROFILE_VERSION,
    product: profile.product,
    importedFrom: 'wasmtime-guest-profiler',
    interval: profile.intervalMs,
    startTime: profile.startTimeUnixMs,
    // Without these two a reader shows first sample to last sample, and drops markers outside.
    ...(range && { profilingStartTime: range.startMs, profilingEndTime: range.endMs }),
    processType: 0,
    stackwalk: 1,
    // Names are in the profile. Otherwise the front end asks a public symbol server for them, and
    // tells it the libraries' names and the frames' addresses; the second keeps it from offering to.
    symbolicated: true,
    symbolicationNotSupported: true,
    usesOnlyOneStackType: true,
    sourceCodeIsNotOnSearchfox: true,
    initialVisibleThreads: profile.threads.map((_, index) => index),
    sampleUnits: { time: 'ms', eventDelay: 'ms', threadCPUDelta: 'ns' },
    categories: [...profile.categories],
    markerSchema: [...profile.markerSchemas],
    extra: profile.extra,
  };
}

/** From the first thread's start to the last one's end, the last sample's own interval included. */
function recordedRange(profile: Profile): { startMs: number; endMs: number } | undefined {
  const { threads, intervalMs } = profile;
  if (threads.length === 0) return undefined;
  const startMs = Math.min(...threads.map(startOf));
  const lastMs = Math.max(...threads.map((thread) => lastSampleMs(thread) + intervalMs));
  const endMs = Math.max(lastMs, ...threads.map((thread) => endOf(thread)));
  // An empty range is no range: a reader then takes the times from the samples.
  return endMs > startMs
    ? { startMs: roundToNanos(startMs), endMs: roundUpToNanos(endMs) }
    : undefined;
}

function* writeThread(out: JsonBytes, profile: Profile, thread: Thread): Generator<Uint8Array> {
  const startMs = roundToNanos(startOf(thread));
  const endMs = roundUpToNanos(endOf(thread));
  const facts = toJson({
    name: thread.name,
    isMainThread: thread.isMainThread,
    pid: thread.pid,
    tid: thread.tid,
    processType: 'default',
    // Absent, it would read 'Parent Process', Firefox's own.
    processName: thread.processName ?? profile.product,
    processStartupTime: startMs,
    processShutdownTime: endMs,
    registerTime: startMs,
    unregisterTime: endMs,
    pausedRanges: [],
    // Otherwise only threads with names of Firefox's own get a strip of markers in the timeline.
    showMarkersInTimeline: thread.markers.length > 0,
  });
  out.raw(facts.slice(0, -1));
  out.raw(',"samples":');
  yield* writeSamples(out, thread);
  out.raw(',"markers":');
  yield* writeMarkers(out, profile, thread);
  out.raw('}');
}

function* writeSamples(out: JsonBytes, { samples }: Thread): Generator<Uint8Array> {
  const { intsOrNull, computed } = columnsOf(out);
  const deltas = timeDeltas(samples);
  yield* writeTable(
    out,
    samples.length,
    {
      stack: intsOrNull(samples.stack, NO_STACK),
      timeDeltas: {
        rows: (from, to) => out.allNanosAsMillis(deltas(from, to)),
        slab: { segments: () => millisOf(samples) },
      },
      threadCPUDelta: computed(samples.length, (from, to) => {
        const deltas = samples.cpuDelta.rows(from, to).slice();
        for (let i = 0; i < deltas.length; i++) {
          deltas[i] = Math.round((deltas[i] as number) * NANOS_PER_MS);
        }
        return deltas;
      }),
    },
    '"weight":null,"weightType":"samples"',
  );
}

/**
 * The samples' times as differences, in nanoseconds; the rows are to be asked for in order.
 *
 * Differences are half as long as times, and compress far better. A reader adds them up as doubles, so
 * each is the difference to *its* running sum: no time comes out more than a nanosecond off, and the
 * roundings of ten million samples don't add up.
 */
function timeDeltas(samples: SampleTable): (from: number, to: number) => Float64Array {
  let readersTimeMs = 0;
  return (from, to) => {
    const times = samples.time.rows(from, to);
    const deltas = new Float64Array(times.length);
    // A local variable: what a closure shares is an object for each new value.
    let sumMs = readersTimeMs;
    for (let i = 0; i < times.length; i++) {
      const nanos = Math.round(((times[i] as number) - sumMs) * NANOS_PER_MS);
      const deltaNanos = from + i === 0 ? nanos : Math.max(0, nanos);
      sumMs += deltaNanos / NANOS_PER_MS;
      deltas[i] = deltaNanos;
    }
    readersTimeMs = sumMs;
    return deltas;
  };
}

function* millisOf(samples: SampleTable): Generator<Float64Array> {
  const deltas = timeDeltas(samples);
  for (let from = 0; from < samples.length; from += BATCH_ROWS) {
    const nanos = deltas(from, Math.min(from + BATCH_ROWS, samples.length));
    yield nanos.map((delta) => delta / NANOS_PER_MS);
  }
}

function* writeMarkers(
  out: JsonBytes,
  profile: Profile,
  { markers }: Thread,
): Generator<Uint8Array> {
  const { ints } = columnsOf(out);
  const openings = [...profile.markerSchemas].map(({ name }) => `{"type":${toJson(name)}`);
  yield* writeTable(out, markers.length, {
    name: ints(markers.name),
    startTime: (row) => {
      if (markers.phase.get(row) === MarkerPhase.IntervalEnd) out.raw('null');
      else out.nanosAsMillis(Math.round(markers.startTime.get(row) * NANOS_PER_MS));
    },
    endTime: (row) => {
      const phase = markers.phase.get(row);
      if (phase === MarkerPhase.Instant || phase === MarkerPhase.IntervalStart) out.raw('null');
      else out.nanosAsMillis(Math.round(markers.endTime.get(row) * NANOS_PER_MS));
    },
    phase: ints(markers.phase),
    category: ints(markers.category),
    data: (row) => {
      const opening = openings[markers.schema.get(row)];
      if (opening === undefined) {
        out.raw('null');
        return;
      }
      out.raw(opening);
      const cause = markers.cause.get(row);
      if (cause !== NO_STACK) {
        out.raw(',"cause":{"stack":');
        out.int(cause);
        out.raw('}');
      }
      for (const [key, value] of Object.entries(markers.fields(row) ?? {})) {
        out.raw(`,${toJson(key)}:${toJson(value)}`);
      }
      out.raw('}');
    },
  });
}

function startOf(thread: Thread): Milliseconds {
  const { time } = thread.samples;
  return time.length > 0 ? Math.min(thread.startMs, time.get(0)) : thread.startMs;
}

function lastSampleMs(thread: Thread): Milliseconds {
  const { time } = thread.samples;
  return time.length > 0 ? time.get(time.length - 1) : thread.startMs;
}

function endOf(thread: Thread): Milliseconds {
  return Math.max(thread.endMs ?? thread.startMs, lastSampleMs(thread));
}

/** In nanoseconds: what sums of doubles are off by, far less than a clock tells. */
const NOISE = 1e-3;

function roundToNanos(timeMs: Milliseconds): Milliseconds {
  return Math.floor(timeMs * NANOS_PER_MS + NOISE) / NANOS_PER_MS;
}

/** Up, so that an end is never a rounding before the last sample; the same again when it is read back. */
function roundUpToNanos(timeMs: Milliseconds): Milliseconds {
  return Math.ceil(timeMs * NANOS_PER_MS - NOISE) / NANOS_PER_MS;
}
