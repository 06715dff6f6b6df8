import type { Command } from 'commander';
import type { AnnotateOptions } from './annotate.js';
import { addCacheOptions } from './cache-options.js';
import { positive, wasmFeatures } from './options.js';
import { addSelectOptions } from './select-options.js';

const HELP = `
Self are the samples in which an instruction ran itself, total those in which it or what it called did. Samples
by signals fall on any instruction; samples at epochs on calls, loop headers and function entries alone.

Examples:
  $ wasmtime-guest-profiler annotate app.profile.json app.wasm
  $ wasmtime-guest-profiler annotate -n 10 app.profile.json app.wasm | less
  $ wasmtime-guest-profiler annotate --precompiled app.cwasm app.profile.json app.wasm`;

export function addAnnotateCommand(program: Command): void {
  const command = program
    .command('annotate')
    .summary('show the hottest functions as text, with samples by instruction')
    .description(
      "Shows a profile's hottest functions in text format, with the samples of each instruction.",
    )
    .argument(
      '<file>',
      'a profile that run has written, in the Firefox format or .jslb; - for stdin',
    )
    .argument('<app.wasm>', 'the module or component that was profiled')
    .option('-n, --limit <number>', 'how many functions', positive, 3)
    .option('--json', 'as JSON, for programs: docs/schemas/annotate.schema.json')
    .option('--wasm-features <list>', 'as given to run', wasmFeatures)
    .option('--fuel', 'if it was given to run')
    .option('--precompiled <file>', 'its code, that compile has made of it: compiles nothing')
    .addHelpText('after', HELP);
  addSelectOptions(addCacheOptions(command)).action(
    async (path: string, app: string, options: AnnotateOptions) => {
      // It compiles, as other commands don't.
      const { annotate } = await import('./without-addon.js');
      await annotate(path, app, options);
    },
  );
}
