import { type Command, Option } from 'commander';
import { positive } from './options.js';
import { addViewOptions } from './select-options.js';
import type { TopOptions } from './top.js';

const HELP = `
Self is what a function ran itself, total what it ran with all that it called. FUNC is a function's name, or a part of
it that no other name has.

Examples:
  $ wasmtime-guest-profiler top app.profile.json
  $ wasmtime-guest-profiler top --lines app.profile.json
  $ wasmtime-guest-profiler top --list parse --sources ~/app/src app.profile.json
  $ wasmtime-guest-profiler top --callers memcpy app.profile.json
  $ wasmtime-guest-profiler top --weight cpu --limit 50 app.profile.json.gz
  $ wasmtime-guest-profiler top --markdown app.profile.json > report.md`;

export function addTopCommand(program: Command): void {
  const command = program
    .command('top')
    .summary('list the hottest functions of a profile')
    .description(
      "Lists a profile's functions, those first that ran longest themselves; or lines, or callers.",
    )
    .argument(
      '<file>',
      'a profile that run has written, in the Firefox format or .jslb; - for stdin',
    )
    .option('-n, --limit <number>', 'how many functions, or lines', positive, 30)
    .option('--lines', 'the hottest source lines instead')
    .addOption(
      new Option('--callers <func>', 'who calls a function, and what it calls').conflicts('lines'),
    )
    .addOption(
      new Option('--list <func>', "a function's source, with what each line ran").conflicts([
        'lines',
        'callers',
      ]),
    )
    .option(
      '--sources <directory>',
      "with --list: where source files lie that the profile doesn't carry; here by default",
    )
    .option('--markdown', 'as a Markdown report, for people and models to read')
    .option('--json', 'as JSON, for programs: docs/schemas/')
    .addHelpText('after', HELP);
  addViewOptions(command, 'samples').action(async (path: string, options: TopOptions) => {
    const { printTop } = await import('./without-addon.js');
    await printTop(path, options);
  });
}
