import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { jslb } from '../../lib/formats/jslb.js';
import { readProfile, readProfileBytes } from '../../lib/formats/read.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { FinishedProfile } from '../../lib/profiler/finished-profile.js';
import { recordedProfile } from '../support/recorded-profile.js';
import { sampleProfile } from '../support/sample-profile.js';
import { jsonOf, textOf } from './text.js';

const directory = mkdtempSync(join(tmpdir(), 'read-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a profile that was read', () => {
  let recorded: Profile;
  beforeAll(() => {
    recorded = FinishedProfile.model(recordedProfile());
  });

  it.each(['JSON', 'JSON Slabs'])('is written as it was, of %s', async (format) => {
    for (const profile of [sampleProfile(), threads(), recorded]) {
      const bytes = Buffer.concat([...(format === 'JSON' ? firefoxJson(profile) : jslb(profile))]);
      const read = await readProfileBytes(bytes);
      expect(withoutEnd(read)).toBe(withoutEnd(profile));
    }
  });

  it.each([
    ['a.json', (bytes: Uint8Array) => bytes],
    ['a.json.gz', gzipSync],
    ['no-extension', gzipSync],
  ])('comes from %s, by its content', async (name, encode) => {
    const path = join(directory, name);
    writeFileSync(path, encode(Buffer.from(textOf(firefoxJson(recorded)))));
    expect(textOf(firefoxJson(await readProfile(path)))).toBe(textOf(firefoxJson(recorded)));
  });

  it('ends when it did, whatever sums of doubles are off by', async () => {
    for (const nanos of [1_032_781_259, 64_000_001, 924_116_381, 5_469_000_003]) {
      const profile = new Profile({ product: 'p', intervalMs: 0.25, startTimeUnixMs: 1 });
      const { samples } = profile.addThread({ name: 'p' });
      // Steps that no double is exactly.
      for (let i = 1; i <= 1000; i++)
        samples.push(NO_STACK, Math.round((nanos * i) / 1000) / 1e6, 0);
      const written = textOf(firefoxJson(profile));
      const read = await readProfileBytes(Buffer.from(written));
      expect(jsonOf(firefoxJson(read)).meta).toEqual(jsonOf(firefoxJson(profile)).meta);
    }
  });

  it('may have times instead of differences, and CPU time in microseconds', async () => {
    const json = jsonOf(firefoxJson(sampleProfile()));
    const { samples } = json.threads[0];
    const { timeDeltas, threadCPUDelta, ...others } = samples;
    let time = 0;
    json.threads[0].samples = {
      ...others,
      time: timeDeltas.map((delta: number) => (time += delta)),
      threadCPUDelta: threadCPUDelta.map((ns: number) => ns / 1000),
    };
    json.meta.sampleUnits.threadCPUDelta = 'µs';
    const read = await readProfileBytes(Buffer.from(JSON.stringify(json)));
    expect(withoutEnd(read)).toBe(withoutEnd(sampleProfile()));
  });
});

describe('what is no profile', () => {
  it.each([
    ['nothing', '', 'an empty file'],
    ['text', 'hello', 'no JSON'],
    ['half a profile', textOf(firefoxJson(sampleProfile())).slice(0, 500), 'no JSON'],
    ['a number', '1', 'it has no meta'],
    ['another JSON', '{"nodes":[]}', 'it has no meta'],
    ['a raw Gecko profile', '{"meta":{"version":30}}', 'of version none'],
    [
      'a newer one',
      '{"meta":{"preprocessedProfileVersion":71}}',
      'of version 71: this reads 41 to 70',
    ],
    ['damaged gzip', Buffer.concat([gzipSync('{"meta"'), Buffer.of(1)]).subarray(0, 20), 'damaged'],
    ['half a slab file', Buffer.concat([...jslb(sampleProfile())]).subarray(0, 300), 'damaged'],
    ['a slab file’s head', Buffer.concat([...jslb(sampleProfile())]).subarray(0, 15), 'damaged'],
  ])('%s is refused', async (_, content, message) => {
    await expect(readProfileBytes(Buffer.from(content))).rejects.toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_PROFILE',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ['shared.stringArray', 7, 'shared.stringArray: expected an array, got 7'],
    ['shared.frameTable.func.1', 99, 'shared.frameTable.func[1]: expected a whole number'],
    ['shared.frameTable.func.1', null, 'shared.frameTable.func[1]'],
    ['shared.stackTable.prefixOffset.0', 1, 'shared.stackTable.prefixOffset'],
    ['shared.stackTable.length', 3, 'shared.stackTable.frame: expected 3 rows'],
    ['shared.stackTable.length', -1, 'shared.stackTable.length'],
    ['threads.0.samples.stack.2', 1e9, 'threads[0].samples.stack[2]'],
    ['threads.0.samples.timeDeltas.2', 'x', 'threads[0].samples.timeDeltas[2]: expected a number'],
    ['threads.0.samples.weight', [1], 'threads[0].samples.weight: expected'],
    ['threads.0.markers.name.0', -1, 'threads[0].markers.name[0]'],
    ['threads.0.name', undefined, 'threads[0].name: expected a string, got nothing'],
    ['threads.0.tid', {}, 'threads[0].tid: expected a string, got an object'],
    ['threads.0.processName', 7, 'threads[0].processName: expected a string, got 7'],
    ['meta.product', [1, 2], 'meta.product: expected a string, got an array of 2 values'],
    ['meta.product', null, 'meta.product: expected a string'],
    ['meta.categories', {}, 'meta.categories: expected an array'],
    ['libs', null, 'libs: expected an array'],
    ['libs.0.debugName', 7, 'libs[0].debugName: expected a string, got 7'],
    ['libs.0.codeId', 7, 'libs[0].codeId: expected a string, got 7'],
    ['meta.extra', 7, 'meta.extra: expected an array, got 7'],
    ['meta.extra', [{ label: 'x' }], 'meta.extra[0].entries: expected an array, got nothing'],
    ['meta.categories.0.color', 'pink', 'meta.categories[0].color: expected one of transparent'],
    ['meta.categories.0.subcategories', [1], 'subcategories[0]: expected a string, got 1'],
  ])('names %s, which is %j', async (path, value, message) => {
    const json = jsonOf(firefoxJson(sampleProfile()));
    const keys = path.split('.');
    const last = keys.pop() as string;
    keys.reduce((object, key) => object[key], json)[last] = value;
    await expect(readProfileBytes(Buffer.from(JSON.stringify(json)))).rejects.toMatchObject({
      code: 'ERR_INVALID_PROFILE',
      message: expect.stringContaining(message),
    });
  });

  it('is told from a file that isn’t there', async () => {
    await expect(readProfile(join(directory, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

function threads(): Profile {
  const profile = sampleProfile();
  const worker = profile.addThread({ name: 'worker', startMs: 2, processName: 'other' });
  worker.samples.push(0, 3, 0.5);
  worker.end(9);
  const schema = { name: 'Note', display: [], fields: [{ key: 'n', format: 'integer' }] } as const;
  const kind = { name: profile.strings.intern('n'), schema: profile.markerSchemas.intern(schema) };
  worker.markers.setFields(worker.markers.pushInterval(kind, 4, 5, 1), { n: 7 });
  profile.categories.add('Other', 'blue', ['more']);
  return profile;
}

/** Without the ends, which the writer rounds up: what was a fraction of a nanosecond is none any more. */
function withoutEnd(profile: Profile): string {
  const ends = /"(profilingEndTime|processShutdownTime|unregisterTime)":[\d.]+,?/g;
  return textOf(firefoxJson(profile)).replace(ends, '');
}
