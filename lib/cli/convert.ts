import { type Command, Option } from 'commander';
import {
  encodeProfile,
  FORMAT_NAMES,
  FORMATS,
  type FormatName,
  formatOfPath,
} from '../formats/formats.js';
import { writeProfile } from '../formats/output.js';
import { CliError } from './cli-error.js';
import { checkDistinct, checkWritable, unknownExtension, unwritable } from './profile-path.js';
import { addViewOptions, type ProfileView, readSelected } from './read-file.js';

interface ConvertOptions extends ProfileView {
  readonly format?: FormatName;
}

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
  addViewOptions(command, "the format's first").action(convert);
}

const EXAMPLES = `Examples:
  $ wasmtime-guest-profiler convert app.profile.json app.cpuprofile
  $ wasmtime-guest-profiler convert --weight cpu app.profile.json app.speedscope.json
  $ wasmtime-guest-profiler convert app.profile.json app.pb.gz && go tool pprof -top app.pb.gz
  $ wasmtime-guest-profiler convert --format folded app.profile.json - | inferno-flamegraph > app.svg`;

/** The formats as help shows them. */
export function formatsHelp(): string {
  const rows = FORMAT_NAMES.map((name) => {
    const { title, extensions, weights } = FORMATS[name];
    const weighs = weights.length > 0 ? `; ${weights.join(', ')}` : '';
    return `  ${name.padEnd(11)} ${extensions.join(', ').padEnd(30)} ${title}${weighs}`;
  });
  return ['Formats, their extensions, what opens them, and what samples may weigh:', ...rows].join(
    '\n',
  );
}

async function convert(from: string, to: string, options: ConvertOptions): Promise<void> {
  const name = options.format ?? formatOfPath(to);
  if (name === undefined) {
    throw unknownExtension(to);
  }
  checkWeight(name, options);
  if (to !== '-') {
    checkDistinct([from], [to]);
    checkWritable(to);
  }
  const profile = await readSelected(from, options);
  const { weight } = options;
  const { chunks, compressed } = encodeProfile(
    profile,
    name,
    weight === undefined ? {} : { weight },
  );
  await writeProfile(chunks, to === '-' ? process.stdout : to, compressed).catch((error) => {
    // Whoever reads our stdout, `head` perhaps, has enough.
    if (to === '-' && error.code === 'EPIPE') return;
    throw unwritable(to, error);
  });
}

/** @throws CliError for a weight that the format can't say. */
export function checkWeight(name: FormatName, { weight }: ProfileView): void {
  const { weights } = FORMATS[name];
  if (weight === undefined || weights.includes(weight)) return;
  throw new CliError(`the format ${name} has no choice of a weight`);
}
