import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { jslb } from '../../lib/formats/jslb.js';
import { readProfileBytes } from '../../lib/formats/read.js';
import { FinishedProfile } from '../../lib/profiler/finished-profile.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { sampleProfile } from '../support/sample-profile.js';
import { jsonOf } from './text.js';

const KINDS: Readonly<
  Record<
    number,
    {
      new (buffer: ArrayBuffer, start: number, length: number): ArrayLike<number>;
      readonly BYTES_PER_ELEMENT: number;
    }
  >
> = { 1: Uint8Array, 4: Int32Array, 5: Uint32Array, 7: Float64Array };

describe('jslb', () => {
  it('holds the very profile that the JSON does', () => {
    const profile = resolved(Buffer.concat([...jslb(sampleProfile())]));
    expect(profile).toEqual(jsonOf(firefoxJson(sampleProfile())));
    assertProfileIntegrity(profile);
  });

  it('is the same when written again', () => {
    const profile = sampleProfile();
    const first = Buffer.concat([...jslb(profile)]);
    expect(Buffer.concat([...jslb(profile)])).toEqual(first);
  });
});

describe('a container that refers to its columns again and again', () => {
  /** A profile whose samples are all in one slab of `rows` bytes. */
  function shared(
    rows: number,
    threads: number,
    change: (json: Json) => void = () => {},
  ): Uint8Array {
    const json = jsonOf(firefoxJson(sampleProfile()));
    const column = { $s: 1 };
    const samples = { stack: column, timeDeltas: column, threadCPUDelta: column };
    const thread = {
      ...json.threads[0],
      samples: { ...json.threads[0].samples, ...samples, length: rows },
    };
    json.threads = Array(threads).fill(thread);
    json.counters = [];
    change(json);
    const text = Buffer.from(JSON.stringify(json));
    const start = Math.ceil((20 + 24 + text.length) / 8) * 8;
    const file = Buffer.alloc(start + rows);
    file.set([0xdc, 0xdf, 0x4a, 0x53, 0x4c, 0x42, 1, 0]);
    for (const [i, word] of [1, 2, 0, 10, 44, text.length, 1, start, rows].entries()) {
      file.writeUInt32LE(word, 8 + 4 * i);
    }
    file.set(text, 44);
    return file;
  }
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a known form.
  type Json = any;

  it('is read as far as its size allows, and else refused', async () => {
    const profile = await readProfileBytes(shared(100_000, 1));
    expect(profile.threads.map(({ samples }) => samples.length)).toEqual([100_000]);
    await expect(readProfileBytes(gzipSync(shared(100_000, 60)))).rejects.toMatchObject({
      code: 'ERR_INVALID_PROFILE',
      message: 'columns that are referred to again and again',
    });
  });

  it('stands for no more samples than the limit, however few bytes it has', async () => {
    const weighted = shared(1000, 1, (json) => {
      const { samples } = json.threads[0];
      json.threads[0].samples = { ...samples, weight: Array(1000).fill(100) };
    });
    const refused = { code: 'ERR_INVALID_PROFILE', message: expect.stringContaining('maxRows') };
    await expect(readProfileBytes(weighted, { maxRows: 99_999 })).rejects.toMatchObject(refused);
    const counted = shared(1000, 2, (json) => {
      json.threads = json.threads.map((thread: Json) => ({ ...thread, markers: NO_MARKERS }));
    });
    await expect(readProfileBytes(counted, { maxRows: 1999 })).rejects.toMatchObject(refused);
    const read = await FinishedProfile.read(counted, { maxRows: 2000 });
    expect(FinishedProfile.model(read).threads.map(({ samples }) => samples.length)).toEqual([
      1000, 1000,
    ]);
    await expect(FinishedProfile.read(counted, { maxRows: 0 })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
  });

  it('has a short message for a column in the place of a name', async () => {
    const file = shared(1_000_000, 1, (json) => {
      json.meta.product = { $s: 1 };
      json.threads = [];
    });
    await expect(readProfileBytes(file)).rejects.toMatchObject({
      code: 'ERR_INVALID_PROFILE',
      message: 'meta.product: expected a string, got an array of 1000000 values',
    });
  });
});

const NO_MARKERS = {
  length: 0,
  name: [],
  phase: [],
  startTime: [],
  endTime: [],
  category: [],
  data: [],
};

/** Reads a container by its description alone. */
function resolved(file: Uint8Array): unknown {
  const bytes = new Uint8Array(file);
  const view = new DataView(bytes.buffer);
  expect([...bytes.subarray(0, 8)]).toEqual([0xdc, 0xdf, 0x4a, 0x53, 0x4c, 0x42, 1, 0]);
  expect(view.getUint32(8, true)).toBe(1);
  const slabs = Array.from({ length: view.getUint32(12, true) }, (_, i) => {
    const [type, start, length] = [0, 4, 8].map((at) => view.getUint32(20 + 12 * i + at, true));
    return { type: type as number, start: start as number, length: length as number };
  });
  const root = slabs[view.getUint32(16, true)];
  expect(root?.type).toBe(0x0a);
  const text = Buffer.from(bytes.buffer, root?.start, root?.length).toString();
  return JSON.parse(text, (_, value) => {
    if (value === null || typeof value !== 'object' || !('$s' in value)) return value;
    const slab = slabs[value.$s];
    const Kind = KINDS[slab?.type ?? 0];
    if (slab === undefined || Kind === undefined) throw new Error('expected a slab of numbers');
    // Fails where the slab isn't aligned.
    return Array.from(new Kind(bytes.buffer, slab.start, slab.length / Kind.BYTES_PER_ELEMENT));
  });
}
