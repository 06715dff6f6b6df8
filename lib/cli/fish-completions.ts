import type { CommandFacts, OptionFacts, ValueFacts } from './command-facts.js';

/** A script for fish that completes commands, options with what they mean, their values, and files. */
export function fishCompletions(program: string, commands: readonly CommandFacts[]): string {
  const [own, ...others] = commands;
  const head = `complete -c ${program}`;
  const lines = [
    `# fish completion of ${program}: ${program} completions fish | source`,
    ...others.map(
      ({ name, summary }) => `${head} -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ),
    ...(own?.options ?? []).map((option) => `${head} -n __fish_use_subcommand ${optionOf(option)}`),
    ...others.flatMap(({ name, options }) => {
      const condition = quoted(`__fish_seen_subcommand_from ${name}`);
      return options.map((option) => `${head} -n ${condition} ${optionOf(option)}`);
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function optionOf({ flags, description, value }: OptionFacts): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  return [...names, ...valueFlags(value), `-d ${quoted(description)}`].join(' ');
}

function valueFlags(value: ValueFacts | undefined): string[] {
  if (value === undefined) return [];
  return {
    choice: ['-x', `-a ${quoted(value.choices.join(' '))}`],
    file: ['-r', '-F'],
    directory: ['-x', `-a '(__fish_complete_directories)'`],
    other: ['-x'],
  }[value.kind];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
