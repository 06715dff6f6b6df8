import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

async function textWith(debugInfo: string): Promise<{ text: string; stderr: string }> {
  const profile = directory.file('parser.json');
  const options = ['--interval', '50us', '--profile', profile, '--debug-info', debugInfo];
  const outcome = await directory.run(['run', ...options, guest('c/parser-names.wasm'), '20']);
  expect(outcome.code).toBe(0);
  return { text: readFileSync(profile, 'utf8'), stderr: outcome.stderr };
}

it('takes lines from --debug-info', async () => {
  const { text, stderr } = await textWith(guest('c/parser.wasm'));
  expect(text).toContain('"json.c"');
  expect(stderr).not.toContain('warning:');
});

it('warns when --debug-info is not there, and writes the profile', async () => {
  const { text, stderr } = await textWith('nowhere.wasm');
  expect(text).not.toContain('"json.c"');
  expect(stderr).toContain('warning: parser-names.wasm: debugInfo: ENOENT');
});
