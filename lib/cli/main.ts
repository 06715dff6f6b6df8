#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { printable } from '../formats/terminal-text.js';
import { keepV8Code } from './cache-directory.js';
import { ExitCode } from './exit-code.js';
import { programOf } from './program.js';
import { writeError } from './terminal.js';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

keepV8Code();

// The process ends by itself, once what it writes is written: `process.exit` would cut that off.
programOf(version, process.argv[2])
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = report(error);
  });

/** Tells what went wrong, and the exit code for it. */
function report(error: unknown): number {
  // Commander has written its message, or the help or version that it ends with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.Usage;
  if (isForUser(error)) {
    writeError(`error: ${printable(error.message)}`);
  } else {
    writeError(printable(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  }
  return ExitCode.Failure;
}

/** A `CliError`, of which each command's file may have a class of its own, or that the machine lacks what is needed. */
function isForUser(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === 'CliError' || ('code' in error && error.code === 'ERR_ADDON_NOT_FOUND');
}
