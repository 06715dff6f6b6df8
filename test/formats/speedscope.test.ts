import { describe, expect, it } from 'vitest';
import { speedscopeJson } from '../../lib/formats/speedscope.js';
import { sampleProfile } from '../support/sample-profile.js';
import { jsonOf } from './text.js';

describe('speedscopeJson', () => {
  it('has the samples in order, equal ones in a row as one', () => {
    const file = jsonOf(speedscopeJson(sampleProfile(), 'samples'));
    const names = file.shared.frames.map(({ name }: { name: string }) => name);
    const [profile] = file.profiles;
    expect(file).toMatchObject({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      name: 'app',
    });
    expect(profile).toMatchObject({ type: 'sampled', name: 'app', unit: 'none', endValue: 20 });
    expect(profile.weights).toEqual([8, 4, 3, 2, 3]);
    expect(
      profile.samples.slice(0, 4).map((stack: number[]) => stack.map((frame) => names[frame])),
    ).toEqual([
      ['main', 'parse', 'skip_space', 'memchr'],
      ['main', 'parse'],
      ['main', 'print'],
      [],
    ]);
  });

  it('tells files and lines of functions', () => {
    const { frames } = jsonOf(speedscopeJson(sampleProfile(), 'samples')).shared;
    expect(frames[0]).toEqual({ name: 'main', file: 'src/app.c', line: 1 });
    expect(frames[2]).toEqual({ name: 'skip_space' });
  });

  it.each([
    ['wall', 20_000_000],
    ['cpu', 19 * 750_000],
  ] as const)('adds %s time up in nanoseconds', (weight, total) => {
    const [profile] = jsonOf(speedscopeJson(sampleProfile(), weight)).profiles;
    expect(profile).toMatchObject({ unit: 'nanoseconds', endValue: total });
    expect(profile.weights.reduce((sum: number, value: number) => sum + value, 0)).toBe(total);
  });
});
