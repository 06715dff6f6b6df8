import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

it('puts source texts into the profile with --sources', async () => {
  const run = async (...options: string[]) => {
    const profile = directory.file('sources.json');
    const args = ['run', '--interval', '50us', '-o', profile, ...options];
    const outcome = await directory.run([...args, guest('c/parser.wasm'), '20']);
    return { ...outcome, text: outcome.code === 0 ? readFileSync(profile, 'utf8') : '' };
  };
  const source = readFileSync(guest('c/parser/json.c'), 'utf8');
  const whole = await run('--sources', guest('c/parser'));
  expect(whole.stderr).not.toContain('warning:');
  expect(whole.text).toContain(JSON.stringify(source));

  const other = await run('--sources', guest('go'));
  expect(other.stderr).toMatch(/^warning: sources: none of \d+ files was found, such as \S+\.c$/m);
  expect(other.code).toBe(0);

  const none = await run('--sources', directory.file('nowhere'));
  expect(none.code).toBe(1);
  expect(none.stderr).toMatch(/^error: can't read \S+nowhere: no such file or directory$/m);
});
