import { type Command, Option } from 'commander';
import { WEIGHTS } from '../profile/sample-weight.js';
import type { CompareOptions } from './compare.js';
import { natural, positive } from './options.js';
import { addPrintDiffOptions } from './print-diff-options.js';
import { addGuestOptions } from './run-options.js';

const HELP = `
The programs run at the same time, 3 ms each in turn, so that whatever else the machine does affects
both alike: components and precompiled code run in whole, before, after, before, after … What they write to stdout is thrown away.

Exit codes:
  0  the programs were compared
  1  a program can't be run, or did not end by itself
  2  the command line is wrong
  3  something grew by more than --fail-above allows

Examples:
  $ wasmtime-guest-profiler compare old.wasm new.wasm
  $ wasmtime-guest-profiler compare --repeat 20 -o diff.html old.wasm new.wasm -- --verbose input.txt
  $ wasmtime-guest-profiler compare --markdown --fail-above 5% old.wasm new.wasm > comment.md
  $ wasmtime-guest-profiler compare --invoke fib --profiles out old.wasm new.wasm 30`;

/** Ten times as often as `run`: what a function takes is known as well as it has samples. */
const INTERVAL_MS = 0.1;

/** Adds the command `compare`. */
export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .summary('run two programs in turn and compare them')
    .description(
      'Runs two versions of a program in turn, profiles them, and tells what grew and shrank.',
    )
    .usage('[options] <before.wasm> <after.wasm> [-- args...]')
    .argument('<before.wasm>', 'a module or component')
    .argument('<after.wasm>', 'the one to compare with it')
    .argument('[args...]', 'the arguments of both')
    .option(
      '--repeat <number>',
      'runs of each, by default 10; by fuel 2, if these are the same',
      positive,
    )
    .option(
      '--warmup <number>',
      'runs of each before these, of which nothing is kept, by default 1, by fuel 0',
      natural,
    )
    .addOption(
      new Option('--weight <unit>', 'what samples count for; default: cpu').choices(WEIGHTS),
    )
    .option('--fold-inlined', 'what was inlined counts for the function around it')
    .option('--profiles <directory>', 'where to put before.profile.json and after.profile.json');
  addPrintDiffOptions(addGuestOptions(command, INTERVAL_MS))
    .addHelpText('after', HELP)
    .action(async (before: string, after: string, args: string[], options: CompareOptions) => {
      // It needs the addon.
      const { compare } = await import('./with-addon.js');
      process.exitCode = await compare([before, after], args, options);
    });
}
