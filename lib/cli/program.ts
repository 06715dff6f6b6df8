import { Command } from 'commander';
import { addAnnotateCommand } from './annotate-options.js';
import { addCompareCommand } from './compare-options.js';
import { addCompileCommand } from './compile-options.js';
import { addCompletionsCommand, addManPageCommand } from './completions.js';
import { addConvertCommand } from './convert-options.js';
import { addDiffCommand } from './diff-options.js';
import { addRunOptions, type RunOptions } from './run-options.js';
import { write } from './terminal.js';
import { addTopCommand } from './top-options.js';
import { addViewCommand } from './view-options.js';

const COMMANDS: Readonly<Record<string, (program: Command, version: string) => void>> = {
  run: addRunCommand,
  top: addTopCommand,
  diff: addDiffCommand,
  compare: addCompareCommand,
  compile: addCompileCommand,
  annotate: addAnnotateCommand,
  convert: addConvertCommand,
  view: addViewCommand,
};

/**
 * The command line: all commands and options, from which help, completions and the man page are made too. Where it begins
 * with a command's name, that command alone, since the others take milliseconds.
 */
export function programOf(version: string, first?: string): Command {
  const program = new Command('wasmtime-guest-profiler')
    .description(
      'Runs WebAssembly programs in the real Wasmtime and shows where they spend their time.',
    )
    .version(version)
    // Options before a command are the program's, those after it the command's.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write(process.stdout, text),
      writeErr: (text) => write(process.stderr, text),
    });
  if (first !== undefined && Object.hasOwn(COMMANDS, first)) {
    COMMANDS[first]?.(program, version);
    return program;
  }
  for (const add of Object.values(COMMANDS)) add(program, version);
  addCompletionsCommand(program);
  addManPageCommand(program, version);
  return program;
}

function addRunCommand(program: Command, version: string): void {
  addRunOptions(program, version).action(
    async (app: string, args: string[], options: RunOptions) => {
      // It needs the addon: most other commands work on machines that have none.
      const { run } = await import('./run.js');
      process.exitCode = await run(app, args, options);
    },
  );
}
