// Profiles of older versions of the Firefox Profiler's format, as other makers write them.
import { describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { foldedStacks } from '../../lib/formats/folded.js';
import { readProfileBytes } from '../../lib/formats/read.js';
import type { Profile } from '../../lib/profile/profile.js';
import { FinishedProfile } from '../../lib/profiler/finished-profile.js';
import { recordedProfile } from '../support/recorded-profile.js';
import { sampleProfile } from '../support/sample-profile.js';
import { jsonOf, textOf } from './text.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON.
type Json = any;

/** The same as a maker of version 49 or 55 has it: each thread with tables and strings of its own. */
function older(profile: Profile, version: number): Json {
  const json: Json = jsonOf(firefoxJson(profile));
  const { shared } = json;
  json.meta.preprocessedProfileVersion = version;
  delete json.shared;
  for (const schema of json.meta.markerSchema) {
    if (version >= 55) continue;
    schema.data = [...schema.fields, { label: 'Description', value: `about ${schema.name}` }];
    delete schema.fields;
  }
  for (const counter of json.counters ?? []) delete counter.display;
  for (const thread of json.threads) {
    const { funcTable, frameTable, stackTable, sources, ...tables } = structuredClone(shared);
    thread.stringArray = tables.stringArray;
    thread.nativeSymbols = tables.nativeSymbols;
    thread.resourceTable = {
      ...tables.resourceTable,
      lib: tables.resourceTable.name.map((name: number) =>
        json.libs.findIndex((lib: Json) => lib.name === tables.stringArray[name]),
      ),
    };
    const { source, ...funcs } = funcTable;
    thread.funcTable = {
      ...funcs,
      fileName: source.map((row: number | null) =>
        row === null || row < 0 ? null : sources.filename[row],
      ),
    };
    const { lib: _, category, ...frames } = frameTable;
    const { prefixOffset, ...stacks } = stackTable;
    thread.stackTable = {
      ...stacks,
      prefix: prefixOffset.map((offset: number, row: number) =>
        offset === 0 ? null : row - offset,
      ),
    };
    thread.frameTable = { ...frames, category };
    if (version < 53) {
      thread.stackTable.category = stackTable.frame.map((frame: number) => category[frame]);
      thread.frameTable.category = category.map(() => null);
    }
    const { length } = thread.samples;
    thread.samples.weight = new Array(length).fill(1);
  }
  return json;
}

const read = (json: Json): Promise<Profile> => readProfileBytes(Buffer.from(JSON.stringify(json)));

describe.each([49, 52, 53, 55])('version %i', (version) => {
  it('gives the same stacks, times, functions, files and lines', async () => {
    for (const profile of [sampleProfile(), FinishedProfile.model(recordedProfile())]) {
      const upgraded = await read(older(profile, version));
      expect(textOf(foldedStacks(upgraded, 'samples'))).toBe(
        textOf(foldedStacks(profile, 'samples')),
      );
      const [own, their] = [profile, upgraded].map(
        (profile) => jsonOf(firefoxJson(profile)) as Json,
      );
      expect(their.threads.map(({ samples }: Json) => samples.timeDeltas)).toEqual(
        own.threads.map(({ samples }: Json) => samples.timeDeltas),
      );
      const place = ({ shared }: Json) => [
        ...['line', 'column', 'address', 'inlineDepth', 'lib', 'category'].map(
          (key) => shared.frameTable[key],
        ),
        shared.funcTable.source.map(
          (row: number | null) => shared.stringArray[shared.sources.filename[row ?? -1]],
        ),
        shared.funcTable.name.map((name: number) => shared.stringArray[name]),
      ];
      expect(place(their)).toEqual(place(own));
      const markers = ({ threads }: Json) =>
        threads.map(({ markers }: Json) => [markers.startTime, markers.data]);
      expect(markers(their)).toEqual(markers(own));
    }
  });
});

describe('samples of other makers', () => {
  it('may count for several, within bounds', async () => {
    const json = older(sampleProfile(), 55);
    const [{ samples }] = json.threads;
    samples.weight[3] = 5;
    samples.weightType = 'samples';
    expect((await read(json)).threads[0]?.samples.length).toBe(samples.length + 4);
    samples.weight[3] = 1e9;
    await expect(read(json)).rejects.toMatchObject({ code: 'ERR_INVALID_PROFILE' });
    samples.weight[3] = 1;
    samples.weightType = 'bytes';
    await expect(read(json)).rejects.toThrow('weights of their own');
  });

  it('may have CPU time that is none, and no units', async () => {
    const json = older(sampleProfile(), 49);
    json.meta.sampleUnits.threadCPUDelta = 'variable CPU cycles';
    const [thread] = (await read(json)).threads;
    expect(
      Math.max(...Array.from({ length: 20 }, (_, i) => thread?.samples.cpuDelta?.get(i) ?? 0)),
    ).toBe(0);
    delete json.meta.sampleUnits;
    expect((await read(json)).threads.length).toBe(json.threads.length);
    json.meta.sampleUnits = { time: 'bytes' };
    await expect(read(json)).rejects.toThrow('expected ms');
  });
});

it.each([40, 71, 48.5, '55', null])('version %s is refused', async (version) => {
  const json = older(sampleProfile(), 55);
  json.meta.preprocessedProfileVersion = version;
  await expect(read(json)).rejects.toMatchObject({ code: 'ERR_INVALID_PROFILE' });
});

it('no damage to the tables is anything but an error that names it', async () => {
  const tables = [
    'stringArray',
    'funcTable',
    'frameTable',
    'stackTable',
    'resourceTable',
    'nativeSymbols',
  ];
  for (const table of tables) {
    for (const value of [
      7,
      'text',
      [],
      {},
      { length: 1e9 },
      { length: 3, frame: [9], prefix: [null] },
    ]) {
      const json = older(sampleProfile(), 49);
      json.threads[0][table] = value;
      await read(json).then(
        (profile) => expect(profile.threads.length).toBeGreaterThan(0),
        (error) => expect(error).toMatchObject({ code: 'ERR_INVALID_PROFILE' }),
      );
    }
  }
});
