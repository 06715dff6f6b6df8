import { afterAll, describe, expect, it } from 'vitest';
import { type RunFacts, summaryOf } from '../../lib/cli/summary.js';
import { PLAIN } from '../../lib/cli/terminal.js';
import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { hotFunctions } from '../readers/profiler-cli.js';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory, guest } from './command.js';

const FACTS: RunFacts = {
  ending: 'returned',
  wallMs: 12_345.6,
  cpuMs: 99.94,
  missedTicks: 0,
  paths: ['app.profile.json'],
};
const LAYOUT = { style: PLAIN, width: 80 };

describe('summaryOf', () => {
  it('shows the hottest functions of the samples that saw any', () => {
    expect(summaryOf(sampleProfile(), { ...FACTS, missedTicks: 1200 }, LAYOUT)).toBe(`
app returned
20 samples, one per 1 ms; 12.35 s wall time, 99.9 ms CPU time
Fewer than 50 samples tell little: --hz 10000 takes more, or --repeat 20
1,200 ticks not sampled, 98.4%: what ran at those is missing from all that is shown; a longer --interval loses fewer

    self    total  function
   44.4%    44.4%  memchr
   22.2%    66.7%  parse  src/app.c:11
   16.7%    16.7%  print
   16.7%    16.7%  __proto__
    0.0%    83.3%  main  src/app.c
                   and 6 more

Profile: app.profile.json
Drag it into https://profiler.firefox.com to open it: it stays on this machine, nothing is uploaded.`);
  });

  it('tells what ticks without a sample mean', () => {
    const line = (missedTicks: number) =>
      summaryOf(sampleProfile(), { ...FACTS, missedTicks }, LAYOUT).split('\n')[4];
    expect(line(1)).toBe('1 tick not sampled, 4.8%: too few to change what is shown');
    expect(line(2)).toContain('2 ticks not sampled, 9.1%: what ran at those is missing');
  });

  it('tells why there is nothing to show', () => {
    const profile = new Profile({ product: 'app', intervalMs: 0.5, startTimeUnixMs: 1 });
    profile.addThread({ name: 'app' });
    expect(summaryOf(profile, { ...FACTS, paths: [] }, LAYOUT)).toBe(`
app returned
0 samples, one per 0.5 ms; 12.35 s wall time, 99.9 ms CPU time
It ran for less than an interval, or waited all the time.`);
  });

  it('shortens long names, and shows nothing that would steer a terminal', () => {
    const profile = new Profile({ product: 'a\x1b[2Jpp', intervalMs: 1, startTimeUnixMs: 1 });
    const thread = profile.addThread({ name: 'app' });
    for (const name of ['\x1b[31mred\nline\u202e', 'long'.repeat(30), '']) {
      const func = profile.funcs.intern({ name: profile.strings.intern(name) });
      const frame = profile.frames.intern({ func });
      thread.samples.push(profile.stacks.intern(NO_STACK, frame), 1, 0);
    }
    const lines = summaryOf(profile, FACTS, { style: PLAIN, width: 40 }).split('\n');
    expect(lines[1]).toBe('a\ufffd[2Jpp returned');
    expect(lines.slice(6, 9)).toEqual([
      '   33.3%    33.3%  \ufffd[31mred\ufffdline\ufffd',
      '   33.3%    33.3%  longlong…longlonglong',
      '   33.3%    33.3%  (no name)',
    ]);
  });

  it('tells the file and the hottest line of a function, where there is room', () => {
    const profile = new Profile({ product: 'app', intervalMs: 1, startTimeUnixMs: 1 });
    const thread = profile.addThread({ name: 'app' });
    const source = profile.sources.intern(profile.strings.intern('src/app.c'));
    const func = profile.funcs.intern({ name: profile.strings.intern('work'), source });
    for (const [address, line] of [
      [1, 7],
      [2, 9],
      [3, 9],
      [4, 0],
      [5, 0],
      [6, 0],
    ] as const) {
      const frame = profile.frames.intern({ func, address, line });
      thread.samples.push(profile.stacks.intern(NO_STACK, frame), 1, 0);
    }
    const row = (width: number) =>
      summaryOf(profile, FACTS, { style: PLAIN, width }).split('\n')[6];
    expect(row(80)).toBe('  100.0%   100.0%  work  src/app.c:9');
    expect(row(30)).toBe('  100.0%   100.0%  work');
  });

  it('emphasizes its heading', () => {
    const style = { bold: (text: string) => `<b>${text}</b>`, dim: (text: string) => text };
    expect(summaryOf(sampleProfile(), FACTS, { style, width: 80 })).toContain(
      '<b>app returned</b>',
    );
  });
});

describe('the summary of run', () => {
  const directory = new CliDirectory();
  afterAll(() => directory[Symbol.asyncDispose]());

  it.each([
    ['go/pipeline.wasm', '3000'],
    ['c/parser.wasm', '60'],
  ])('of %s has the order of the Firefox Profiler', async (app, work) => {
    const args = ['run', '--profile', 'hot.json', '--interval', '0.5ms', guest(app), work];
    const { stderr } = await directory.run(args);
    directory.profile('hot.json');
    // Behind a name may stand its place.
    const row = /^ +[\d.]+% +[\d.]+% {2}(.+?)(?: {2}\S+)?$/gm;
    const rows = [...stderr.matchAll(row)].map(([, name]) => name);
    const expected = await hotFunctions(directory.file('hot.json'), 5);
    expect(rows).toHaveLength(5);
    expect(rows).toEqual(expected.map(({ name }) => name));
  });

  it('is colourless off a terminal', async () => {
    const { stderr } = await directory.run(['run', guest('c/endings.wasm'), 'args'], {
      stdin: '',
      env: { NO_COLOR: undefined },
    });
    expect(stderr).toContain('Drag it into https://profiler.firefox.com');
    expect(stderr).not.toContain('\x1b');
  });

  it.each(['-q', '--quiet'])('is absent with %s', async (quiet) => {
    const { stderr } = await directory.run(['run', quiet, guest('c/endings.wasm'), 'return']);
    expect(stderr).toBe('');
    directory.profile('endings.profile.json');
  });
});
