import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CliDirectory, guest } from './command.js';

const ENDINGS = guest('c/endings.wasm');
const PARSER = guest('c/parser.wasm');

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

describe('what run passes to the guest', () => {
  it('stdin, and its output back', async () => {
    const { code, stdout } = await directory.run(['run', ENDINGS, 'stdin'], { stdin: 'hello\n' });
    expect(code).toBe(0);
    expect(stdout).toBe('endings stdin length=6 sum=b73a0178\n');
  });

  it('all of a long stdin', async () => {
    const stdin = 'x'.repeat(1_000_000);
    const { stdout } = await directory.run(['run', ENDINGS, 'stdin'], { stdin });
    expect(stdout).toContain('length=1000000 ');
  });

  it('stderr, before the summary', async () => {
    const { stdout, stderr } = await directory.run(['run', ENDINGS, 'stderr']);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^endings stderr steps=9426000\n\nendings\.wasm returned\n/);
  });

  it('every line of many small writes', async () => {
    const { stdout } = await directory.run(['run', ENDINGS, 'chatter', '500']);
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i} 3142\n`);
    expect(stdout).toBe(lines.join(''));
  });

  it('every argument after the module, options of ours too', async () => {
    const args = ['args', '--help', '-x', '--', '--profile', 'x', '-q', '', 'ä b'];
    const { code, stdout } = await directory.run(['run', '-q', ENDINGS, ...args]);
    expect(code).toBe(0);
    const lines = ['endings.wasm', ...args].map((arg, i) => `${i}: ${arg}\n`);
    expect(stdout).toBe(lines.join(''));
    expect(existsSync(directory.file('x'))).toBe(false);
  });

  it('the arguments when -- precedes the module', async () => {
    const { stdout } = await directory.run(['run', '-q', '--', ENDINGS, 'args', '-x']);
    expect(stdout).toBe('0: endings.wasm\n1: args\n2: -x\n');
  });

  it('the variables of --env, and no others', async () => {
    const options = ['--env', 'A=1=2', '--env', 'INHERITED', '--env', 'UNSET', '--env', 'B='];
    const { stdout } = await directory.run(['run', ...options, ENDINGS, 'env'], {
      stdin: '',
      env: { INHERITED: 'yes', OTHER: 'no' },
    });
    expect(stdout.split('\n').sort().join(' ').trim()).toBe('A=1=2 B= INHERITED=yes');
  });

  it.each([
    ['under the guest’s own name', '.::/data', '/data/words.txt'],
    ['under its own name', '.', './words.txt'],
  ])('the directories of --dir, %s', async (_, dir, path) => {
    const { code, stdout } = await directory.run(['run', '--dir', dir, PARSER, '1', path]);
    expect(code).toBe(0);
    expect(stdout).toContain('parser rounds=1 ');
    expect(readFileSync(directory.file('words.txt'), 'utf8')).not.toBe('');
  });
});

describe('the profile of run', () => {
  it('names the module by its file, and has the interval', async () => {
    await directory.run(['run', '--profile', 'other.json', '--interval', '500us', PARSER, '20']);
    const { meta, shared } = directory.profile('other.json');
    expect(meta).toMatchObject({ product: 'parser.wasm', interval: 0.5 });
    expect(shared.stringArray).toContain('parser.wasm');
    expect(JSON.stringify(shared)).not.toContain(directory.path);
  });

  it('replaces an older one', async () => {
    writeFileSync(directory.file('older.json'), 'old');
    await directory.run(['run', '--profile', 'older.json', ENDINGS, 'return', '0']);
    directory.profile('older.json');
  });

  it('marks host calls only with --host-calls', async () => {
    const args = ['-q', ENDINGS, 'chatter', '20'];
    await directory.run(['run', '-q', ...args]);
    expect(directory.profile('endings.profile.json').threads[0]?.markers.length).toBe(0);
    await directory.run(['run', '--host-calls', ...args]);
    const marked = directory.profile('endings.profile.json').threads[0]?.markers.length;
    expect(marked).toBeGreaterThanOrEqual(20);
  });

  it('is written when nobody reads stderr any more', async () => {
    await using own = new CliDirectory();
    const cli = own.start(['run', ENDINGS, 'chatter', '50'], { stdin: '' });
    cli.child.stderr.destroy();
    expect(await cli.outcome).toMatchObject({ code: 0, signal: null });
    own.profile('endings.profile.json');
  });

  it.skipIf(!existsSync('/dev/full')).each([
    ['0', 1],
    ['3', 3],
  ])(
    'that has no room is an error, but a guest’s code %s wins if it isn’t 0',
    async (given, code) => {
      const args = ['run', '--profile', '/dev/full', ENDINGS, 'return', given];
      const outcome = await directory.run(args);
      expect(outcome.code).toBe(code);
      expect(outcome.stdout).toContain('endings return');
      expect(outcome.stderr).toContain(
        "error: can't write the profile /dev/full: no space is left on the device\n",
      );
    },
  );

  it.each([
    ['nowhere/app.json', 'no such file or directory'],
    ['.', 'it is a directory'],
    ['file/app.json', 'a part of its path is not a directory'],
  ])('to %s is refused before the guest runs', async (path, reason) => {
    writeFileSync(directory.file('file'), '');
    const outcome = await directory.run(['run', '--profile', path, ENDINGS, 'return', '3']);
    expect(outcome).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `error: can't write the profile ${path}: ${reason}\n`,
    });
  });
});
