import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config, Engine } from '../../lib/index.js';
import { CliDirectory, guest } from './command.js';

const ENDINGS = guest('c/endings.wasm');

/** A command, compiled by Wasmtime. */
function compiled(config: Config): string {
  const bytes = new Engine(config).precompileModule('(module (func (export "_start")))');
  return Buffer.from(bytes).toString('latin1');
}

/** A component with these exports, each of which is a run function. */
function command(...names: readonly string[]): string {
  return `(component
    (core module $m (func (export "run") (result i32) (i32.const 0)))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $command (export "run" (func $run)))
    ${names.map((name) => `(export "${name}" (instance $command))`).join(' ')})`;
}

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

describe('a file that run can’t run', () => {
  it.each([
    ['is not there', undefined, "can't read app.wasm: no such file or directory"],
    ['is empty', '', 'app.wasm is no valid WebAssembly module'],
    ['is cut short', '\0asm\x01\0\0\0\x01', 'app.wasm is no valid WebAssembly module'],
    ['is text', 'hello', 'app.wasm is no valid WebAssembly module'],
    [
      'is machine code',
      compiled({}),
      'a module that Wasmtime has compiled, machine code: if you trust',
    ],
    ['is a component that is no command', '\0asm\x0d\0\x01\0', 'exports no wasi:cli/run'],
    ['is a component as text', ';; Empty\n(component)', 'exports no wasi:cli/run'],
    ['is a component cut short', '\0asm\x0d\0\x01\0\x07', 'is no valid WebAssembly component'],
    [
      'is a command of preview 3',
      `(component (instance $run (export "run" (func $run))) (export "wasi:cli/run@0.3.0" (instance $run)))`,
      'is no valid WebAssembly component',
    ],
    [
      'is a component that imports what isn’t WASI',
      `(component (import "other" (func $other))
        (core module $m (func (export "run") (result i32) (i32.const 0)))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $command (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $command)))`,
      'imports other: run offers wasi:cli, clocks, filesystem, io, random and sockets of WASI 0.2. Define',
    ],
    [
      'is a command of WASI 0.2 and 0.3',
      command('wasi:cli/run@0.2.3', 'wasi:cli/run@0.3.0'),
      'exports wasi:cli/run@0.3.0, beside that of WASI 0.2: run supports WASI 0.2 alone, and no other yet\n',
    ],
    [
      'is a command of WASI 0.3',
      command('wasi:cli/run@0.3.0'),
      'exports wasi:cli/run@0.3.0: run supports WASI 0.2 alone, and no other yet\n',
    ],
    [
      'is a component for worlds that are missing',
      command('wasi:cli/run@0.2.0').replace(
        '(component',
        `(component ${['wasi:http/types@0.2.0', 'wasi:cli/stdin@0.3.0', 'wasi:nn/graph@0.2.0']
          .map((name) => `(import "${name}" (instance))`)
          .join(' ')}`,
      ),
      'needs wasi:http/types@0.2.0, wasi:cli/stdin@0.3.0, wasi:nn/graph@0.2.0: run offers wasi:cli, clocks, ' +
        'filesystem, io, random and sockets of WASI 0.2\n',
    ],
    ['has no _start', '(module)', 'exports no _start function: run needs a WASI command'],
    ['is a reactor', '(module (func (export "_initialize")))', 'is a WASI reactor'],
    [
      'has a _start with parameters',
      '(module (func (export "_start") (param i32)))',
      'a _start that is no function without parameters',
    ],
    [
      'imports what isn’t WASI',
      `(module ${[1, 2, 3, 4].map((i) => `(import "env" "f${i}" (func))`).join(' ')}
        (func (export "_start")))`,
      'imports env.f1, env.f2, env.f3, env.f4: run offers wasi_snapshot_preview1, wasi_unstable alone',
    ],
    [
      'imports what WASI hasn’t',
      '(module (import "wasi_snapshot_preview1" "sock_dance" (func)) (func (export "_start")))',
      'imports wasi_snapshot_preview1.sock_dance: run offers',
    ],
  ])('%s', async (_, content, message) => {
    if (content !== undefined) writeFileSync(directory.file('app.wasm'), content, 'latin1');
    const { code, stdout, stderr } = await directory.run(['run', 'app.wasm']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.toLowerCase()).toMatch(/^error: /);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    ['is no machine code', '(module)', 'is nothing that Wasmtime has compiled'],
    ['has no epoch checks', compiled({}), 'without epoch interruption', '--sampler', 'epoch'],
    ['counts fuel', compiled({ consumeFuel: true }), 'with fuel'],
    ['counts no fuel', compiled({ epochInterruption: true }), 'without fuel', '--fuel', '1000'],
    ['is cut short', compiled({}).slice(0, 200), 'app.wasm'],
  ])('with --precompiled: %s', async (_, content, message, ...options) => {
    writeFileSync(directory.file('app.wasm'), content, 'latin1');
    const args = ['run', '--precompiled', ...options, 'app.wasm'];
    const { code, stderr } = await directory.run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: app\.wasm/);
    expect(stderr).toContain(message);
  });

  it('is a directory', async () => {
    const { code, stderr } = await directory.run(['run', '.']);
    expect(code).toBe(1);
    expect(stderr).toBe("error: can't read .: it is a directory\n");
  });

  it('asks for a directory that isn’t there', async () => {
    const { code, stderr } = await directory.run(['run', '--dir', 'nowhere::/', ENDINGS]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: directory nowhere/);
  });

  it('imports nothing, but is a command all the same: it runs', async () => {
    writeFileSync(directory.file('app.wasm'), '(module (func (export "_start")))');
    const { code } = await directory.run(['run', 'app.wasm']);
    expect(code).toBe(0);
    directory.profile('app.profile.json');
  });
});
