import type { Command } from 'commander';
import type { DiffOptions } from './diff.js';
import { addPrintDiffOptions } from './print-diff-options.js';
import { addViewOptions } from './select-options.js';

const HELP = `
Modules are matched by hash, by being the only one, or by name; functions by name and source file, by name, or
by their code. Profiles of several runs (run --repeat 10) tell what is significant; the rest is within noise.
The most exact is compare, which runs two programs in turn.

Exit codes:
  0  the profiles were compared
  1  a profile can't be read, or has too few runs for --fail-above
  2  the command line is wrong
  3  something grew by more than --fail-above allows

Examples:
  $ wasmtime-guest-profiler diff before.profile.json after.profile.json
  $ wasmtime-guest-profiler diff --weight samples -o diff.html before.json after.json
  $ wasmtime-guest-profiler diff --markdown --fail-above 5% before.json after.json >> comment.md
  $ wasmtime-guest-profiler diff -o diff.folded before.json after.json
  $ inferno-flamegraph < diff.folded > diff.svg`;

export function addDiffCommand(program: Command): void {
  const command = program
    .command('diff')
    .summary('compare two profiles')
    .description('Tells which functions ran longer and which shorter in the second profile.')
    .argument('<before>', 'a profile, in the Firefox format or .jslb; - for stdin')
    .argument('<after>', 'the one to compare with it');
  addPrintDiffOptions(command).addHelpText('after', HELP);
  addViewOptions(command, 'cpu, or samples where it is unknown').action(
    async (before: string, after: string, options: DiffOptions) => {
      const { diff } = await import('./without-addon.js');
      process.exitCode = await diff(before, after, options);
    },
  );
}
