import { describe, expect, it } from 'vitest';
import { foldedStacks } from '../../lib/formats/folded.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { sampleProfile } from '../support/sample-profile.js';
import { textOf } from './text.js';

describe('foldedStacks', () => {
  it('has a line for each call path, outermost first', () => {
    const weird =
      'say "hi" \\     ;lone \ufffd surrogate;</script><!-- <b>;snowman ☃ 𝄞 ä  ;(no name);__proto__';
    expect(textOf(foldedStacks(sampleProfile(), 'samples')).split('\n').sort()).toEqual(
      ['', 'main;parse 4', 'main;parse;skip_space;memchr 8', 'main;print 3', `${weird} 3`].sort(),
    );
  });

  it('weighs by nanoseconds of wall or CPU time', () => {
    // The first sample begins an interval before itself; it has no CPU time.
    expect(textOf(foldedStacks(sampleProfile(), 'wall'))).toContain('memchr 8000000\n');
    expect(textOf(foldedStacks(sampleProfile(), 'cpu'))).toContain('memchr 5250000\n');
  });

  it('adds up the addresses of one function, and tells threads apart', () => {
    const profile = new Profile({ product: 'app', intervalMs: 1, startTimeUnixMs: 1 });
    const { strings, funcs, frames, stacks } = profile;
    const func = funcs.intern({ name: strings.intern('a;b') });
    for (const name of ['main', 'worker']) {
      const { samples } = profile.addThread({ name });
      for (const address of [1, 2, 2]) {
        samples.push(stacks.intern(NO_STACK, frames.intern({ func, address })), 1, 0);
      }
      samples.push(NO_STACK, 2, 0);
    }
    expect(textOf(foldedStacks(profile, 'samples'))).toBe('main;a:b 3\nworker;a:b 3\n');
  });
});
