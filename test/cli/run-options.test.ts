import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../lib/index.js';
import { CliDirectory, guest } from './command.js';

const PARSER = guest('c/parser.wasm');

const MODULE = `(module
  (memory 1)
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add
        (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "same") (param i32 i64 f32 f64) (result i32 i64 f32 f64)
    (local.get 0) (local.get 1) (local.get 2) (local.get 3))
  (func (export "others") (result v128 funcref externref)
    (v128.const i64x2 0x1122334455667788 0) (ref.func 0) (ref.null extern))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "takes") (param v128))
  (func (export "none"))
  (func (export "_initialize") (i32.store (i32.const 0) (i32.const 7)))
  (func (export "initialized") (result i32) (i32.load (i32.const 0)))
  (global (export "global") i32 (i32.const 0)))`;

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());
beforeAll(() => writeFileSync(directory.file('app.wat'), MODULE));

const invoke = (name: string, ...args: string[]) =>
  directory.run(['run', '-q', '--invoke', name, 'app.wat', ...args]);

describe('run --invoke', () => {
  it('calls an export and prints its result; the profile shows it', async () => {
    const args = ['--interval', '50us', '--invoke', 'fib', 'app.wat', '36'];
    const { code, stdout, stderr } = await directory.run(['run', ...args]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '14930352\n' });
    expect(stderr).toContain('app.wat returned');
    expect(directory.profile('app.profile.json').shared.stringArray).toContain('fib');
  });

  it.each([
    [
      ['-1', '-1', '1.5', '-0'],
      ['-1', '-1', '1.5', '-0'],
    ],
    [
      ['4294967295', '0xffffffffffffffff', 'nan', 'inf'],
      ['-1', '-1', 'NaN', 'Infinity'],
    ],
    [
      ['0x10', '-9223372036854775808', '-Infinity', '1e3'],
      ['16', `${-(2n ** 63n)}`, '-Infinity', '1000'],
    ],
  ])('gives %j', async (args, results) => {
    const { stdout } = await invoke('same', ...args);
    expect(stdout).toBe(`${results.join('\n')}\n`);
  });

  it('prints vectors and references', async () => {
    const { stdout } = await invoke('others');
    expect(stdout).toBe('0x00000000000000001122334455667788\n<reference>\n<null reference>\n');
  });

  it('initializes a reactor before', async () => {
    expect((await invoke('initialized')).stdout).toBe('7\n');
  });

  it.each([
    ['nothing', [], 'exports no function nothing: there are fib, same, others, grow, takes, none'],
    ['global', [], 'exports no function global'],
    ['fib', [], 'fib takes (i32): got 0 arguments'],
    ['fib', ['4294967296'], "expected a value of type i32, got '4294967296'"],
    ['fib', ['1.0'], 'expected a value of type i32'],
    ['same', ['1', '1', '1', 'x'], "expected a value of type f64, got 'x'"],
    ['same', ['1', '1', '', '1'], 'expected a value of type f32'],
    ['takes', ['1'], "a value of type v128 can't be given on the command line"],
  ])('refuses %s %j', async (name, args, message) => {
    const { code, stdout, stderr } = await invoke(name, ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('the limits of run', () => {
  it('--max-memory lets a memory grow so far and no farther', async () => {
    const grow = async (pages: string) => {
      const args = ['-q', '--max-memory', '192KiB', '--invoke', 'grow', 'app.wat', pages];
      return (await directory.run(['run', ...args])).stdout;
    };
    expect(await grow('2')).toBe('1\n');
    expect(await grow('3')).toBe('-1\n');
    expect(JSON.stringify(directory.profile('app.profile.json'))).toContain('memory.grow refused');
  });

  it('--fuel ends a guest that uses more, and tells what was used', async () => {
    const fuel = (amount: string) =>
      directory.run(['run', '--fuel', amount, '--invoke', 'fib', 'app.wat', '10']);
    const enough = await fuel('1000000');
    expect(enough).toMatchObject({ code: 0, stdout: '55\n' });
    const used = Number(/^([\d,]+) of fuel used$/m.exec(enough.stderr)?.[1]?.replaceAll(',', ''));
    // It is looked at in function entries and loop headers only.
    const short = await fuel(`${Math.floor(used / 2)}`);
    expect(short).toMatchObject({ code: 134, stdout: '' });
    expect(short.stderr).toContain('all fuel consumed');
  });

  it('--wasm-features turns proposals off', async () => {
    const args = ['--wasm-features', 'simd=n,relaxed-simd=n', '--invoke', 'none', 'app.wat'];
    const { code, stderr } = await directory.run(['run', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain('SIMD support is not enabled');
    const clash = await directory.run(['run', '--wasm-features', 'simd=n', 'app.wat']);
    expect(clash.stderr).toMatch(/^error: cannot disable the simd proposal/);
  });
});

describe('run --precompiled', () => {
  it.each([
    ['with epoch checks', true],
    ['without', false],
  ])(
    'runs what Wasmtime has compiled, %s, with names of its own binary',
    async (_, epochInterruption) => {
      const engine = new Engine({ epochInterruption });
      writeFileSync(directory.file('app.cwasm'), engine.precompileModule(readFileSync(PARSER)));
      const args = ['--precompiled', '--wasm', PARSER, 'app.cwasm', '20'];
      const { code, stdout } = await directory.run(['run', ...args]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^parser rounds=20 /);
      expect(directory.profile('app.profile.json').shared.stringArray).toContain('order.c');
    },
  );
});

describe('run --debug-info', () => {
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
});
