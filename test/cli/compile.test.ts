import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compilingText } from '../../lib/cli/compiling-line.js';
import { CliDirectory, guest } from './command.js';

const APP = guest('c/endings.wasm');

describe('compile', () => {
  it('makes what run --precompiled takes', async () => {
    await using cli = new CliDirectory();
    expect(await cli.run(['compile', APP, '-o', 'app.cwasm'])).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    const compiled = await cli.run([
      'run',
      '-q',
      '--precompiled',
      '--wasm',
      APP,
      'app.cwasm',
      'return',
    ]);
    const usual = await cli.run(['run', '-q', APP, 'return']);
    expect(compiled).toEqual(usual);
    expect(readdirSync(cli.path).sort()).toContain('app.profile.json');
  });

  it('a component, with the options of run', async () => {
    await using cli = new CliDirectory();
    const component = guest('component/endings.wasm');
    const options = ['--fuel', '--sampler', 'epoch'];
    expect(await cli.run(['compile', ...options, component, '-o', 'c.cwasm'])).toMatchObject({
      code: 0,
    });
    const other = await cli.run(['run', '-q', '--precompiled', 'c.cwasm', 'return']);
    expect(other.stderr).toContain('was not compiled for this program');
    const same = ['--fuel', '1000000000', '--sampler', 'epoch'];
    const run = await cli.run(['run', '-q', ...same, '--precompiled', 'c.cwasm', 'return']);
    expect(run).toEqual(await cli.run(['run', '-q', component, 'return']));
  });

  it.each([
    ['a file that is none', ['missing.wasm'], "can't read missing.wasm: no such file or directory"],
    ['what is no module', [guest('README.md')], 'is no valid WebAssembly module'],
    ['an output that is the module', [APP, '-o', APP], 'is the same file as'],
    ['an output in no directory', [APP, '-o', 'no/where.cwasm'], "can't write no/where.cwasm: "],
    ['a target that is none', [APP, '-o', 'x.cwasm', '--target', 'potato'], 'potato'],
  ])('refuses %s', async (_, args, message) => {
    await using cli = new CliDirectory();
    const { code, stderr } = await cli.run(['compile', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(readdirSync(cli.path)).toEqual([]);
  });
});

it('tells what is compiled, and since when', () => {
  expect(compilingText(69e6, 12_345)).toBe('compiling 69 MB …  12.3 s');
  expect(compilingText(2_412_000, 200)).toBe('compiling 2.4 MB …  0.2 s');
  expect(compilingText(1200, 5000)).toBe('compiling 2 kB …  5.0 s');
});
