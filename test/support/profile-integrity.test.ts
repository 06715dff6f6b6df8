import { describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { assertProfileIntegrity } from './profile-integrity.js';
import { sampleProfile } from './sample-profile.js';

/** Parsed JSON that a test spoils; `any`, since spoiling is what types are against. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

function validProfile(): Json {
  const chunks = [...firefoxJson(sampleProfile())];
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** What is spoilt, how, and what the error must name. */
const CORRUPTIONS: readonly [string, (profile: Json) => void, RegExp][] = [
  ['no object', (p) => (p.shared.stackTable = 7), /^stackTable\.table: expected an object, got 7/],
  ['unknown top level', (p) => (p.more = 1), /^profile\.more: is unknown/],
  ['missing libs', (p) => delete p.libs, /^profile\.libs: is missing/],
  [
    'wrong version',
    (p) => (p.meta.preprocessedProfileVersion = 71),
    /^meta\.preprocessedProfileVersion: expected 70/,
  ],
  ['not symbolicated', (p) => (p.meta.symbolicated = false), /^meta\.symbolicated: expected true/],
  ['zero interval', (p) => (p.meta.interval = 0), /^meta\.interval: expected a positive/],
  ['unit', (p) => (p.meta.sampleUnits.threadCPUDelta = 's'), /^meta\.sampleUnits\.threadCPUDelta/],
  [
    'no grey category',
    (p) => (p.meta.categories[0].color = 'red'),
    /^meta\.categories: expected a grey/,
  ],
  ['category color', (p) => (p.meta.categories[1].color = 'pink'), /^meta\.categories\.color\[1\]/],
  [
    'first subcategory',
    (p) => (p.meta.categories[1].subcategories[0] = 'x'),
    /^meta\.categories\.subcategories\[1\]/,
  ],
  [
    'schema twice',
    (p) => p.meta.markerSchema.push(p.meta.markerSchema[0]),
    /^meta\.markerSchema\.name\[1\]: given twice/,
  ],
  [
    'visible thread',
    (p) => p.meta.initialVisibleThreads.push(1),
    /^meta\.initialVisibleThreads: expected an index below 1/,
  ],
  ['range', (p) => (p.meta.profilingEndTime = 0), /^meta\.profilingEndTime: expected an end after/],
  ['lib column', (p) => (p.libs[1].buildId = ''), /^libs\.buildId: is unknown/],
  ['lib path', (p) => (p.libs[1].path = null), /^libs\.path\[1\]: expected a string/],

  ['string that is none', (p) => (p.shared.stringArray[2] = 2), /^shared\.stringArray\[2\]/],
  [
    'string twice',
    (p) => p.shared.stringArray.push('main'),
    /^shared\.stringArray: expected each string once/,
  ],
  [
    'short column',
    (p) => p.shared.frameTable.line.pop(),
    /^frameTable\.line: expected 11 rows, got 10/,
  ],
  [
    'wrong length',
    (p) => p.shared.funcTable.length++,
    /^funcTable\.name: expected 12 rows, got 11/,
  ],
  ['no length', (p) => delete p.shared.sources.length, /^sources\.length/],
  [
    'unknown column',
    (p) => (p.shared.resourceTable.lib = [0, 1]),
    /^resourceTable\.lib: is unknown/,
  ],
  ['missing column', (p) => delete p.shared.funcTable.isJS, /^funcTable\.isJS: is missing/],
  [
    'child first',
    (p) => (p.shared.stackTable.prefixOffset[1] = 2),
    /^stackTable\.prefixOffset\[1\]: expected a parent before row 1/,
  ],
  [
    'negative offset',
    (p) => (p.shared.stackTable.prefixOffset[1] = -1),
    /^stackTable\.prefixOffset\[1\]/,
  ],
  [
    'frame index',
    (p) => (p.shared.stackTable.frame[3] = 11),
    /^stackTable\.frame\[3\]: expected an index below 11, got 11/,
  ],
  ['func index', (p) => (p.shared.frameTable.func[0] = -1), /^frameTable\.func\[0\]/],
  [
    'lib null',
    (p) => (p.shared.frameTable.lib[9] = null),
    /^frameTable\.lib\[9\]: expected an index below 2, got null/,
  ],
  ['lib index', (p) => (p.shared.frameTable.lib[0] = 2), /^frameTable\.lib\[0\]/],
  [
    'address without lib',
    (p) => (p.shared.frameTable.address[9] = 4),
    /^frameTable\.lib\[9\]: expected a lib/,
  ],
  ['half an address', (p) => (p.shared.frameTable.address[0] = 1.5), /^frameTable\.address\[0\]/],
  ['category index', (p) => (p.shared.frameTable.category[0] = 2), /^frameTable\.category\[0\]/],
  [
    'subcategory index',
    (p) => (p.shared.frameTable.subcategory[0] = 1),
    /^frameTable\.subcategory\[0\]/,
  ],
  [
    'line 0',
    (p) => (p.shared.frameTable.line[0] = 0),
    /^frameTable\.line\[0\]: expected a whole number from 1/,
  ],
  [
    'symbol index',
    (p) => (p.shared.frameTable.nativeSymbol[0] = 4),
    /^frameTable\.nativeSymbol\[0\]/,
  ],
  [
    'symbol of another lib',
    (p) => (p.shared.frameTable.nativeSymbol[0] = 2),
    /^frameTable\.nativeSymbol\[0\]: expected a symbol of the frame's own lib/,
  ],
  [
    'symbol elsewhere',
    (p) => (p.shared.frameTable.nativeSymbol[0] = 1),
    /^frameTable\.nativeSymbol\[0\]: expected a symbol that holds address 15/,
  ],
  [
    'inline root',
    (p) => (p.shared.stackTable.prefixOffset[2] = 0),
    /^stackTable\.prefixOffset\[2\]: an inline frame is a root/,
  ],
  [
    'inline elsewhere',
    (p) => (p.shared.stackTable.prefixOffset[2] = 2),
    /^stackTable\.frame\[2\]: an inline frame and its parent differ in address/,
  ],
  [
    'inline depth skipped',
    (p) => (p.shared.frameTable.inlineDepth[2] = 2),
    /^stackTable\.frame\[2\]: an inline frame of depth 2 skips/,
  ],
  [
    'inline without address',
    (p) => (p.shared.frameTable.inlineDepth[9] = 1),
    /^frameTable\.inlineDepth\[9\]/,
  ],
  [
    'inline too deep',
    (p) => (p.shared.frameTable.inlineDepth[2] = 256),
    /^frameTable\.inlineDepth\[2\]: above 255/,
  ],
  ['name index', (p) => (p.shared.funcTable.name[0] = 99), /^funcTable\.name\[0\]/],
  ['resource null', (p) => (p.shared.funcTable.resource[0] = null), /^funcTable\.resource\[0\]/],
  ['source index', (p) => (p.shared.funcTable.source[0] = 1), /^funcTable\.source\[0\]/],
  ['resource type', (p) => (p.shared.resourceTable.type[0] = 6), /^resourceTable\.type\[0\]/],
  ['symbol lib', (p) => (p.shared.nativeSymbols.libIndex[0] = -1), /^nativeSymbols\.libIndex\[0\]/],
  ['source name', (p) => (p.shared.sources.filename[0] = null), /^sources\.filename\[0\]/],

  ['tid twice', (p) => p.threads.push(p.threads[0]), /^threads\[1\]\.tid/],
  ['pid number', (p) => (p.threads[0].pid = 7), /^threads\[0\]\.pid: expected a string/],
  ['thread column', (p) => (p.threads[0].stackTable = {}), /^threads\[0\]\.stackTable: is unknown/],
  [
    'thread end',
    (p) => (p.threads[0].unregisterTime = 3),
    /^threads\[0\]\.samples\.timeDeltas\[2\]: .* after the thread's end/,
  ],
  [
    'thread start',
    (p) => (p.threads[0].registerTime = 2),
    /^threads\[0\]\.samples\.timeDeltas\[0\]: .* before the thread's start/,
  ],
  [
    'process start',
    (p) => (p.threads[0].processStartupTime = 2),
    /^threads\[0\]\.registerTime: before the process/,
  ],
  [
    'process end',
    (p) => (p.threads[0].processShutdownTime = 2),
    /^threads\[0\]\.unregisterTime: after the process/,
  ],
  [
    'sample out of view',
    (p) => {
      Object.assign(p.threads[0], { unregisterTime: null, processShutdownTime: null });
      p.meta.profilingEndTime = 20.3;
    },
    /^threads\[0\]\.samples\.timeDeltas\[19\]: .* is not before profilingEndTime/,
  ],
  [
    'time falls',
    (p) => (p.threads[0].samples.timeDeltas[4] = -0.5),
    /^threads\[0\]\.samples\.timeDeltas\[4\]: expected a time of at least/,
  ],
  [
    'time null',
    (p) => (p.threads[0].samples.timeDeltas[4] = null),
    /^threads\[0\]\.samples\.timeDeltas\[4\]/,
  ],
  [
    'sample stack',
    (p) => (p.threads[0].samples.stack[0] = 11),
    /^threads\[0\]\.samples\.stack\[0\]/,
  ],
  [
    'sample stack −1',
    (p) => (p.threads[0].samples.stack[0] = -1),
    /^threads\[0\]\.samples\.stack\[0\]/,
  ],
  [
    'CPU delta',
    (p) => (p.threads[0].samples.threadCPUDelta[5] = -1),
    /^threads\[0\]\.samples\.threadCPUDelta\[5\]/,
  ],
  [
    'weight',
    (p) => delete p.threads[0].samples.weight,
    /^threads\[0\]\.samples\.weight: is missing/,
  ],
  [
    'marker name',
    (p) => (p.threads[0].markers.name[0] = null),
    /^threads\[0\]\.markers\.name\[0\]/,
  ],
  [
    'marker phase',
    (p) => (p.threads[0].markers.phase[0] = 4),
    /^threads\[0\]\.markers\.phase\[0\]/,
  ],
  [
    'marker category',
    (p) => (p.threads[0].markers.category[0] = null),
    /^threads\[0\]\.markers\.category\[0\]/,
  ],
  [
    'marker without start',
    (p) => (p.threads[0].markers.startTime[1] = null),
    /^threads\[0\]\.markers\.startTime\[1\]/,
  ],
  [
    'marker without end',
    (p) => (p.threads[0].markers.endTime[0] = null),
    /^threads\[0\]\.markers\.endTime\[0\]/,
  ],
  [
    'instant with end',
    (p) => (p.threads[0].markers.endTime[3] = 15),
    /^threads\[0\]\.markers\.endTime\[3\]/,
  ],
  [
    'marker backwards',
    (p) => (p.threads[0].markers.endTime[0] = 0.1),
    /^threads\[0\]\.markers\.endTime\[0\]: before startTime/,
  ],
  [
    'marker type',
    (p) => (p.threads[0].markers.data[0].type = 'x'),
    /^threads\[0\]\.markers\.data\[0\]: no marker schema is named "x"/,
  ],
  [
    'marker cause',
    (p) => (p.threads[0].markers.data[0].cause.stack = 11),
    /^threads\[0\]\.markers\.data\[0\]/,
  ],
  [
    'counter thread',
    (p) => (p.counters = [counter({ mainThreadIndex: 1 })]),
    /^counters\[0\]\.mainThreadIndex/,
  ],
  [
    'counter times',
    (p) => (p.counters = [counter({ samples: { length: 2, time: [2, 1], count: [0, 0] } })]),
    /^counters\[0\]\.samples\.time\[1\]/,
  ],
];

function counter(changes: object): Json {
  const samples = { length: 1, time: [1], count: [0] };
  const facts = { name: 'n', category: 'c', description: 'd', pid: '7', mainThreadIndex: 0 };
  return { ...facts, display: {}, samples, ...changes };
}

describe('assertProfileIntegrity', () => {
  it('accepts a whole profile', () => {
    expect(() => assertProfileIntegrity(validProfile())).not.toThrow();
    expect(() =>
      assertProfileIntegrity({ ...validProfile(), counters: [counter({})] }),
    ).not.toThrow();
  });

  it.each(CORRUPTIONS)('names the fault: %s', (_name, corrupt, message) => {
    const profile = validProfile();
    corrupt(profile);
    expect(() => assertProfileIntegrity(profile)).toThrow(message);
  });
});
