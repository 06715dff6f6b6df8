import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { FORMAT_NAMES } from '../../lib/formats/formats.js';
import type { Profile } from '../../lib/profile/profile.js';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory, guest, samplesIn } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => {
  save('a.json', sampleProfile());
  save('b.json', changedProfile());
  save('c.json', changedProfile(10));
});

describe('top', () => {
  it('lists functions, their weights and places', async () => {
    const { code, stdout, stderr } = await directory.run(['top', '--limit', '4', 'a.json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`app: 20 samples, one per 1 ms

self         total         function   hottest line
   8  44.4%      8  44.4%  memchr     lib.wasm
   4  22.2%     12  66.7%  parse      src/app.c:11
   3  16.7%      3  16.7%  print      app.wasm
   3  16.7%      3  16.7%  __proto__  app.wasm
… and 7 more
`);
  });

  it('weighs by time', async () => {
    const { stdout } = await directory.run(['top', '-n', '1', '--weight', 'cpu', 'a.json']);
    expect(stdout).toContain('12.8 ms CPU time');
    expect(stdout).toMatch(/^ *5\.3 ms +41\.2% +5\.3 ms +41\.2% +memchr/m);
  });

  it('reports in Markdown, names escaped', async () => {
    const { stdout } = await directory.run(['top', '--markdown', 'a.json']);
    expect(stdout).toMatch(/^# Profile of app$/m);
    expect(stdout).toContain('| 3 | 16.7% | 3 | 16.7% | \\_\\_proto\\_\\_ | app.wasm |');
    expect(stdout).toContain('- 44.4%: `main` → `parse` → `skip_space` → `memchr`\n');
  });

  it.each([
    [['top', 'none.json'], 1, "can't read none.json: no such file or directory"],
    [['top', '.'], 1, "can't read .: it is a directory"],
    [['top', 'a.json', '--thread', '1'], 1, 'a.json has 1 thread, counted from 0: no 1'],
    [['top', 'a.json', '--thread', 'x'], 2, 'Expected a number from 0.'],
    [['top', 'a.json', '-n', '0'], 2, 'Expected a number from 1.'],
    [['top', 'a.json', '--weight', 'bytes'], 2, 'Allowed choices are samples, wall, cpu.'],
    [['top', guest('c/parser.wasm')], 1, "no profile in the Firefox Profiler's format"],
  ])('%j exits with %d', refuses);
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
  ])('%j exits with %d', refuses);
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
  ])('%j exits with %d', refuses);
});

describe('the outputs of run', () => {
  it('are as many files as wanted, each in its format', async () => {
    const files = ['p.json', 'p.jslb', 'p.cpuprofile', 'p.pb.gz'];
    const outputs = files.flatMap((file) => ['-o', file]);
    const args = ['run', '--hz', '5000', ...outputs, guest('c/parser.wasm'), '20'];
    const { code, stderr } = await directory.run(args);
    expect(code).toBe(0);
    for (const file of files) expect(stderr).toContain(`Profile: ${file}\n`);
    expect(stderr).toContain('one per 0.2 ms');
    const { samples } = JSON.parse(readFileSync(directory.file('p.cpuprofile'), 'utf8'));
    expect(samples).toHaveLength(samplesIn(directory.profile('p.json')) + 1);
  });

  it('take one format whatever their names, and a weight where it has one', async () => {
    const args = ['run', '-q', '--format', 'folded', '--weight', 'wall', '-o', 'p.txt'];
    await directory.run([...args, guest('c/parser.wasm'), '20']);
    expect(readFileSync(directory.file('p.txt'), 'utf8')).toMatch(/^_start\S*;main\S* \d{6,}$/m);
  });

  it('are whole, but for those that fail', async () => {
    const args = ['run', '-o', 'good.json', '-o', '/dev/full', guest('c/endings.wasm'), 'args'];
    const { code, stderr } = await directory.run(args);
    expect(code).toBe(1);
    expect(stderr).toContain("error: can't write the profile /dev/full: no space is left");
    directory.profile('good.json');
  });

  it.each([
    [['run', '--hz', '0', guest('c/endings.wasm')], 2, 'Expected a number of samples'],
    [['run', '--hz', '1e3', guest('c/endings.wasm')], 2, 'Expected a number of samples'],
    [['run', '--hz', '9', '--interval', '1ms', guest('c/endings.wasm')], 2, 'cannot be used with'],
    [['run', '--format', 'svg', guest('c/endings.wasm')], 2, 'Allowed choices are firefox'],
    [
      ['run', '-o', 'a.json', '-o', 'no/b', guest('c/endings.wasm')],
      1,
      "can't write the profile no/b",
    ],
  ])('%j exits with %d', refuses);
});

async function refuses(args: string[], expected: number, message: string): Promise<void> {
  const { code, stdout, stderr } = await directory.run(args);
  expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('    at ');
}

function save(name: string, profile: Profile): void {
  writeFileSync(directory.file(name), Buffer.concat([...firefoxJson(profile)]));
}

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
