import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CliDirectory, guest, samplesIn } from './command.js';

// A guest that can't be ended is found soon.

const ENDINGS = guest('c/endings.wasm');
const PROFILE = 'endings.profile.json';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

/** Works for a tenth of a second and exits. */
const EXIT = `(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $i i32)
    (loop $again
      (br_if $again
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200000000))))
    (call $proc_exit (i32.const 42))))`;

/** Rounds of work before a trap: a fifth of a second, in which even a busy machine finds time to sample. */
const ROUNDS = '60000';

/** Runs a mode of `endings.wasm` and looks at its profile. */
async function end(...args: string[]) {
  const outcome = await directory.run(['run', ENDINGS, ...args]);
  return { ...outcome, samples: samplesIn(directory.profile(PROFILE)) };
}

describe('run, when the guest', () => {
  it.each([
    ['returns', ['return', '0'], 0, 'returned'],
    ['returns a code from main', ['return', '3'], 3, 'exited with code 3'],
    ['exits', ['exit', '7'], 7, 'exited with code 7'],
    ['exits with 0', ['exit', '0'], 0, 'exited with code 0'],
    ['exits with the greatest code', ['exit', '125'], 125, 'exited with code 125'],
    ['exits below 50 calls', ['exit-deep'], 9, 'exited with code 9'],
  ] as const)('%s, has its exit code and a profile', async (_, args, code, told) => {
    const { stdout, stderr, ...outcome } = await end(...args);
    expect(outcome).toMatchObject({ code, signal: null });
    expect(stdout).toBe(`endings ${args[0]} steps=9426000\n`);
    expect(stderr).toContain(`\nendings.wasm ${told}\n`);
    expect(stderr).not.toContain('rror');
  });

  it('exits after some work, has samples of it', async () => {
    writeFileSync(directory.file('exit.wat'), EXIT);
    const { code } = await directory.run(['run', 'exit.wat']);
    expect(code).toBe(42);
    expect(samplesIn(directory.profile('exit.profile.json'))).toBeGreaterThan(0);
  });

  it.each([
    ['trap', 'wasm `unreachable` instruction executed'],
    ['abort', 'wasm `unreachable` instruction executed'],
    ['out-of-bounds', 'out of bounds memory access'],
    ['divide', 'integer divide by zero'],
    ['overflow', 'integer overflow'],
    ['null-call', 'uninitialized element'],
    ['bad-signature', 'indirect call type mismatch'],
    ['stack-overflow', 'call stack exhausted'],
    ['c-stack-overflow', 'out of bounds memory access'],
  ])('traps (%s), exits with 134 and tells Wasmtime’s text', async (mode, text) => {
    const { code, stdout, stderr, samples } = await end(mode, ROUNDS);
    expect(code).toBe(134);
    expect(stdout).toBe(`endings ${mode} steps=188520000\n`);
    expect(stderr).toMatch(
      /^Error: error while executing at wasm backtrace:\n +0: .*endings.wasm!/,
    );
    expect(stderr).toContain(text);
    expect(stderr).toContain('\nendings.wasm trapped\n');
    expect(samples).toBeGreaterThan(0);
  });

  it('makes a host function fail, exits with 1 and tells why', async () => {
    const { code, stderr } = await end('exit', '200');
    expect(code).toBe(1);
    expect(stderr).toContain('exit with invalid exit status outside of [0..126)');
    expect(stderr).toContain('\nendings.wasm failed\n');
  });

  it.each([
    ['spins', ['spin']],
    ['sleeps', ['sleep', '1000000']],
  ])('%s until --timeout, exits with 124', async (_, args) => {
    const time = ['--timeout', '300ms', '--interval', '0.2ms'];
    const { code, stderr } = await directory.run(['run', ...time, ENDINGS, ...args]);
    expect(code).toBe(124);
    expect(stderr).toContain('\nendings.wasm ran out of time\n');
    expect(samplesIn(directory.profile(PROFILE))).toBeGreaterThan(0);
  });

  it('has its fuel counted until --timeout, exits with 124', async () => {
    // What ends it must not look at fuel itself: the guest's registers are of no use there.
    const options = ['--timeout', '300ms', '--fuel', '1000000000000000', '-o', PROFILE];
    const args = ['run', '-q', ...options, guest('c/parser.wasm'), '1000000'];
    expect(await directory.run(args)).toMatchObject({ code: 124, signal: null });
    directory.profile(PROFILE);
  });

  it('waits on stdin until --timeout, exits with 124', async () => {
    // Stdin stays open.
    const args = ['run', '--timeout', '300ms', ENDINGS, 'stdin'];
    const { code } = await directory.start(args).outcome;
    expect(code).toBe(124);
    directory.profile(PROFILE);
  });

  it('is done before --timeout, does not wait for it', async () => {
    const startMs = performance.now();
    const { code } = await directory.run(['run', '--timeout', '100s', ENDINGS, 'return', '0']);
    expect(code).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(50_000);
  });
});
