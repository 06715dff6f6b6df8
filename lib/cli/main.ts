#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { printable } from '../formats/terminal-text.js';
import { addAnnotateCommand } from './annotate-options.js';
import { CliError } from './cli-error.js';
import { addCompareCommand } from './compare-options.js';
import { addCompileCommand } from './compile-options.js';
import { addConvertCommand } from './convert.js';
import { addDiffCommand } from './diff.js';
import { ExitCode } from './exit-code.js';
import { addRunOptions, type RunOptions } from './run-options.js';
import { write, writeError } from './terminal.js';
import { addTopCommand } from './top.js';
import { addViewCommand } from './view.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

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
addRunOptions(program, version).action(async (app: string, args: string[], options: RunOptions) => {
  // It needs the addon: most other commands work on machines that have none.
  const { run } = await import('./run.js');
  process.exitCode = await run(app, args, options);
});
addTopCommand(program);
addDiffCommand(program);
addCompareCommand(program);
addCompileCommand(program);
addAnnotateCommand(program);
addConvertCommand(program);
addViewCommand(program);

// The process ends by itself, once what it writes is written: `process.exit` would cut that off.
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Tells what went wrong, and the exit code for it. */
function report(error: unknown): number {
  // Commander has written its message, or the help or version that it ends with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.Usage;
  if (error instanceof CliError || isWithoutAddon(error)) {
    writeError(`error: ${printable(error.message)}`);
  } else {
    writeError(printable(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  }
  return ExitCode.Failure;
}

/** The machine lacks what this command needs. */
function isWithoutAddon(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ADDON_NOT_FOUND';
}
