import type { Counter } from '../profile/counter.js';
import type { Profile } from '../profile/profile.js';
import { type JsonBytes, toJson } from './json-bytes.js';
import { writeTable } from './json-table.js';

const NANOS_PER_MS = 1e6;

/** How the format writes a counter's unit: a text for people. */
export const DISPLAY_UNITS = { bytes: 'bytes', milliseconds: 'ms', number: '' } as const;

/** The `counters` of version 70 of the format: readings as differences to the one before. */
export function* writeCounters(out: JsonBytes, profile: Profile): Generator<Uint8Array> {
  const [thread] = profile.threads;
  out.raw(',"counters":[');
  for (const [index, counter] of profile.counters.entries()) {
    if (index > 0) out.comma();
    const isMemory = counter.unit === 'bytes' && counter.graph === 'level';
    const facts = toJson({
      name: counter.name,
      category: isMemory ? 'Memory' : 'Other',
      description: counter.description,
      pid: thread?.pid ?? '0',
      mainThreadIndex: 0,
      display: {
        graphType: counter.graph === 'level' ? 'line-accumulated' : 'line-rate',
        unit: DISPLAY_UNITS[counter.unit],
        color: counter.color,
        markerSchemaLocation: isMemory ? 'timeline-memory' : null,
        // Those of one weight are in the file's order.
        sortWeight: 20,
        label: counter.name,
        tooltipRows: [
          { type: 'value', ...tooltipOf(counter), label: counter.description || counter.name },
        ],
      },
    });
    out.raw(`${facts.slice(0, -1)},"samples":`);
    yield* writeReadings(out, counter);
    out.raw('}');
  }
  out.raw(']');
}

function tooltipOf({ graph, unit }: Counter): { source: string; format: { unit: string } } {
  if (unit !== 'milliseconds') {
    return { source: graph === 'level' ? 'accumulated' : 'count', format: { unit } };
  }
  // A share of the time is what a rate of milliseconds in a millisecond is.
  return graph === 'level'
    ? { source: 'accumulated', format: { unit: 'number' } }
    : { source: 'rate', format: { unit: 'percent' } };
}

function* writeReadings(out: JsonBytes, { time, value, length }: Counter): Generator<Uint8Array> {
  yield* writeTable(out, length, {
    time: (row) => out.nanosAsMillis(Math.round(time.get(row) * NANOS_PER_MS)),
    count: (row) => out.value(value.get(row) - (row === 0 ? 0 : value.get(row - 1))),
  });
}
