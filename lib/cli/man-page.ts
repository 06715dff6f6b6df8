import type { CommandFacts, OptionFacts } from './command-facts.js';

/** The manual of the program in roff, section 1: all commands with their options, as `--help` has them. */
export function manPage(version: string, commands: readonly CommandFacts[]): string {
  const [program, ...others] = commands;
  if (program === undefined) throw new Error('expected a program, got none');
  const { name, description, options } = program;
  const lines = [
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 "" "${name} ${version}" "User Commands"`,
    '.SH NAME',
    `${text(name)} \\- profile WebAssembly programs in Wasmtime`,
    '.SH SYNOPSIS',
    `.B ${text(name)}`,
    text('command [options] [arguments]'),
    '.SH DESCRIPTION',
    text(description),
    '.SH OPTIONS',
    ...options.flatMap(optionLines),
    ...others.flatMap((command) => commandLines(name, command)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(program: string, command: CommandFacts): string[] {
  const { name, description, usage, options, notes } = command;
  return [
    `.SH "${name.toUpperCase()}"`,
    `.B ${text(`${program} ${name}`)}`,
    text(usage),
    '.PP',
    text(description),
    ...options.flatMap(optionLines),
    ...(notes === '' ? [] : ['.PP', '.nf', ...notes.split('\n').map(text), '.fi']),
  ];
}

function optionLines({ flags, description, value }: OptionFacts): string[] {
  const names = flags.map((flag) => `\\fB${text(flag)}\\fR`).join(', ');
  const shown = value === undefined ? '' : ` \\fI${text(value.shown)}\\fR`;
  return ['.TP', `${names}${shown}`, text(description)];
}

/** A line of text, as roff takes it: hyphens that can be copied, and nothing that it would obey. */
function text(line: string): string {
  const escaped = line.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
