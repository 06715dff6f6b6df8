import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { programOf } from '../../lib/cli/program.js';
import { CliDirectory, guest } from './command.js';

const ENDINGS = guest('c/endings.wasm');

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

describe('a command line that makes no sense', () => {
  it.each([
    [[], 'Usage:'],
    [['fly'], "unknown command 'fly'"],
    [['rum', ENDINGS], 'Did you mean run?'],
    [['run'], "missing required argument 'app.wasm'"],
    [['run', '--profil', 'x', ENDINGS], 'Did you mean --profile?'],
    [['run', '--interval', '0.04ms', ENDINGS], 'Expected an interval from 0.05ms to 1s.'],
    [['run', '--interval', '1001ms', ENDINGS], 'Expected an interval from 0.05ms to 1s.'],
    [['run', '--interval', 'often', ENDINGS], 'Expected a time such as'],
    [['run', '--timeout', '10', ENDINGS], 'Expected a time such as'],
    [['run', '--env', '=1', ENDINGS], 'Expected NAME=value'],
    [['run', '--dir', '::/', ENDINGS], 'Expected host::guest'],
    [['run', '--wasm-features', 'gc,flying', ENDINGS], 'Expected names such as gc or simd=n, of '],
    [['run', '--wasm-features', 'gc=maybe', ENDINGS], 'Expected names such as'],
    [['run', '--fuel', '-1', ENDINGS], 'Expected a whole number from 1.'],
    [['run', '--fuel', '18446744073709551616', ENDINGS], 'Expected a whole number from 1.'],
    [['run', '--max-memory', '1TB', ENDINGS], 'Expected a size such as'],
  ])('%j exits with 2', async (args, message) => {
    const { code, stdout, stderr } = await directory.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('help', () => {
  it.each([
    [['--help'], 'run [options] <app.wasm> [args...]'],
    [['run', '--help'], 'Exit codes:'],
    [['help', 'run'], 'Examples:'],
    [['--version'], '0.1.0'],
    [['run', '--version'], '0.1.0'],
  ])('%j exits with 0', async (args, text) => {
    const { code, stdout, stderr } = await directory.run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(text);
  });
});

const whole = programOf('1.2.3');

const helpOf = (program: Command, name: string) => {
  const command = program.commands.find((command) => command.name() === name);
  let help = '';
  command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
};

describe('the program', () => {
  it('has a command alone as among all others', () => {
    const names = whole.commands.map((command) => command.name());
    expect(names).toContain('run');
    const alone = names.filter((name) => programOf('1.2.3', name).commands.length === 1);
    expect(alone).toHaveLength(names.length - 2); // Those that tell of all commands need all.
    for (const name of alone) {
      const help = helpOf(programOf('1.2.3', name), name);
      expect(help).toMatch(`Usage: wasmtime-guest-profiler ${name}`);
      expect(help).toBe(helpOf(whole, name));
    }
  });

  it('has all commands for whatever names none', () => {
    for (const first of [undefined, '--help', 'help', 'completions', 'rum', 'constructor']) {
      expect(programOf('1.2.3', first).commands).toHaveLength(whole.commands.length);
    }
  });
});
