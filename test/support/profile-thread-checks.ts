// biome-ignore-all lint/complexity/useLiteralKeys: tsc's noPropertyAccessFromIndexSignature demands brackets

import {
  array,
  atLeast,
  boolean,
  type Check,
  check,
  checkTable,
  endTime,
  equal,
  fail,
  finite,
  index,
  keys,
  lengthOf,
  object,
  oneOf,
  orNull,
  type Row,
  string,
  time,
} from './profile-checks.js';
import type { Meta } from './profile-integrity.js';
import type { Shared } from './profile-shared-checks.js';

const THREAD_REQUIRED = [
  'name',
  'processType',
  'processStartupTime',
  'processShutdownTime',
  'registerTime',
  'unregisterTime',
  'pausedRanges',
  'isMainThread',
  'pid',
  'tid',
  'samples',
  'markers',
];

export function checkThreads(profile: Row, shared: Shared, meta: Meta): void {
  const tids = new Set<unknown>();
  for (const [number, value] of array(profile['threads'], 'profile', 'threads').entries()) {
    const at = `threads[${number}]`;
    const thread = object(value, 'threads', 'row', number);
    keys(thread, at, THREAD_REQUIRED, ['processName', 'showMarkersInTimeline']);
    check(at, 'name', string, thread['name']);
    check(at, 'pid', string, thread['pid']);
    check(at, 'isMainThread', boolean, thread['isMainThread']);
    equal(at, 'processType', thread['processType'], 'default');
    if (tids.has(thread['tid'])) fail(at, 'tid', undefined, `expected a tid of its own`);
    tids.add(thread['tid']);

    const registered = time(at, 'registerTime', thread['registerTime']);
    const started = time(at, 'processStartupTime', thread['processStartupTime']);
    const unregistered = endTime(at, 'unregisterTime', thread['unregisterTime']);
    const ended = endTime(at, 'processShutdownTime', thread['processShutdownTime']);
    if (started > registered) fail(at, 'registerTime', undefined, 'before the process started');
    if (unregistered > ended) fail(at, 'unregisterTime', undefined, 'after the process ended');
    if (registered > unregistered) fail(at, 'unregisterTime', undefined, 'before registerTime');
    const bounds = meta.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    if (registered < bounds[0]) fail(at, 'registerTime', undefined, 'before profilingStartTime');
    if (unregistered < Infinity && unregistered > bounds[1]) {
      fail(at, 'unregisterTime', undefined, 'after profilingEndTime');
    }
    checkSamples(thread, at, shared, [registered, unregistered], bounds[1]);
    checkMarkers(thread, at, shared, meta);
  }
}

function checkSamples(
  thread: Row,
  at: string,
  shared: Shared,
  [start, end]: readonly [number, number],
  rangeEnd: number,
): void {
  const table = object(thread['samples'], at, 'samples');
  const name = `${at}.samples`;
  const timeColumn = 'time' in table ? 'time' : 'timeDeltas';
  const samples = checkTable(
    thread,
    'samples',
    {
      stack: orNull(index(shared.stacks)),
      [timeColumn]: finite,
      threadCPUDelta: orNull(atLeast(0, 'number')),
    },
    name,
    ['weight', 'weightType'],
  );
  if (samples['weight'] !== null) fail(name, 'weight', undefined, 'expected null');
  equal(name, 'weightType', samples['weightType'], 'samples');
  let last = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const [row, value] of (samples[timeColumn] as number[]).entries()) {
    sum = timeColumn === 'time' ? value : sum + value;
    if (sum < last) fail(name, timeColumn, row, `expected a time of at least ${last}, got ${sum}`);
    // A reader's sum of doubles may be a nanosecond off.
    if (sum < start - 1e-6) fail(name, timeColumn, row, `${sum} is before the thread's start`);
    if (sum > end + 1e-6) fail(name, timeColumn, row, `${sum} is after the thread's end`);
    if (sum >= rangeEnd) fail(name, timeColumn, row, `${sum} is not before profilingEndTime`);
    last = sum;
  }
}

function checkMarkers(thread: Row, at: string, shared: Shared, meta: Meta): void {
  const name = `${at}.markers`;
  const markers = checkTable(
    thread,
    'markers',
    {
      name: index(shared.strings),
      startTime: orNull(finite),
      endTime: orNull(finite),
      phase: oneOf([0, 1, 2, 3]),
      category: index(meta.categories.length),
      data: () => undefined,
    },
    name,
  );
  const column = (key: string): unknown[] => markers[key] as unknown[];
  for (let row = 0; row < lengthOf(markers, name); row++) {
    const phase = Number(column('phase')[row]);
    const start = column('startTime')[row] as number | null;
    const end = column('endTime')[row] as number | null;
    if (phase !== 3 && start === null) fail(name, 'startTime', row, `null in phase ${phase}`);
    if (phase !== 1 && phase !== 3 && end !== null && end !== 0) {
      fail(name, 'endTime', row, `expected none in phase ${phase}, got ${end}`);
    }
    if ((phase === 1 || phase === 3) && end === null) {
      fail(name, 'endTime', row, `null in phase ${phase}`);
    }
    if (phase === 1 && Number(start) > Number(end)) fail(name, 'endTime', row, 'before startTime');
    const data = column('data')[row];
    if (data === null) continue;
    const payload = object(data, name, 'data', row);
    if (!meta.schemas.has(payload['type'])) {
      fail(name, 'data', row, `no marker schema is named ${JSON.stringify(payload['type'])}`);
    }
    if (payload['cause'] === undefined) continue;
    const cause = object(payload['cause'], name, 'data', row);
    keys(cause, `${name}.data.cause`, ['stack'], ['time', 'tid']);
    check(name, 'data', orNull(index(shared.stacks)), cause['stack'], row);
  }
}

export function checkCounters(profile: Row): void {
  const threads = array(profile['threads'], 'profile', 'threads').length;
  for (const [number, value] of array(profile['counters'] ?? [], 'profile', 'counters').entries()) {
    const at = `counters[${number}]`;
    const counter = object(value, 'counters', 'row', number);
    const strings = ['name', 'category', 'description', 'pid'];
    keys(counter, at, [...strings, 'mainThreadIndex', 'samples', 'display']);
    for (const column of strings) check(at, column, string, counter[column]);
    check(at, 'mainThreadIndex', index(threads), counter['mainThreadIndex']);
    const table = object(counter['samples'], at, 'samples');
    const timeColumn = 'time' in table ? 'time' : 'timeDeltas';
    const columns: Record<string, Check> = { [timeColumn]: finite, count: finite };
    if ('number' in table) columns['number'] = atLeast(0);
    checkTable(counter, 'samples', columns, `${at}.samples`);
    let last = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (const [row, time] of (table[timeColumn] as number[]).entries()) {
      sum = timeColumn === 'time' ? time : sum + time;
      if (sum < last) fail(`${at}.samples`, timeColumn, row, 'expected rising times');
      last = sum;
    }
  }
}
