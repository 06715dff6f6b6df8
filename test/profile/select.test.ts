import { describe, expect, it } from 'vitest';
import { selfPaths } from '../../lib/profile/path-changes.js';
import { type Selection, sawFunction, select } from '../../lib/profile/select.js';
import { sampleProfile } from '../support/sample-profile.js';

/** Call paths and their samples, of what is selected; those of the weird names left out. */
function selected(selection: Selection): string[] {
  const profile = sampleProfile();
  select(profile, selection);
  return selfPaths({ profile, threads: profile.threads }, 'samples')
    .filter(({ path }) => ['main', 'parse'].includes(path[0] ?? ''))
    .map(({ path, self }) => `${path.join(';')} ${self}`);
}

describe('selecting samples', () => {
  it('takes those of a time', () => {
    expect(selected({ fromMs: 3, toMs: 9.5 })).toEqual([
      'main;parse 1',
      'main;parse;skip_space;memchr 6',
    ]);
  });

  it('takes those with a function, or without', () => {
    expect(selected({ focus: /^mem/u })).toEqual(['main;parse;skip_space;memchr 8']);
    expect(selected({ ignore: /^mem/u })).toEqual(['main;parse 4', 'main;print 3']);
    expect(selected({ focus: /parse/u, ignore: /mem/u })).toEqual(['main;parse 4']);
  });

  it('begins stacks at a function', () => {
    expect(selected({ root: 'parse' })).toEqual(['parse 4', 'parse;skip_space;memchr 8']);
  });

  it('folds what was inlined into the function around it', () => {
    expect(selected({ foldInlined: true })).toEqual([
      'main;parse 4',
      'main;print 3',
      'main;parse;memchr 8',
    ]);
  });

  it('keeps times and CPU time of what is left', () => {
    const profile = sampleProfile();
    select(profile, { focus: /print/u });
    const { samples } = profile.threads[0] as (typeof profile.threads)[number];
    expect(samples.length).toBe(20);
    expect(samples.time.get(5)).toBe(6 + 1 / 3);
    expect([...samples.stack.rows(0, 20)].filter((stack) => stack >= 0)).toHaveLength(3);
  });

  it('takes one thread, and the markers of a time', () => {
    const profile = sampleProfile();
    profile.addThread({ name: 'other' });
    select(profile, { thread: 0, fromMs: 13.6, toMs: 30 });
    expect(profile.threads.map(({ name }) => name)).toEqual(['app']);
    // The end of a call that began before, and a point.
    expect(profile.threads[0]?.markers.length).toBe(2);
  });

  it('knows whether a function was seen', () => {
    expect(sawFunction(sampleProfile(), (name) => name === 'memchr')).toBe(true);
    expect(sawFunction(sampleProfile(), (name) => name === 'nothing')).toBe(false);
  });
});
