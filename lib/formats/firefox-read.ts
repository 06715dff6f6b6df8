/**
 * Reads what `firefox.ts` writes, the Firefox Profiler's processed format, version 70, as parsed JSON; and older versions,
 * which are upgraded on the way.
 */

import { CATEGORY_COLORS } from '../profile/category.js';
import type { CounterOptions, CounterUnit } from '../profile/counter.js';
import type { Lib } from '../profile/lib-table.js';
import type { MarkerFieldFormat, MarkerSchema } from '../profile/marker-schema.js';
import { type ExtraSection, Profile } from '../profile/profile.js';
import { FIREFOX_PROFILE_VERSION } from './firefox.js';
import { DISPLAY_UNITS } from './firefox-counters.js';
import { lengthOf, readShared } from './firefox-read-shared.js';
import type { ReadTables } from './firefox-read-tables.js';
import { readThread } from './firefox-read-thread.js';
import { hasTables, OLDEST_VERSION, upgradeSchema, upgradeTables } from './firefox-upgrade.js';
import { invalidProfile } from './invalid-profile.js';
import { JsonReader } from './json-reader.js';
import { type ReadOptions, RowLimit } from './row-limit.js';

/**
 * The model of a parsed file.
 *
 * @throws TypeError `ERR_INVALID_PROFILE`, naming what is wrong and where.
 */
export function profileOfFirefox(json: unknown, options: ReadOptions = {}): Profile {
  const file = new JsonReader(json, '');
  const meta = typeof json === 'object' && json !== null ? file.get('meta') : undefined;
  if (!meta?.present) {
    throw invalidProfile("no profile in the Firefox Profiler's format: it has no meta");
  }
  const version = meta.get('preprocessedProfileVersion').any();
  const isOlder = isBetween(version, OLDEST_VERSION, FIREFOX_PROFILE_VERSION - 1);
  if (version !== FIREFOX_PROFILE_VERSION && !isOlder) {
    throw invalidProfile(
      `a Firefox profile of version ${version ?? 'none (not processed)'}: this reads ${OLDEST_VERSION} to ` +
        `${FIREFOX_PROFILE_VERSION}`,
    );
  }
  const units = meta.get('sampleUnits');
  const timeUnit = units.present ? units.get('time').any() : 'ms';
  if (timeUnit !== 'ms') throw units.get('time').wrong('ms');
  const interval = meta.get('interval');
  if (interval.number() < 0) throw interval.wrong('a number from 0');
  const profile = new Profile({
    product: meta.get('product').string(),
    intervalMs: interval.number(),
    startTimeUnixMs: meta.get('startTime').number(),
    ...(meta.get('arguments').present && { arguments: meta.get('arguments').string() }),
  });
  if (meta.get('extra').present) profile.extra.push(...meta.get('extra').items().map(readExtra));
  for (const lib of file.get('libs').items()) profile.libs.add(readLib(lib));
  const categories = readCategories(profile, meta.get('categories'));
  const schemas = readSchemas(profile, meta.get('markerSchema'));
  const limit = new RowLimit(options);
  const common = { profile, categories, schemas, limit };
  const tablesOf = isOlder
    ? olderTables(common, file)
    : constant({ ...common, ...readShared(profile, categories, file.get('shared')) });
  // Other makers have what can't be counted in time, such as cycles.
  const cpuUnit = units.present ? units.get('threadCPUDelta').any() : undefined;
  for (const thread of file.get('threads').items()) {
    readThread(tablesOf(thread), thread, CPU_UNITS.get(cpuUnit));
  }
  if (file.get('counters').present) {
    for (const counter of file.get('counters').items()) readCounter(profile, counter, limit);
  }
  return profile;
}

/** How many make a millisecond. */
const CPU_UNITS: ReadonlyMap<unknown, number> = new Map([
  ['ns', 1e6],
  ['µs', 1e3],
]);

function isBetween(value: unknown, least: number, greatest: number): boolean {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= greatest
  );
}

