import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandsOf } from '../../lib/cli/command-facts.js';
import { fishCompletions } from '../../lib/cli/fish-completions.js';
import { programOf } from '../../lib/cli/program.js';
import { zshCompletions } from '../../lib/cli/zsh-completions.js';

const program = programOf('1.2.3');
const facts = commandsOf(program);
const name = program.name();

describe('fish', () => {
  it('offers options and choices', () => {
    const ask = (line: string) => `complete -C '${name} ${line}'`;
    const asked = ['run --sampl', 'run --sampler ', 'compa'].map(ask);
    const script = [fishCompletions(name, facts), ...asked];
    const lines = execFileSync('fish', ['--no-config', '-c', script.join('\n')]).toString();
    const [option, ...others] = lines.trimEnd().split('\n');
    expect(option).toMatch(/^--sampler\tsignal: at any instruction/);
    expect(others.map((line) => line.split('\t')[0])).toEqual(['epoch', 'signal', 'compare']);
  });
});

describe('zsh', () => {
  it('takes the script', () => {
    const { status, stderr } = spawnSync('zsh', ['-f', '-n'], {
      input: zshCompletions(name, facts),
    });
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  });
});
