import { execFileSync } from 'node:child_process';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { bashCompletions } from '../../lib/cli/bash-completions.js';
import { commandsOf } from '../../lib/cli/command-facts.js';
import { fishCompletions } from '../../lib/cli/fish-completions.js';
import { manPage } from '../../lib/cli/man-page.js';
import { programOf } from '../../lib/cli/program.js';
import { zshCompletions } from '../../lib/cli/zsh-completions.js';

const program = programOf('1.2.3');
const facts = commandsOf(program);
const name = program.name();
const scripts = {
  bash: bashCompletions(name, facts),
  zsh: zshCompletions(name, facts),
  fish: fishCompletions(name, facts),
};
const page = manPage('1.2.3', facts);

/** All that a user can type: commands that help lists, with their flags. */
const shown = program.createHelp().visibleCommands(program);
const flagsOf = (command: Command) =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));

describe('every option of every command', () => {
  /** What of a text is of a command: it begins where `start` fits, and ends where the next does. */
  const part = (text: string, start: RegExp) => text.slice(text.search(start));

  // commander's own help command has none.
  const own = shown.filter((command) => command.name() !== 'help');
  it.each(own.map((command) => [command.name(), command] as const))('%s', (_, command) => {
    const own = command.name();
    const bash = part(scripts.bash, new RegExp(`^ {4}${own}\\)`, 'm')).split(/ ;;\n {4}\S/)[0];
    const zsh = part(scripts.zsh, new RegExp(`^ {8}${own}\\)`, 'm')).split(/ ;;\n {8}\S/)[0];
    const fish = scripts.fish.split('\n').filter((line) => line.includes(`_from ${own}'`));
    const manual = part(page, new RegExp(`^\\.SH "${own.toUpperCase()}"`, 'm')).split(/\n\.SH /)[0];
    for (const flag of flagsOf(command)) {
      expect(bash).toMatch(new RegExp(`options='(?:[^']* )?${flag}[ ']`));
      expect(zsh).toMatch(new RegExp(`'\\*${flag}=?\\[`));
      const letter = flag.startsWith('--') ? `-l ${flag.slice(2)} ` : `-s ${flag.slice(1)} `;
      expect(fish.some((line) => line.includes(letter))).toBe(true);
      expect(manual).toContain(`\\fB${flag.replaceAll('-', '\\-')}\\fR`);
    }
    expect(flagsOf(command)).toContain('--help');
  });
});

describe('bash', () => {
  /** What bash offers for the last word, each line of `lines` as a user types it. */
  function offered(...words: string[]): string[] {
    const typed = [name, ...words].map((word) => `'${word}'`).join(' ');
    const run = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _wasmtime_guest_profiler
      printf '%s\n' "\${COMPREPLY[@]}"; complete -p ${name}`;
    const output = execFileSync('bash', [
      '--norc',
      '--noprofile',
      '-euc',
      `${scripts.bash}\n${run}`,
    ]);
    const lines = output.toString().trimEnd().split('\n');
    expect(lines.pop()).toBe(
      `complete -o bashdefault -o default -F _wasmtime_guest_profiler ${name}`,
    );
    return lines.filter((line) => line !== '');
  }

  it.each([
    [[''], [...shown.map((command) => command.name()), ...flagsOf(program)]],
    [['co'], ['compare', 'compile', 'convert', 'completions']],
    [['run', '--sam'], ['--sampler']],
    [
      ['run', '--sampler', ''],
      ['signal', 'epoch'],
    ],
    [['run', '--sampler', '=', 'e'], ['epoch']],
    [
      ['run', '--sampler', '='],
      ['signal', 'epoch'],
    ],
    // A value is no file, and the options after it are still ours.
    [['run', '-o', 'p.json', '--qu'], ['--quiet']],
    // What follows the file is the guest's.
    [['run', '-o', 'p.json', 'app.wasm', '--qu'], []],
    [['top', 'p.json', '--mark'], ['--markdown']],
    // Files are bash's own.
    [['top', ''], []],
    [['nothing', '--'], []],
  ])('offers for %j %j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

it('the man page has nothing that roff would take for more than text', () => {
  const macros = page.split('\n').filter((line) => /^[.']/.test(line));
  expect(new Set(macros.map((line) => line.slice(0, 3)))).toEqual(
    new Set(['.TH', '.SH', '.B ', '.PP', '.TP', '.nf', '.fi']),
  );
  expect(page).toMatch(/^\.TH WASMTIME\\-GUEST\\-PROFILER 1 "" ".* 1\.2\.3" "User Commands"\n/);
  expect(page.replace(/\\(?:-|e|&|fB|fI|fR)/g, '')).not.toContain('\\');
});
