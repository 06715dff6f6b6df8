/** Where profiles go: never over what they are made from, and as what was there. */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
beforeAll(async () => {
  copyFileSync(guest('wat/loops.wat'), directory.file('app.wat'));
  copyFileSync(guest('c/endings.wasm'), directory.file('app.wasm'));
  linkSync(directory.file('app.wasm'), directory.file('hard.json'));
  symlinkSync('app.wasm', directory.file('soft.json'));
  const { code } = await directory.run(['run', '-q', '-o', 'a.json', 'app.wasm', 'exit', '0']);
  expect(code).toBe(0);
  linkSync(directory.file('a.json'), directory.file('hard.folded'));
  symlinkSync('a.json', directory.file('soft.folded'));
});
afterAll(() => directory[Symbol.asyncDispose]());

describe('what is read is not written over', () => {
  it.each([
    [['run', '-o', 'app.wasm', '--format', 'firefox', 'app.wasm'], 'app.wasm'],
    [['run', '-o', 'hard.json', 'app.wasm'], 'app.wasm'],
    [['run', '-o', 'soft.json', 'app.wasm'], 'app.wasm'],
    [['run', '-o', './soft.json', 'app.wasm'], 'app.wasm'],
    [['run', '-o', 'hard.json', '--preload', 'lib=app.wasm', 'app.wat'], 'app.wasm'],
    [['run', '-o', 'hard.json', '--debug-info', 'app.wasm', 'app.wat'], 'app.wasm'],
    [['compare', '-o', 'hard.folded', 'a.json', 'app.wasm'], 'a.json'],
    [['diff', '-o', 'hard.folded', 'b.json', 'a.json'], 'a.json'],
    [['convert', 'a.json', 'a.json'], 'a.json'],
    [['convert', 'a.json', './a.json'], 'a.json'],
    [['convert', 'a.json', 'hard.folded'], 'a.json'],
    [['convert', 'soft.folded', 'a.json'], 'a.json'],
  ])('%j', async (args, read) => {
    const before = readFileSync(directory.file(read));
    const { code, stderr } = await directory.run(args);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^error: .* is the same file as .*, which is read/),
    });
    expect(readFileSync(directory.file(read)).equals(before)).toBe(true);
  });

  it('nor are two outputs one file', async () => {
    const { code, stderr } = await directory.run([
      'run',
      '-o',
      'b.json',
      '-o',
      './b.json',
      'app.wasm',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('is the same file as b.json, which is written too');
  });
});

it.each(['p.xyz', 'p.json.bak', 'p.'])('%s is refused before the guest runs', async (output) => {
  const { code, stdout, stderr } = await directory.run([
    'run',
    '-o',
    output,
    'app.wasm',
    'exit',
    '0',
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(`no format has the extension of ${output}: there are .json`);
});

it.runIf(process.platform !== 'win32')(
  'a private profile stays so, at the end of a link too',
  async () => {
    copyFileSync(directory.file('a.json'), directory.file('private.folded'));
    chmodSync(directory.file('private.folded'), 0o600);
    symlinkSync('private.folded', directory.file('link.folded'));
    const { code } = await directory.run(['convert', 'a.json', 'link.folded']);
    expect(code).toBe(0);
    expect(lstatSync(directory.file('link.folded')).isSymbolicLink()).toBe(true);
    expect(statSync(directory.file('private.folded')).mode & 0o777).toBe(0o600);
    expect(readFileSync(directory.file('private.folded'), 'utf8')).not.toContain('{');
  },
);
