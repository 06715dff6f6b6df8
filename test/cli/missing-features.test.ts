import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CliDirectory } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

function write(name: string, text: string): string {
  writeFileSync(directory.file(name), text);
  return name;
}

describe('proposals that are off', () => {
  const WIDE = '(i64.mul_wide_u (i64.const 3) (i64.const 5)) drop i32.wrap_i64';
  it.each([
    ['shared-memory', '(memory 1 1 shared)', 'i32.const 0', '0\n'],
    ['wide-arithmetic', '', WIDE, '15\n'],
    ['custom-page-sizes', '(memory 1 (pagesize 1))', 'i32.const 0', '0\n'],
  ])('%s is named, and can be turned on', async (feature, items, body, result) => {
    const app = write(
      `${feature}.wat`,
      `(module ${items} (func (export "f") (result i32) ${body}))`,
    );
    const refused = await directory.run(['run', '-q', '--invoke', 'f', app]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`--wasm-features ${feature}`);
    const args = ['run', '-q', '--wasm-features', feature, '--invoke', 'f', app];
    expect(await directory.run(args)).toMatchObject({ code: 0, stdout: result });
  });
});
