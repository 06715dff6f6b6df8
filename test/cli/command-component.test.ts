import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Component, Engine } from '../../lib/index.js';
import { CliDirectory, guest, samplesIn } from './command.js';

// A guest that can't be ended is found soon.

const ENDINGS = guest('component/endings.wasm');
const PARSER = guest('component/parser.wasm');
const PROFILE = 'endings.profile.json';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

describe('run, when a component', () => {
  // Preview 2 knows success and failure, no numbers.
  it.each([
    ['returns', ['return', '0'], 0, 'returned'],
    ['fails', ['return', '3'], 1, 'exited with code 1'],
    ['exits', ['exit', '7'], 1, 'exited with code 1'],
    ['exits with 0', ['exit', '0'], 0, 'exited with code 0'],
    ['traps', ['trap'], 134, 'trapped'],
  ] as const)('%s, has its exit code and a profile', async (_, args, code, told) => {
    const outcome = await directory.run(['run', ENDINGS, ...args]);
    expect(outcome).toMatchObject({ code, signal: null });
    expect(outcome.stdout).toBe(`endings ${args[0]} steps=9426000\n`);
    expect(outcome.stderr).toContain(`\nendings.wasm ${told}\n`);
    directory.profile(PROFILE);
  });

  it.each([
    ['spins', ['spin']],
    ['sleeps', ['sleep', '100000000']],
  ])('%s, ends it in time', async (_, args) => {
    const { code, stderr } = await directory.run(['run', '--timeout', '300ms', ENDINGS, ...args]);
    expect(code).toBe(124);
    expect(stderr).toContain('endings.wasm ran out of time');
    expect(samplesIn(directory.profile(PROFILE))).toBeGreaterThan(0);
  });

  it('spins, ends it at Ctrl-C', async () => {
    const cli = await directory.start(['run', ENDINGS, 'spin']).started();
    cli.child.kill('SIGINT');
    expect(await cli.outcome).toMatchObject({ code: 130 });
    expect(samplesIn(directory.profile(PROFILE))).toBeGreaterThan(0);
  });

  it('reads stdin and variables', async () => {
    const stdin = await directory.run(['run', ENDINGS, 'stdin'], { stdin: 'hello\n' });
    expect(stdin.stdout).toBe('endings stdin length=6 sum=b73a0178\n');
    const env = await directory.run(['run', '--env', 'A=1', ENDINGS, 'env']);
    expect(env.stdout).toBe('A=1\n');
  });

  it('works, tells its functions, with their lines and the imports that they called', async () => {
    const args = ['run', '--host-calls', '--dir', '.::/', PARSER, '60', '/file.json'];
    const { code, stdout, stderr } = await directory.run(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^parser rounds=60 .* checksum=[0-9a-f]{8}\n$/);
    expect(stderr).toMatch(/ samples, one per 1 ms; /);
    const profile = directory.profile('parser.profile.json');
    const text = JSON.stringify(profile);
    expect(text).toContain('json.c');
    expect(text).toMatch(/wasi:filesystem\/types@0\.2\.\d+#\[method\]descriptor\./);
    expect(text).toContain('wit-component:adapter:wasi_snapshot_preview1');
    expect(samplesIn(profile)).toBeGreaterThan(0);
  });

  it('was compiled before, runs it when told so', async () => {
    const engine = new Engine({ epochInterruption: true });
    writeFileSync(directory.file('app.cwasm'), Component.fromFile(engine, ENDINGS).serialize());
    const refused = await directory.run(['run', 'app.cwasm', 'return', '0']);
    expect(refused.stderr).toContain('app.cwasm is a component that Wasmtime has compiled');
    const args = ['run', '--precompiled', '--wasm', ENDINGS, 'app.cwasm', 'return', '0'];
    const { code, stderr } = await directory.run(args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    // Only that it is machine code.
    expect(stderr.match(/warning/g)).toHaveLength(1);
    expect(stderr).toContain('warning: app.cwasm is machine code that runs unchecked');
  });

  it.each([
    [['--invoke', 'main'], '--invoke calls functions of modules'],
    [['--source-map', 'x.map'], '--source-map is for modules'],
  ])('is asked %j, says no', async (options, message) => {
    const { code, stderr } = await directory.run(['run', ...options, ENDINGS]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});
