// What `run` gives a module to import, and what it may reach.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CliDirectory } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

function write(name: string, text: string): string {
  writeFileSync(directory.file(name), text);
  return name;
}

describe('WASI’s snapshot 0', () => {
  it('runs', async () => {
    const app = write(
      'unstable.wat',
      `(module
        (import "wasi_unstable" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "hello snapshot 0\\n")
        (func (export "_start")
          (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 17))
          (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`,
    );
    const { code, stdout } = await directory.run(['run', '-q', app]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello snapshot 0\n' });
  });

  it('sleeps as long as it says, and a timeout ends that', async () => {
    // A subscription to a clock: userdata, tag 0, the clock's name, its number, the timeout, precision, flags.
    const sleep = (ns: string) => `(module
      (import "wasi_unstable" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "sleep") (result i32)
        (i32.store (i32.const 24) (i32.const 1))
        (i64.store (i32.const 32) (i64.const ${ns}))
        (drop (call $poll (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 200)))
        (i32.load (i32.const 200))))`;
    const short = write('short.wat', sleep('1000000'));
    const { code, stdout } = await directory.run(['run', '-q', '--invoke', 'sleep', short]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
    const long = write('long.wat', sleep('600000000000'));
    const args = ['run', '-q', '--timeout', '50ms', '--invoke', 'sleep', long];
    expect((await directory.run(args)).code).toBe(124);
  });
});

describe('unknown imports', () => {
  const app = () =>
    write(
      'unknown.wat',
      `(module (import "env" "seven" (func $seven (result i32))) (import "env" "memory" (memory 1))
        (func (export "idle") (result i32) (i32.const 1))
        (func (export "call") (result i32) (call $seven)))`,
    );

  it('are refused, with what can be done', async () => {
    const { code, stderr } = await directory.run(['run', '--invoke', 'idle', app()]);
    expect(code).toBe(1);
    expect(stderr).toContain('imports env.seven, env.memory: run offers');
    expect(stderr).toContain('--preload');
    expect(stderr).toContain('--unknown-imports trap');
  });

  it('return zeros', async () => {
    const args = ['run', '-q', '--unknown-imports', 'zero', '--invoke', 'call', app()];
    expect(await directory.run(args)).toMatchObject({ code: 0, stdout: '0\n' });
  });

  it('trap when they are called', async () => {
    const functions = write(
      'functions.wat',
      `(module (import "env" "seven" (func $seven (result i32)))
        (func (export "idle") (result i32) (i32.const 1))
        (func (export "call") (result i32) (call $seven)))`,
    );
    const run = (name: string) =>
      directory.run(['run', '-q', '--unknown-imports', 'trap', '--invoke', name, functions]);
    expect(await run('idle')).toMatchObject({ code: 0, stdout: '1\n' });
    const { code, stderr } = await run('call');
    expect(code).toBe(1);
    expect(stderr).toContain('unknown import: `env::seven` has not been defined');
  });

  it('may be one or the other', async () => {
    const { code, stderr } = await directory.run(['run', '--unknown-imports', 'lie', app()]);
    expect(code).toBe(2);
    expect(stderr).toContain('Allowed choices are trap, zero');
  });

  it('are what a preloaded module exports, whose functions are in the profile', async () => {
    const library = write(
      'library.wat',
      `(module (memory (export "memory") 1)
        (func $seven (export "seven") (result i32) (local $i i32)
          (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 20000000))))
          (i32.const 7)))`,
    );
    const out = directory.file('preload.folded');
    const args = ['run', '-q', '-o', out, '--preload', `env=${library}`, '--invoke', 'call', app()];
    expect(await directory.run(args)).toMatchObject({ code: 0, stdout: '7\n' });
    expect(readFileSync(out, 'utf8')).toContain('seven');
  });

  it.each([['env'], ['=file'], ['env=']])('--preload %s makes no sense', async (text) => {
    const { code, stderr } = await directory.run(['run', '--preload', text, app()]);
    expect(code).toBe(2);
    expect(stderr).toContain('Expected NAME=FILE');
  });
});

describe('the network', () => {
  it.each([['127.0.0.1'], ['localhost:80'], ['1.2.3.4:99999']])(
    '%s is no address',
    async (text) => {
      const { code, stderr } = await directory.run(['run', '--tcp-connect', text, 'app.wasm']);
      expect(code).toBe(2);
      expect(stderr).toContain('Expected an address and a port');
    },
  );

  it('takes addresses, of modules too, which have no sockets', async () => {
    const app = write('command.wat', '(module (func (export "_start")))');
    const network = ['--tcp-connect', '127.0.0.1:*', '--tcp-listen', '[::1]:8080', '--allow-dns'];
    expect((await directory.run(['run', '-q', ...network, app])).code).toBe(0);
  });
});