function constant(tables: ReadTables): (thread: JsonReader) => ReadTables {
  return () => tables;
}

/** Tables of each thread; those that threads have in common are read once. */
function olderTables(
  common: Pick<ReadTables, 'profile' | 'categories' | 'schemas' | 'limit'>,
  file: JsonReader,
): (thread: JsonReader) => ReadTables {
  const { profile, categories } = common;
  const shared = file.get('shared');
  const colors = file.get('meta').get('categories').items();
  const grey = Math.max(
    0,
    colors.findIndex((item) => item.get('color').any() === 'grey'),
  );
  const read = (thread: JsonReader) => {
    const upgraded = new JsonReader(upgradeTables(shared, thread, grey), 'tables');
    return { ...common, ...readShared(profile, categories, upgraded) };
  };
  let ofAll: ReadTables | undefined;
  return (thread) => {
    if (hasTables(thread)) return read(thread);
    ofAll ??= read(thread);
    return ofAll;
  };
}

function readExtra(section: JsonReader): ExtraSection {
  const entries = section.get('entries').items();
  return {
    label: section.get('label').string(),
    entries: entries.map((entry) => ({
      label: entry.get('label').string(),
      format: entry.get('format').string() as MarkerFieldFormat,
      value: entry.get('value').any() as string | number,
    })),
  };
}

function readLib(item: JsonReader): Lib {
  const codeId = item.get('codeId');
  return {
    name: item.get('name').string(),
    debugName: item.get('debugName').string(),
    path: item.get('path').string(),
    debugPath: item.get('debugPath').string(),
    breakpadId: item.get('breakpadId').string(),
    codeId: codeId.present ? codeId.string() : null,
    arch: item.get('arch').present ? item.get('arch').string() : '',
  };
}

function readCounter(profile: Profile, item: JsonReader, limit: RowLimit): void {
  const counter = profile.addCounter({
    name: item.get('name').string(),
    description: item.get('description').string(),
    ...displayOf(item),
  });
  const samples = item.get('samples');
  const length = lengthOf(samples);
  limit.take(length);
  const deltas = samples.get('timeDeltas').present;
  const times = samples.numbers(deltas ? 'timeDeltas' : 'time', length);
  const counts = samples.numbers('count', length);
  let timeMs = 0;
  let value = 0;
  for (let row = 0; row < length; row++) {
    timeMs = deltas ? timeMs + (times[row] as number) : (times[row] as number);
    value += counts[row] as number;
    counter.push(timeMs, value);
  }
}

/** How it is drawn; older files leave that to their readers. */
function displayOf(item: JsonReader): Pick<CounterOptions, 'unit' | 'graph' | 'color'> {
  const display = item.get('display');
  if (!display.present) {
    const isMemory = item.get('category').any() === 'Memory';
    return { unit: isMemory ? 'bytes' : 'number', graph: 'level', color: 'blue' };
  }
  return {
    unit: unitOf(display.get('unit').any()),
    graph: display.get('graphType').any() === 'line-rate' ? 'rate' : 'level',
    color: display.get('color').oneOf(CATEGORY_COLORS),
  };
}

function unitOf(text: unknown): CounterUnit {
  const known = Object.entries(DISPLAY_UNITS).find(([, display]) => display === text);
  return (known?.[0] as CounterUnit | undefined) ?? 'number';
}

/** Categories of the file by those of the model, which has some from the start. */
function readCategories(profile: Profile, list: JsonReader): number[] {
  return list.items().map((item) => {
    const name = item.get('name').string();
    const color = item.get('color').oneOf(CATEGORY_COLORS);
    const subcategories = item
      .get('subcategories')
      .items()
      .map((sub) => sub.string());
    return profile.categories.adopt({ name, color, subcategories });
  });
}

function readSchemas(profile: Profile, list: JsonReader): Map<string, number> {
  return new Map(
    list.items().map((item) => {
      const schema = upgradeSchema(item.object()) as unknown as MarkerSchema;
      return [item.get('name').string(), profile.markerSchemas.intern(schema)];
    }),
  );
}
