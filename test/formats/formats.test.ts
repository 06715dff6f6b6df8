import { describe, expect, it } from 'vitest';
import { FORMAT_NAMES, FORMATS, formatOfPath } from '../../lib/formats/format-list.js';
import { encodeProfile } from '../../lib/formats/formats.js';
import { Profile } from '../../lib/profile/profile.js';
import { sampleProfile } from '../support/sample-profile.js';
import { jsonOf, textOf } from './text.js';

describe('formatOfPath', () => {
  it.each([
    ['a.json', 'firefox'],
    ['a.profile.json.gz', 'firefox'],
    ['A.JSON', 'firefox'],
    ['a.jslb', 'jslb'],
    ['a.cpuprofile', 'cpuprofile'],
    ['a.speedscope.json', 'speedscope'],
    ['a.speedscope.json.gz', 'speedscope'],
    ['a.pb.gz', 'pprof'],
    ['a.pprof', 'pprof'],
    ['a.folded', 'folded'],
    ['a', undefined],
    ['json', undefined],
    ['a.gz', undefined],
  ])('%s is %s', (path, format) => {
    expect(formatOfPath(path)).toBe(format);
  });

  it('knows every format by each of its extensions', () => {
    for (const name of FORMAT_NAMES) {
      for (const extension of FORMATS[name].extensions) {
        expect(formatOfPath(`a${extension}`)).toBe(name);
      }
    }
  });
});

describe('encodeProfile', () => {
  it.each(FORMAT_NAMES)('writes an empty profile as %s', (format) => {
    const profile = new Profile({ product: 'empty', intervalMs: 1, startTimeUnixMs: 1 });
    expect(() => [...encodeProfile(profile, format).chunks]).not.toThrow();
  });

  it('gives a format for one thread the busiest, or the one asked for', () => {
    const profile = sampleProfile();
    profile.addThread({ name: 'worker' }).samples.push(0, 1, 0);
    const { chunks } = encodeProfile(profile, 'cpuprofile');
    expect(jsonOf(chunks).samples).toHaveLength(21);
    expect(jsonOf(encodeProfile(profile, 'cpuprofile', { thread: 1 }).chunks).samples).toEqual([
      3, 1,
    ]);
  });

  it('takes the format’s own weight unless told', () => {
    const profile = sampleProfile();
    expect(textOf(encodeProfile(profile, 'folded').chunks)).toContain('memchr 8\n');
    const { chunks } = encodeProfile(profile, 'folded', { weight: 'cpu' });
    expect(textOf(chunks)).toContain('memchr 5250000\n');
  });
});
