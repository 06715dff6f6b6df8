import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import {
  FORMAT_NAMES,
  FORMATS,
  type FormatName,
  type FormatOptions,
  formatOfPath,
} from '../formats/formats.js';
import { WEIGHTS, type Weight } from '../profile/sample-weight.js';
import { GuestProfiler } from '../profiler/guest-profiler.js';
import type { WasiOptions, WasiPreopen } from '../runtime/wasi-config.js';
import { commandEngine, loadCommand } from './command-module.js';
import { formatsHelp } from './convert.js';
import { describeEnding, errorTextOf, exitCodeOf } from './ending.js';
import { ExitCode } from './exit-code.js';
import {
  directory,
  duration,
  type Environment,
  environmentOf,
  hertz,
  interval,
  variable,
} from './options.js';
import { checkWritable, defaultProfilePath, unwritable } from './profile-path.js';
import { type Recording, record } from './record.js';
import { summaryOf } from './summary.js';
import { printable, styleOf, writeError } from './terminal.js';

interface RunOptions {
  readonly profile: readonly string[];
  readonly format?: FormatName;
  readonly weight?: Weight;
  readonly interval: number;
  /** Milliseconds between samples too. */
  readonly hz?: number;
  readonly dir: readonly WasiPreopen[];
  readonly env: Environment;
  readonly timeout?: number;
  readonly hostCalls?: boolean;
  readonly hostTime?: boolean;
  readonly debugInfo?: string;
  readonly sourceMap?: string;
  readonly quiet?: boolean;
}

const HELP = `
Exit codes:
  the guest's own; else
  134  the guest trapped
  124  --timeout ended it
  130  SIGINT (Ctrl-C) ended it; a second Ctrl-C ends this program at once
  143  SIGTERM ended it
  1    the module can't be run, the host failed, or the profile can't be written
  2    the command line is wrong
The profile is written however the guest ends.

Examples:
  $ wasmtime-guest-profiler run app.wasm --verbose input.txt
  $ wasmtime-guest-profiler run --dir .::/ --env HOME --env LANG=C app.wasm < input.txt
  $ wasmtime-guest-profiler run --timeout 30s --interval 100us --profile app.json server.wasm
  $ wasmtime-guest-profiler run -o app.json -o app.pb.gz -o app.cpuprofile app.wasm

${formatsHelp()}`;

export function addRunCommand(program: Command, version: string): void {
  program
    .command('run')
    .summary('run a WASI command and profile it')
    .description(
      'Runs a WASI preview 1 command and profiles it. It has stdin, stdout and stderr of this one. ' +
        'Whatever follows the module is for the guest.',
    )
    .usage('[options] <app.wasm> [args...]')
    .argument('<app.wasm>', 'the module, binary or text')
    .argument('[args...]', 'its arguments, options among them')
    // `run app.wasm --help` asks the guest.
    .passThroughOptions()
    .version(version)
    .addOption(
      new Option(
        '-o, --profile <file>',
        'where the profile goes, in the format of its extension; repeat it for more',
      )
        .default([], '<app>.profile.json')
        .argParser((path: string, before: readonly string[]) => [...before, path]),
    )
    .addOption(
      new Option('--format <name>', 'the format, whatever the extension').choices([
        ...FORMAT_NAMES,
      ]),
    )
    .addOption(
      new Option('--weight <unit>', 'what samples count for, in formats that say').choices(WEIGHTS),
    )
    .addOption(
      new Option('--interval <time>', 'between two samples, from 0.05ms to 1s')
        .default(1, '1ms')
        .argParser(interval),
    )
    .addOption(
      new Option('--hz <number>', 'the same as samples in a second, from 1 to 20000')
        .conflicts('interval')
        .argParser(hertz),
    )
    .addOption(
      new Option('--dir <host[::guest]>', 'a directory that the guest may use; repeat it for more')
        .default([], 'none')
        .argParser(directory),
    )
    .addOption(
      new Option(
        '--env <NAME[=value]>',
        'a variable, inherited without a value; repeat it for more',
      )
        .default({}, 'none')
        .argParser(variable),
    )
    .option('--timeout <time>', 'end the guest after this time, such as 500ms, 10s or 2m', duration)
    .option('--host-calls', 'mark calls into the host by import, which makes them slower')
    .option('--host-time', 'also sample the time in host calls, under the import that was called')
    .option('--debug-info <file>', "where a stripped module's DWARF is, for lines")
    .option('--source-map <file>', "the module's source map, for lines")
    .option('-q, --quiet', 'no summary at the end, and no progress on a terminal')
    .addHelpText('after', HELP)
    .action(async (app: string, args: string[], options: RunOptions) => {
      process.exitCode = await run(app, args, options);
    });
}

/** Runs and profiles `app`; the exit code. */
async function run(app: string, args: readonly string[], options: RunOptions): Promise<number> {
  const outputs = outputsOf(app, options);
  for (const { path } of outputs) checkWritable(path);
  const engine = commandEngine();
  const module = loadCommand(engine, app);
  const name = basename(app);
  const recording = record(engine, module, {
    name,
    intervalMs: options.hz ?? options.interval,
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
    hostCalls: options.hostTime ? 'frames' : options.hostCalls ? 'markers' : false,
    progress: !options.quiet,
    symbols: {
      ...(options.debugInfo === undefined ? {} : { debugInfo: options.debugInfo }),
      ...(options.sourceMap === undefined ? {} : { sourceMap: options.sourceMap }),
    },
    wasi: wasiOptions([name, ...args], options),
  });

  const { ending, profiler } = recording;
  const error = errorTextOf(ending);
  if (error !== undefined) writeError(printable(error));
  const exitCode = exitCodeOf(ending);
  // The profile first: the summary's reader may be gone.
  const profile = profiler.finishProfile();
  const failures: Error[] = [];
  const written: string[] = [];
  for (const { path, ...format } of outputs) {
    try {
      await profile.write(path, format);
      written.push(path);
    } catch (error) {
      failures.push(unwritable(path, error));
    }
  }
  for (const warning of profiler.warnings) writeError(`warning: ${printable(warning)}`);
  if (!options.quiet) writeError(summary(recording, written));
  for (const { message } of failures) writeError(`error: ${printable(message)}`);
  return failures.length > 0 && exitCode === 0 ? ExitCode.Failure : exitCode;
}

/** The files to write, and how. */
function outputsOf(
  app: string,
  options: RunOptions,
): readonly (FormatOptions & { path: string })[] {
  const { profile, format, weight } = options;
  const paths = profile.length > 0 ? profile : [defaultProfilePath(app)];
  return paths.map((path) => {
    const name = format ?? formatOfPath(path) ?? 'firefox';
    // One weight for several files: those that say no weight have all of them.
    const chosen = weight !== undefined && FORMATS[name].weights.includes(weight);
    return { path, format: name, ...(chosen && { weight }) };
  });
}

function wasiOptions(args: readonly string[], options: RunOptions): WasiOptions {
  return {
    args,
    env: environmentOf(options.env, process.env),
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    preopens: options.dir,
  };
}

function summary(recording: Recording, paths: readonly string[]): string {
  const { ending, profiler, wallMs, cpuMs, missedTicks } = recording;
  const facts = { ending: describeEnding(ending), wallMs, cpuMs, missedTicks, paths };
  const layout = { style: styleOf(process.stderr), width: process.stderr.columns ?? 120 };
  return summaryOf(GuestProfiler.end(profiler), facts, layout);
}
