// biome-ignore-all lint/complexity/useLiteralKeys: tsc's noPropertyAccessFromIndexSignature demands brackets

/**
 * Checks a profile in the Firefox Profiler's processed format, version 70, as parsed JSON.
 *
 * Independent of `lib/`: it knows the format from its description and not from our writer, so that a mistake
 * of the writer can't repeat itself here. A column that this file doesn't know is an error too.
 */

import {
  array,
  check,
  equal,
  fail,
  index,
  keys,
  object,
  oneOf,
  orNull,
  positive,
  type Row,
  string,
} from './profile-checks.js';
import { checkShared } from './profile-shared-checks.js';
import { checkCounters, checkThreads } from './profile-thread-checks.js';

export { ProfileIntegrityError } from './profile-checks.js';

/** Throws a {@link ProfileIntegrityError} that names table, column and row of the first fault. */
export function assertProfileIntegrity(profileJson: unknown): void {
  const profile = object(profileJson, 'profile', 'root');
  keys(profile, 'profile', ['meta', 'libs', 'shared', 'threads'], ['counters', 'pages']);
  const meta = checkMeta(profile);
  const libs = checkLibs(profile);
  const shared = checkShared(profile, libs, meta.categories);
  checkThreads(profile, shared, meta);
  checkCounters(profile);
}

const COLORS = [
  'transparent',
  'purple',
  'green',
  'orange',
  'yellow',
  'lightblue',
  'blue',
  'brown',
  'magenta',
  'red',
  'lightred',
  'darkgrey',
  'grey',
];
const META_REQUIRED = [
  'version',
  'preprocessedProfileVersion',
  'product',
  'interval',
  'startTime',
  'processType',
  'stackwalk',
  'symbolicated',
  'categories',
  'markerSchema',
  'sampleUnits',
];
const META_OPTIONAL = [
  'importedFrom',
  'profilingStartTime',
  'profilingEndTime',
  'symbolicationNotSupported',
  'usesOnlyOneStackType',
  'sourceCodeIsNotOnSearchfox',
  'initialVisibleThreads',
  'initialSelectedThreads',
  'keepProfileThreadOrder',
  'extra',
  'debug',
  'abi',
  'oscpu',
  'platform',
  'arguments',
  'logicalCPUs',
  'physicalCPUs',
  'CPUName',
];

/** What the tables refer to. */
export interface Meta {
  /** How many subcategories each category has. */
  readonly categories: readonly number[];
  readonly schemas: ReadonlySet<unknown>;
  readonly range: readonly [number, number] | undefined;
}

function checkMeta(profile: Row): Meta {
  const meta = object(profile['meta'], 'meta', 'root');
  keys(meta, 'meta', META_REQUIRED, META_OPTIONAL);
  equal('meta', 'version', meta['version'], 36);
  equal('meta', 'preprocessedProfileVersion', meta['preprocessedProfileVersion'], 70);
  equal('meta', 'processType', meta['processType'], 0);
  equal('meta', 'symbolicated', meta['symbolicated'], true);
  check('meta', 'stackwalk', oneOf([0, 1]), meta['stackwalk']);
  check('meta', 'product', string, meta['product']);
  check('meta', 'interval', positive, meta['interval']);
  check('meta', 'startTime', positive, meta['startTime']);

  const units = object(meta['sampleUnits'], 'meta', 'sampleUnits');
  keys(units, 'meta.sampleUnits', ['time', 'eventDelay', 'threadCPUDelta']);
  equal('meta.sampleUnits', 'time', units['time'], 'ms');
  equal('meta.sampleUnits', 'eventDelay', units['eventDelay'], 'ms');
  check('meta.sampleUnits', 'threadCPUDelta', oneOf(['ns', 'µs']), units['threadCPUDelta']);

  const categories = array(meta['categories'], 'meta', 'categories').map((value, row) => {
    const category = object(value, 'meta', 'categories', row);
    keys(category, 'meta.categories', ['name', 'color', 'subcategories']);
    check('meta.categories', 'name', string, category['name'], row);
    check('meta.categories', 'color', oneOf(COLORS), category['color'], row);
    const subcategories = array(category['subcategories'], 'meta.categories', 'subcategories');
    if (subcategories[0] !== 'Other') {
      fail('meta.categories', 'subcategories', row, "expected 'Other' first");
    }
    return { color: category['color'], count: subcategories.length };
  });
  if (!categories.some(({ color }) => color === 'grey')) {
    fail('meta', 'categories', undefined, 'expected a grey category');
  }

  const schemas = new Set<unknown>();
  for (const [row, value] of array(meta['markerSchema'], 'meta', 'markerSchema').entries()) {
    const schema = object(value, 'meta', 'markerSchema', row);
    const optional = ['tooltipLabel', 'tableLabel', 'chartLabel', 'description'];
    keys(schema, 'meta.markerSchema', ['name', 'display', 'fields'], optional);
    if (schemas.has(schema['name'])) fail('meta.markerSchema', 'name', row, 'given twice');
    schemas.add(schema['name']);
    array(schema['display'], 'meta.markerSchema', 'display');
    for (const field of array(schema['fields'], 'meta.markerSchema', 'fields')) {
      keys(
        object(field, 'meta.markerSchema', 'fields', row),
        'fields',
        ['key', 'format'],
        ['label'],
      );
    }
  }

  const threadCount = array(profile['threads'], 'profile', 'threads').length;
  for (const thread of array(
    meta['initialVisibleThreads'] ?? [],
    'meta',
    'initialVisibleThreads',
  )) {
    check('meta', 'initialVisibleThreads', index(threadCount), thread);
  }
  return { categories: categories.map(({ count }) => count), schemas, range: recordedRange(meta) };
}

function recordedRange(meta: Row): [number, number] | undefined {
  const { profilingStartTime: start, profilingEndTime: end } = meta;
  if (start === undefined && end === undefined) return undefined;
  if (typeof start !== 'number' || typeof end !== 'number' || !(start < end)) {
    fail(
      'meta',
      'profilingEndTime',
      undefined,
      `expected an end after its start, got ${start}..${end}`,
    );
  }
  return [start, end];
}

function checkLibs(profile: Row): number {
  const libs = array(profile['libs'], 'profile', 'libs');
  for (const [row, value] of libs.entries()) {
    const lib = object(value, 'libs', 'row', row);
    const strings = ['name', 'debugName', 'path', 'debugPath', 'breakpadId', 'arch'];
    keys(lib, 'libs', [...strings, 'codeId']);
    for (const column of strings) check('libs', column, string, lib[column], row);
    check('libs', 'codeId', orNull(string), lib['codeId'], row);
  }
  return libs.length;
}
