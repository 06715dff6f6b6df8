import type {
  MarkerFields,
  MarkerKind,
  MarkerPhase,
  MarkerTable,
} from '../profile/marker-table.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { lengthOf } from './firefox-read-shared.js';
import type { ReadTables } from './firefox-read-tables.js';
import { invalidProfile } from './invalid-profile.js';
import type { JsonReader } from './json-reader.js';

/** Adds a thread. `cpuUnitsPerMs` is the unit of its CPU deltas. */
export function readThread(tables: ReadTables, thread: JsonReader, cpuUnitsPerMs: number): void {
  const [start, pid, tid] = [thread.get('registerTime'), thread.get('pid'), thread.get('tid')];
  const [isMainThread, processName] = [thread.get('isMainThread'), thread.get('processName')];
  const added = tables.profile.addThread({
    name: thread.get('name').string(),
    startMs: start.present ? start.number() : 0,
    // Numbers, in files of others.
    ...(pid.present && { pid: `${pid.any()}` }),
    ...(tid.present && { tid: typeof tid.any() === 'number' ? tid.number() : tid.string() }),
    ...(isMainThread.present && { isMainThread: isMainThread.any() === true }),
    ...(processName.present && { processName: processName.string() }),
  });
  readSamples(tables, added, thread.get('samples'), cpuUnitsPerMs);
  readMarkers(tables, added.markers, thread.get('markers'));
  const end = thread.get('unregisterTime');
  if (end.present) added.end(end.number());
}

function readSamples(
  { stacks }: ReadTables,
  { samples }: Thread,
  table: JsonReader,
  cpuUnitsPerMs: number,
): void {
  if (table.get('weight').present) {
    throw invalidProfile('samples with weights of their own: this reads samples that count 1');
  }
  const length = lengthOf(table);
  const stack = table.ints('stack', length, 0, stacks.length, NO_STACK);
  const deltas = table.get('timeDeltas').present;
  const times = table.numbers(deltas ? 'timeDeltas' : 'time', length);
  const hasCpu = table.get('threadCPUDelta').present;
  const cpu = hasCpu ? table.numbers('threadCPUDelta', length, 0) : undefined;
  let timeMs = 0;
  for (let row = 0; row < length; row++) {
    timeMs = deltas ? timeMs + (times[row] as number) : (times[row] as number);
    const at = stack[row] as number;
    const cpuDeltaMs = Math.max(0, cpu?.[row] ?? 0) / cpuUnitsPerMs;
    samples.push(at === NO_STACK ? NO_STACK : (stacks[at] as number), timeMs, cpuDeltaMs);
  }
}

function readMarkers(tables: ReadTables, markers: MarkerTable, table: JsonReader): void {
  const length = lengthOf(table);
  const names = table.ints('name', length, 0, tables.strings.length);
  const phases = table.ints('phase', length, 0, 4);
  const starts = table.numbers('startTime', length, 0);
  const ends = table.numbers('endTime', length, 0);
  const categories = table.ints('category', length, 0, tables.categories.length);
  const data = table.column('data', length);
  for (let i = 0; i < length; i++) {
    const { type, cause, ...fields } = (data[i] ?? {}) as MarkerData;
    const schema = type === undefined ? undefined : tables.schemas.get(type);
    const kind: MarkerKind = {
      name: tables.strings[names[i] as number] as number,
      category: tables.categories[categories[i] as number] as number,
      ...(schema !== undefined && { schema }),
    };
    const stack = tables.stacks[cause?.stack ?? NO_STACK] ?? NO_STACK;
    const isFielded = schema !== undefined && Object.keys(fields).length > 0;
    const row = {
      phase: phases[i] as MarkerPhase,
      startMs: starts[i] as number,
      endMs: ends[i] as number,
      ...(isFielded && { fields }),
    };
    markers.append(kind, row, stack);
  }
}

type MarkerData = MarkerFields & {
  readonly type?: string;
  readonly cause?: { readonly stack: number };
};
