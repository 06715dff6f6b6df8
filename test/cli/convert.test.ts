import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FORMAT_NAMES } from '../../lib/formats/format-list.js';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => {
  directory.save('a.json', sampleProfile());
});

describe('convert', () => {
  it('writes every format, as its extension or --format says', async () => {
    for (const format of FORMAT_NAMES) {
      const { code } = await directory.run([
        'convert',
        '--format',
        format,
        'a.json',
        `x.${format}`,
      ]);
      expect(code, format).toBe(0);
      expect(readFileSync(directory.file(`x.${format}`)).length).toBeGreaterThan(50);
    }
    await directory.run(['convert', 'x.jslb', 'again.json.gz']);
    const again = gunzipSync(readFileSync(directory.file('again.json.gz'))).toString();
    expect(JSON.parse(again).threads[0].samples.length).toBe(20);
  });

  it('writes to stdout', async () => {
    const { stdout } = await directory.run(['convert', '--format', 'folded', 'a.json', '-']);
    expect(stdout).toContain('main;parse;skip_space;memchr 8\n');
  });

  it.each([
    [['convert', 'a.json', 'x.xyz'], 1, 'no format has the extension of x.xyz: there are .json'],
    [['convert', 'a.json', 'x.json', '--weight', 'cpu'], 1, 'firefox has no choice of a weight'],
    [['convert', 'a.json', 'no/x.json'], 1, "can't write the profile no/x.json: no such file"],
    [['convert', 'a.json'], 2, "missing required argument 'to'"],
    [['convert', 'a.json', 'x', '--format', 'svg'], 2, 'Allowed choices are firefox'],
  ])('%j exits with %d', (args, code, message) => directory.expectRefusal(args, code, message));
});
