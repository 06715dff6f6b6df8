#!/usr/bin/env node
import { createRequire } from 'node:module';
import { CommanderError } from 'commander';
import { printable } from '../formats/terminal-text.js';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-code.js';
import { programOf } from './program.js';
import { writeError } from './terminal.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

// The process ends by itself, once what it writes is written: `process.exit` would cut that off.
try {
  await programOf(version).parseAsync();
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
