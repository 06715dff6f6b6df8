import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';

/** What a command takes, as its definition says: what completions and the man page are made of. */
export interface CommandFacts {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly options: readonly OptionFacts[];
  /** What is written after the options, for people. */
  readonly notes: string;
  /** Whether whatever follows its first argument is a guest's. */
  readonly isFollowedByGuest: boolean;
}

export interface OptionFacts {
  /** `-o`, `--profile`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Absent for one that has none. */
  readonly value?: ValueFacts;
}

export interface ValueFacts {
  /** As it is written: `<file>`. */
  readonly shown: string;
  readonly choices: readonly string[];
  readonly kind: 'choice' | 'file' | 'directory' | 'other';
}

/** The program itself, and its commands in the order of its help. */
export function commandsOf(program: Command): readonly CommandFacts[] {
  const commands = program.createHelp().visibleCommands(program);
  return [program, ...commands].map(factsOf);
}

function factsOf(command: Command): CommandFacts {
  const help = command.createHelp();
  const notes: string[] = [];
  // Texts that were added to the help are listeners of its; commander's types don't say that commands have any.
  (command as unknown as EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (text: string) => notes.push(text),
  });
  return {
    name: command.name(),
    summary: help.subcommandDescription(command),
    description: command.description(),
    usage: command.usage(),
    options: help.visibleOptions(command).map((option) => optionFacts(option, help)),
    notes: notes.join('').trim(),
    isFollowedByGuest: command.name() === 'run',
  };
}

function optionFacts(
  option: Option,
  help: { optionDescription(option: Option): string },
): OptionFacts {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const [shown] = /[<[].*[>\]]$/.exec(option.flags) ?? [];
  const description = help.optionDescription(option);
  if (shown === undefined) return { flags, description };
  const choices = option.argChoices ?? [];
  return { flags, description, value: { shown, choices, kind: kindOf(shown, choices) } };
}

function kindOf(shown: string, choices: readonly string[]): ValueFacts['kind'] {
  if (choices.length > 0) return 'choice';
  if (/^<(?:directory|host)/.test(shown)) return 'directory';
  return /^<(?:file|name=file)>/.test(shown) ? 'file' : 'other';
}
