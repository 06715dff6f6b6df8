import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleProfile } from '../support/sample-profile.js';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => {
  directory.save('a.json', sampleProfile());
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
  ])('%j exits with %d', (args, code, message) => directory.expectRefusal(args, code, message));
});
