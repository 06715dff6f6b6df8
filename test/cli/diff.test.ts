import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Profile } from '../../lib/profile/profile.js';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => {
  directory.save('a.json', sampleProfile());
  directory.save('b.json', changedProfile());
  directory.save('c.json', changedProfile(10));
});

describe('diff', () => {
  it('tells what grew and what shrank', async () => {
    const { code, stdout } = await directory.run(['diff', '--weight', 'wall', 'a.json', 'c.json']);
    expect(code).toBe(0);
    expect(stdout).toBe(`app → app: wall time: 18.0 ms before, 98.0 ms after (+80.0 ms, +444.4%)
One run each: what differs from run to run by itself is not known. run --repeat 10, or compare, tells.

Grew
  change            before           after         function
+60.0 ms  +1500.0%  4.0 ms  22.2%  64.0 ms  65.3%  parse
+20.0 ms   +250.0%  8.0 ms  44.4%  28.0 ms  28.6%  memchr

Within the noise of sampling: 9 functions, 6.0 ms (33.3%) before, 6.0 ms (6.1%) after.
`);
  });

  it('calls nothing a change that chance makes', async () => {
    const { stdout } = await directory.run(['diff', 'a.json', 'b.json']);
    expect(stdout).toContain('No function changed.');
    expect(stdout).toContain('the largest change is +4.5 ms, of parse.');
  });

  it('says when nothing did', async () => {
    const { stdout } = await directory.run(['diff', '--weight', 'samples', 'a.json', 'a.json']);
    expect(stdout).toContain('app → app: samples: 18 before, 18 after (±0, ±0.0%)\n');
    expect(stdout).toContain('\nNo function changed.\n');
  });

  it('writes the input of differential flame graphs', async () => {
    const args = ['diff', '--weight', 'samples', '-o', 'd.folded', 'a.json', 'b.json'];
    await directory.run(args);
    const lines = readFileSync(directory.file('d.folded'), 'utf8').split('\n');
    expect(lines).toContain('main;parse 4 10');
    expect(lines).toContain('main;parse;skip_space;memchr 8 12');
    expect(lines).toContain('main;print 3 3');
  });

  it.each([
    [['diff', 'a.json', 'none.json'], 1, "can't read none.json"],
    [['diff', 'a.json', 'b.json', '-o', 'no/d.folded'], 1, "can't write the profile no/d.folded"],
    [
      ['diff', 'a.json', 'b.json', '-o', 'd.json'],
      1,
      'a comparison is written as .html or .folded',
    ],
    [['diff', 'a.json'], 2, "missing required argument 'after'"],
  ])('%j exits with %d', (args, code, message) => directory.expectRefusal(args, code, message));
});

/** With six more samples of `parse` and four of `memchr`. */
function changedProfile(times = 1): Profile {
  const profile = sampleProfile();
  const { samples } = profile.threads[0] ?? profile.addThread({ name: 'app' });
  const [memchr, parse] = [samples.stack.get(0), samples.stack.get(8)];
  for (const [i, stack] of [
    ...Array(6 * times).fill(parse),
    ...Array((times > 1 ? 2 : 4) * times).fill(memchr),
  ].entries()) {
    samples.push(stack, 21 + 1 / 3 + i, 0.75);
  }
  return profile;
}
