import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { CliDirectory, guest, type RunningCli, samplesIn } from './command.js';

const ENDINGS = guest('c/endings.wasm');

/** Says that it is ready, and then reads stdin until its end. */
const READER = `(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\\40\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 64) "ready\\n")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0)))
    (loop $again
      (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0)))
      (br_if $again (i32.load (i32.const 0))))))`;

/** Works long enough for samples, says that it is ready, and works on for good. */
const SPINNER = `(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\\40\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 64) "ready\\n")
  (func $work (local $i i32)
    (loop $again
      (br_if $again
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000000)))))
  (func (export "_start")
    (call $work)
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0)))
    (loop $again (call $work) (br $again))))`;

describe.skipIf(process.platform === 'win32')('run, at a signal', () => {
  const directory = new CliDirectory();
  writeFileSync(directory.file('reader.wat'), READER);
  writeFileSync(directory.file('spinner.wat'), SPINNER);
  afterAll(() => directory[Symbol.asyncDispose]());

  describe.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGQUIT', 131],
    ['SIGTERM', 143],
  ] as const)('%s', (signal, code) => {
    it.each([
      ['that spins', 'spinner.wat', [], 'spinner'],
      ['that sleeps', ENDINGS, ['sleep', '1000000'], 'endings'],
      ['that waits on stdin', 'reader.wat', [], 'reader'],
    ])('ends a guest %s and writes its profile', async (_, app, args, name) => {
      const cli = await directory.start(['run', '--interval', '0.2ms', app, ...args]).started();
      cli.child.kill(signal);
      const { stderr, ...outcome } = await cli.outcome;
      expect(outcome).toMatchObject({ code, signal: null });
      expect(stderr).toContain(`was ended by ${signal}\n`);
      const profile = directory.profile(`${name}.profile.json`);
      // The others run for less than an interval before they wait.
      if (name === 'spinner') expect(samplesIn(profile)).toBeGreaterThan(0);
    });
  });

  it('takes two at once for one: npx hands on what the terminal has sent already', async () => {
    const cli = await directory.start(['run', ENDINGS, 'sleep', '1000000']).started();
    cli.child.kill('SIGINT');
    cli.child.kill('SIGINT');
    expect(await cli.outcome).toMatchObject({ code: 130, signal: null });
    directory.profile('endings.profile.json');
  });

  it('writes the profile also when a second comes meanwhile', async () => {
    // It waits for the pipe's reader.
    execFileSync('mkfifo', [directory.file('late')]);
    const cli = await directory.start(['run', '--profile', 'late', ENDINGS, 'spin']).started();
    cli.child.kill('SIGINT');
    // Later than what counts as one.
    await setTimeout(300);
    cli.child.kill('SIGINT');
    await setTimeout(300);
    const [profile, outcome] = await Promise.all([
      readFile(directory.file('late'), 'utf8'),
      cli.outcome,
    ]);
    expect(outcome).toMatchObject({ code: 130, signal: null });
    expect(JSON.parse(profile)).toHaveProperty('threads');
  });

  it('ends at once at the third', async () => {
    // Nobody reads the pipe, so that the profile can't be written.
    execFileSync('mkfifo', [directory.file('pipe')]);
    const args = ['run', '--profile', 'pipe', ENDINGS, 'spin'];
    const cli = await directory.start(args).started();
    expect(await killUntilEnd(cli, 'SIGINT')).toMatchObject({ code: null, signal: 'SIGINT' });
  });

  it('tells when the profile can’t be written any more, and keeps the code', async () => {
    await using inner = new CliDirectory();
    const args = ['run', '--profile', inner.file('app.json'), ENDINGS, 'spin'];
    const cli = await directory.start(args).started();
    rmSync(inner.path, { recursive: true });
    cli.child.kill('SIGTERM');
    const { code, stderr } = await cli.outcome;
    expect(code).toBe(143);
    expect(stderr).toMatch(/error: can't write the profile .*: no such file or directory\n$/);
    expect(stderr).not.toContain('Profile:');
  });
});

/** Sends a signal again and again, as an impatient user does. */
async function killUntilEnd(cli: RunningCli, signal: NodeJS.Signals) {
  const timer = setInterval(() => cli.child.kill(signal), 300);
  const outcome = await cli.outcome;
  clearInterval(timer);
  return outcome;
}
