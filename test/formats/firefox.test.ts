import { describe, expect, it, vi } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { HOSTCALL_SCHEMA } from '../../lib/profile/marker-schema.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { seededRandom } from '../support/random.js';
import { START_UNIX_MS, sampleProfile, WEIRD_NAMES } from '../support/sample-profile.js';

function textOf(profile: Profile): string {
  // `fatal`: bytes that are no UTF-8 must not pass as replacement characters.
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat([...firefoxJson(profile)]));
}

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, whose shape is what these tests are about
function parse(profile: Profile): any {
  const json = JSON.parse(textOf(profile));
  assertProfileIntegrity(json);
  return json;
}

function emptyProfile(): Profile {
  return new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: START_UNIX_MS });
}

/** The times that a reader computes: a running sum of doubles. */
function readersTimes(samples: { timeDeltas: number[] }): number[] {
  let sum = 0;
  return samples.timeDeltas.map((delta) => (sum += delta));
}

describe('firefoxJson', () => {
  it('writes version 70, to the letter', () => {
    const profile = parse(sampleProfile());
    expect(profile.meta).toEqual({
      version: 36,
      preprocessedProfileVersion: 70,
      product: 'app',
      importedFrom: 'wasmtime-guest-profiler',
      interval: 1,
      startTime: START_UNIX_MS,
      profilingStartTime: 0,
      profilingEndTime: 21.333334,
      processType: 0,
      stackwalk: 1,
      symbolicated: true,
      symbolicationNotSupported: true,
      usesOnlyOneStackType: true,
      sourceCodeIsNotOnSearchfox: true,
      initialVisibleThreads: [0],
      sampleUnits: { time: 'ms', eventDelay: 'ms', threadCPUDelta: 'ns' },
      categories: [
        { name: 'Other', color: 'grey', subcategories: ['Other'] },
        { name: 'Guest', color: 'purple', subcategories: ['Other'] },
      ],
      markerSchema: [
        {
          name: 'hostcall',
          tableLabel: '{marker.data.module}',
          display: ['marker-chart', 'marker-table', 'timeline-overview'],
          fields: [
            { key: 'module', label: 'Module', format: 'string' },
            { key: 'import', label: 'Import', format: 'string' },
            { key: 'from', label: 'From', format: 'bytes' },
            { key: 'to', label: 'To', format: 'bytes' },
          ],
        },
      ],
      extra: [],
    });
    expect(profile.libs.map((lib: { name: string }) => lib.name)).toEqual(['app.wasm', 'lib.wasm']);
    expect(profile.shared.stackTable).toEqual({
      length: 11,
      frame: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      prefixOffset: [0, 1, 1, 1, 4, 0, 1, 1, 1, 1, 1],
    });
    const { frameTable } = profile.shared;
    expect(frameTable.address).toEqual([15, 63, 63, 63, 127, -1, -1, -1, -1, -1, -1]);
    expect(frameTable.lib).toEqual([0, 0, 0, 1, 0, -1, -1, -1, -1, -1, -1]);
    expect(frameTable.inlineDepth.slice(0, 4)).toEqual([0, 0, 1, 0]);
    expect(frameTable.line.slice(0, 3)).toEqual([2, 11, null]);
    expect(frameTable.column.slice(0, 3)).toEqual([7, null, null]);
    expect(profile.shared.nativeSymbols).toEqual({
      length: 4,
      libIndex: [0, 0, 1, 0],
      address: [0, 32, 0, 96],
      name: [3, 4, 6, 7],
      functionSize: [32, 64, null, 32],
    });
    expect(profile.shared.sources.content).toEqual(['int main() {\n}\n']);

    const [thread] = profile.threads;
    expect(thread).toMatchObject({
      name: 'app',
      processName: 'app',
      pid: '7',
      tid: 0,
      isMainThread: true,
      processStartupTime: 0,
      processShutdownTime: 21,
      registerTime: 0,
      unregisterTime: 21,
      showMarkersInTimeline: true,
    });
    expect(thread.samples.stack).toEqual([
      3,
      3,
      3,
      3,
      3,
      3,
      3,
      3,
      1,
      1,
      1,
      1,
      4,
      4,
      4,
      null,
      null,
      10,
      10,
      10,
    ]);
    expect(thread.samples.threadCPUDelta.slice(0, 2)).toEqual([0, 750_000]);
    expect(thread.markers).toEqual({
      length: 4,
      name: [14, 14, 14, 15],
      startTime: [0.25, 13.5, null, 14],
      endTime: [0.5, null, 13.75, null],
      phase: [1, 2, 3, 0],
      category: [0, 0, 0, 0],
      data: [
        { type: 'hostcall', cause: { stack: 4 } },
        { type: 'hostcall', cause: { stack: 4 } },
        { type: 'hostcall' },
        null,
      ],
    });
  });

  it('keeps every name as it was, and none can end a script element', () => {
    const text = textOf(sampleProfile());
    expect(text).not.toMatch(/<\/|<!--/);
    expect(JSON.parse(text).shared.stringArray).toEqual(expect.arrayContaining(WEIRD_NAMES));
  });

  it('writes a profile without threads, samples or frames', () => {
    const profile = emptyProfile();
    expect(parse(profile).threads).toEqual([]);
    profile.addThread({ name: 't' });
    expect(parse(profile).threads[0].samples).toMatchObject({ length: 0, stack: [] });
  });

  it('gives each thread its place', () => {
    const profile = emptyProfile();
    for (const name of ['a', 'b']) {
      const thread = profile.addThread({ name, startMs: 5 });
      thread.samples.push(NO_STACK, 6, 0);
      thread.end(9);
    }
    const { meta, threads } = parse(profile);
    expect([meta.profilingStartTime, meta.profilingEndTime]).toEqual([5, 9]);
    expect(meta.initialVisibleThreads).toEqual([0, 1]);
    expect(threads.map((t: { tid: number }) => t.tid)).toEqual([0, 1]);
  });

  it('writes fields of markers', () => {
    const profile = emptyProfile();
    const thread = profile.addThread({ name: 't' });
    const schema = profile.markerSchemas.intern({
      ...HOSTCALL_SCHEMA,
      name: 'read',
      fields: [{ key: 'bytes', format: 'bytes' }],
    });
    const marker = thread.markers.pushInstant({ name: profile.strings.intern('read'), schema }, 1);
    thread.markers.setFields(marker, { bytes: 42 });
    expect(parse(profile).threads[0].markers.data).toEqual([{ type: 'read', bytes: 42 }]);
  });

  it('loses no nanosecond of a million samples, though it writes differences', () => {
    const profile = emptyProfile();
    const thread = profile.addThread({ name: 't' });
    const random = seededRandom(7);
    const times: number[] = [];
    for (let row = 0, time = 1e6; row < 1_000_000; row++) {
      time += random(2_000_000) / 1e6 / 3;
      times.push(time);
      thread.samples.push(NO_STACK, time, 0.25);
    }
    const written = readersTimes(JSON.parse(textOf(profile)).threads[0].samples);
    let worst = 0;
    for (const [row, time] of times.entries()) {
      worst = Math.max(worst, Math.abs(time - (written[row] ?? Number.NaN)));
    }
    expect(worst * 1e6).toBeLessThan(1);
  });

  it('gives chunks of at most 128 KiB, however long a string is', () => {
    const profile = emptyProfile();
    profile.strings.intern('é'.repeat(300_000));
    for (let row = 0; row < 100_000; row++) profile.strings.intern(`name ${row}`);
    const chunks = [...firefoxJson(profile)];
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(128 * 1024);
    expect(parse(profile).shared.stringArray).toEqual([...profile.strings]);
  });

  it('hands chunks on as it goes: none is made long before it is asked for', () => {
    const profile = emptyProfile();
    const thread = profile.addThread({ name: 't' });
    for (let row = 0; row < 1_000_000; row++) thread.samples.push(NO_STACK, row, 1);
    const read = vi.spyOn(thread.samples.cpuDelta, 'rows');
    const rowsRead = () => read.mock.calls.reduce((sum, [from, to]) => sum + to - from, 0);
    let before = 0;
    let most = 0;
    for (const _chunk of firefoxJson(profile)) {
      most = Math.max(most, rowsRead() - before);
      before = rowsRead();
    }
    expect(before).toBe(1_000_000);
    // '1000000,' is 8 bytes: 16,384 of them fill a chunk, and it leaves at the end of a batch of 8,192.
    expect(most).toBeLessThanOrEqual(16_384 + 8_192);
  });
});
