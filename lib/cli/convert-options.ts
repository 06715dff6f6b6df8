import { type Command, Option } from 'commander';
import { FORMAT_NAMES } from '../formats/format-list.js';
import type { ConvertOptions } from './convert.js';
import { formatsHelp } from './formats-help.js';
import { addViewOptions } from './select-options.js';

export function addConvertCommand(program: Command): void {
  const command = program
    .command('convert')
    .summary('write a profile in another format')
    .description('Writes a profile in another format, by the extension of the second file.')
    .argument(
      '<from>',
      'a profile that run has written, in the Firefox format or .jslb; - for stdin',
    )
    .argument('<to>', 'the file to write; with .gz at its end, compressed; - for stdout')
    .addOption(
      new Option('--format <name>', 'the format, whatever the extension').choices([
        ...FORMAT_NAMES,
      ]),
    )
    .addHelpText('after', `\n${formatsHelp()}\n\n${EXAMPLES}`);
  addViewOptions(command, "the format's first").action(
    async (from: string, to: string, options: ConvertOptions) => {
      const { convert } = await import('./without-addon.js');
      await convert(from, to, options);
    },
  );
}

const EXAMPLES = `Examples:
  $ wasmtime-guest-profiler convert app.profile.json app.cpuprofile
  $ wasmtime-guest-profiler convert --weight cpu app.profile.json app.speedscope.json
  $ wasmtime-guest-profiler convert app.profile.json app.pb.gz && go tool pprof -top app.pb.gz
  $ wasmtime-guest-profiler convert --format folded app.profile.json - | inferno-flamegraph > app.svg`;
