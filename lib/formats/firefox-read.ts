/** Reads what `firefox.ts` writes: the Firefox Profiler's processed format, version 70, as parsed JSON. */

import { CATEGORY_COLORS } from '../profile/category.js';
import type { CounterUnit } from '../profile/counter.js';
import type { Lib } from '../profile/lib-table.js';
import type { MarkerFieldFormat, MarkerSchema } from '../profile/marker-schema.js';
import { type ExtraSection, Profile } from '../profile/profile.js';
import { FIREFOX_PROFILE_VERSION } from './firefox.js';
import { DISPLAY_UNITS } from './firefox-counters.js';
import { lengthOf, readShared } from './firefox-read-shared.js';
import type { ReadTables } from './firefox-read-tables.js';
import { readThread } from './firefox-read-thread.js';
import { invalidProfile } from './invalid-profile.js';
import { JsonReader } from './json-reader.js';

/**
 * The model of a parsed file.
 *
 * @throws TypeError `ERR_INVALID_PROFILE`, naming what is wrong and where.
 */
export function profileOfFirefox(json: unknown): Profile {
  const file = new JsonReader(json, '');
  const meta = typeof json === 'object' && json !== null ? file.get('meta') : undefined;
  if (!meta?.present) {
    throw invalidProfile("no profile in the Firefox Profiler's format: it has no meta");
  }
  const version = meta.get('preprocessedProfileVersion').any();
  if (version !== FIREFOX_PROFILE_VERSION) {
    throw invalidProfile(
      `a Firefox profile of version ${version ?? 'none (not processed)'}: this reads ${FIREFOX_PROFILE_VERSION}`,
    );
  }
  const profile = new Profile({
    product: meta.get('product').string(),
    intervalMs: meta.get('interval').number(),
    startTimeUnixMs: meta.get('startTime').number(),
    ...(meta.get('arguments').present && { arguments: meta.get('arguments').string() }),
  });
  if (meta.get('extra').present) profile.extra.push(...meta.get('extra').items().map(readExtra));
  for (const lib of file.get('libs').items()) profile.libs.add(readLib(lib));
  const categories = readCategories(profile, meta.get('categories'));
  const schemas = readSchemas(profile, meta.get('markerSchema'));
  const shared = readShared(profile, categories, file.get('shared'));
  const tables: ReadTables = { profile, categories, schemas, ...shared };
  const cpuUnit = meta.get('sampleUnits').get('threadCPUDelta').any();
  for (const thread of file.get('threads').items()) {
    readThread(tables, thread, cpuUnit === 'µs' ? 1e3 : 1e6);
  }
  if (file.get('counters').present) {
    for (const counter of file.get('counters').items()) readCounter(profile, counter);
  }
  return profile;
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
    arch: item.get('arch').string(),
  };
}

function readCounter(profile: Profile, item: JsonReader): void {
  const display = item.get('display');
  const counter = profile.addCounter({
    name: item.get('name').string(),
    description: item.get('description').string(),
    unit: unitOf(display.get('unit').any()),
    graph: display.get('graphType').any() === 'line-rate' ? 'rate' : 'level',
    color: display.get('color').oneOf(CATEGORY_COLORS),
  });
  const samples = item.get('samples');
  const length = lengthOf(samples);
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
      const schema = item.object() as unknown as MarkerSchema;
      return [item.get('name').string(), profile.markerSchemas.intern(schema)];
    }),
  );
}
