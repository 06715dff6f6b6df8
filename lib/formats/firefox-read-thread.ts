import type {
  MarkerFields,
  MarkerKind,
  MarkerPhase,
  MarkerTable,
} from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { lengthOf } from './firefox-read-shared.js';
import type { ReadTables } from './firefox-read-tables.js';
import { invalidProfile } from './invalid-profile.js';
import type { JsonReader } from './json-reader.js';

/** Adds a thread. `cpuUnitsPerMs` is the unit of its CPU deltas, undefined for one that isn't a time. */
export function readThread(
  tables: ReadTables,
  thread: JsonReader,
  cpuUnitsPerMs: number | undefined,
): void {
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
  { stacks, limit }: ReadTables,
  { samples }: Thread,
  table: JsonReader,
  cpuUnitsPerMs: number | undefined,
): void {
  const length = lengthOf(table);
  const counts = countsOf(table, length);
  limit.take(counts === undefined ? length : sumOf(counts));
  const stack = table.ints('stack', length, 0, stacks.length, NO_STACK);
  const deltas = table.get('timeDeltas').present;
  const times = table.numbers(deltas ? 'timeDeltas' : 'time', length);
  const hasCpu = table.get('threadCPUDelta').present;
  const cpu =
    hasCpu && cpuUnitsPerMs !== undefined ? table.numbers('threadCPUDelta', length, 0) : undefined;
  let timeMs = 0;
  for (let row = 0; row < length; row++) {
    timeMs = deltas ? timeMs + (times[row] as number) : (times[row] as number);
    const at = stack[row] as number;
    const cpuDeltaMs = Math.max(0, cpu?.[row] ?? 0) / (cpuUnitsPerMs ?? 1);
    const stackRow = at === NO_STACK ? NO_STACK : (stacks[at] as number);
    samples.push(stackRow, timeMs, cpuDeltaMs);
    // Alike, and at the same time: the thread hadn't run in between.
    for (let more = 1; more < (counts?.[row] ?? 1); more++) samples.push(stackRow, timeMs, 0);
  }
}

/** A sample of other makers may stand for several; in all no more than this times the rows that there are. */
const MAXIMUM_MEAN_WEIGHT = 100;

/** How many samples each row stands for; undefined where each is one. */
function countsOf(table: JsonReader, length: number): Float64Array | undefined {
  if (!table.get('weight').present) return undefined;
  const type = table.get('weightType');
  const isCount = !type.present || type.any() === 'samples';
  const counts = isCount
    ? table.ints('weight', length, 1, MAXIMUM_MEAN_WEIGHT * length + 1, 1)
    : undefined;
  const sum = counts === undefined ? Number.POSITIVE_INFINITY : sumOf(counts);
  if (sum > MAXIMUM_MEAN_WEIGHT * length) {
    throw invalidProfile('samples with weights of their own: this reads samples that are counted');
  }
  return counts;
}

function sumOf(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function readMarkers(tables: ReadTables, markers: MarkerTable, table: JsonReader): void {
  const length = lengthOf(table);
  tables.limit.take(length);
  const names = table.ints('name', length, 0, tables.strings.length);
  const phases = table.ints('phase', length, 0, 4);
  const starts = table.numbers('startTime', length, 0);
  const ends = table.numbers('endTime', length, 0);
  const categories = table.ints('category', length, 0, tables.categories.length);
  const data = table.column('data', length);
  const stringKeys = stringKeysOf(tables.profile);
  for (let i = 0; i < length; i++) {
    const { type, cause, ...given } = (data[i] ?? {}) as MarkerData;
    const schema = type === undefined ? undefined : tables.schemas.get(type);
    const keys = schema === undefined ? [] : (stringKeys[schema] ?? []);
    const fields = keys.length === 0 ? given : ownStrings(tables.strings, keys, given);
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

/** Fields whose values are rows of the file's strings, of each schema. */
function stringKeysOf(profile: Profile): string[][] {
  return [...profile.markerSchemas].map(({ fields }) =>
    (Array.isArray(fields) ? fields : [])
      .filter((field) => STRING_FORMATS.includes(field?.format))
      .map(({ key }) => String(key)),
  );
}

/** The same as rows of the model's strings. */
function ownStrings(strings: readonly number[], keys: readonly string[], given: MarkerFields) {
  const own = keys
    .filter((key) => typeof given[key] === 'number')
    .map((key) => [key, strings[given[key] as number] ?? 0]);
  return { ...given, ...(Object.fromEntries(own) as MarkerFields) };
}

const STRING_FORMATS: readonly unknown[] = ['unique-string', 'flow-id', 'terminating-flow-id'];

type MarkerData = MarkerFields & {
  readonly type?: string;
  readonly cause?: { readonly stack: number };
};
