import { Argument, type Command } from 'commander';
import { write } from './terminal.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const HELP = `
Examples:
  $ echo 'eval "$(wasmtime-guest-profiler completions bash)"' >> ~/.bashrc
  $ echo 'source <(wasmtime-guest-profiler completions zsh)' >> ~/.zshrc
  $ wasmtime-guest-profiler completions fish > ~/.config/fish/completions/wasmtime-guest-profiler.fish`;

export function addCompletionsCommand(program: Command): void {
  program
    .command('completions')
    .summary('print a script that completes commands and options in a shell')
    .description('Prints a script that has a shell complete commands, options and their values.')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action(async (shell: Shell) => {
      const { commandsOf, ...scripts } = await import('./without-addon.js');
      const script = scripts[`${shell}Completions`];
      write(process.stdout, script(program.name(), commandsOf(program)));
    });
}

/** Adds the command that the build makes the man page with. */
export function addManPageCommand(program: Command, version: string): void {
  program.command('man-page', { hidden: true }).action(async () => {
    const { commandsOf, manPage } = await import('./without-addon.js');
    write(process.stdout, manPage(version, commandsOf(program)));
  });
}
