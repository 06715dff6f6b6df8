import { Command } from 'commander';
import { addAnnotateCommand } from './annotate-options.js';
import { addCompareCommand } from './compare-options.js';
import { addCompileCommand } from './compile-options.js';
import { addCompletionsCommand, addManPageCommand } from './completions.js';
import { addConvertCommand } from './convert.js';
import { addDiffCommand } from './diff.js';
import { addRunOptions, type RunOptions } from './run-options.js';
import { write } from './terminal.js';
import { addTopCommand } from './top.js';
import { addViewCommand } from './view.js';

/** The command line: all commands and options, from which help, completions and the man page are made too. */
export function programOf(version: string): Command {
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
  addRunOptions(program, version).action(
    async (app: string, args: string[], options: RunOptions) => {
      // It needs the addon: most other commands work on machines that have none.
      const { run } = await import('./with-addon.js');
      process.exitCode = await run(app, args, options);
    },
  );
  addTopCommand(program);
  addDiffCommand(program);
  addCompareCommand(program);
  addCompileCommand(program);
  addAnnotateCommand(program);
  addConvertCommand(program);
  addViewCommand(program);
  addCompletionsCommand(program);
  addManPageCommand(program, version);
  return program;
}
