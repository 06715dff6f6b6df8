import { type Command, Option } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../formats/format-list.js';
import { WEIGHTS, type Weight } from '../profile/sample-weight.js';
import { CLOCKS, SAMPLERS, type SampleClock, type Sampler } from '../profiler/sampler.js';
import type { Config } from '../runtime/config.js';
import type { WasiPreopen } from '../runtime/wasi-config.js';
import { addCacheOptions, type CacheOptions } from './cache-options.js';
import type { Environment } from './environment.js';
import { formatsHelp } from './formats-help.js';
import {
  address,
  byteSize,
  directory,
  duration,
  fuel,
  fuelUnits,
  hertz,
  interval,
  natural,
  type Preload,
  positive,
  preload,
  variable,
  wasmFeaturesOption,
} from './options.js';

/** What becomes of imports that nobody defines, instead of a refusal. */
export const UNKNOWN_IMPORTS = ['trap', 'zero'] as const;
export type UnknownImports = (typeof UNKNOWN_IMPORTS)[number];

/** How a guest is run. Times are in milliseconds, sizes in bytes. */
export interface GuestOptions extends CacheOptions {
  readonly interval: number;
  /** Milliseconds between samples too. */
  readonly hz?: number;
  readonly by?: 'time' | 'fuel';
  readonly everyFuel?: number;
  readonly sampler?: Sampler;
  readonly clock?: SampleClock;
  readonly dir: readonly WasiPreopen[];
  readonly env: Environment;
  readonly stdin?: string;
  readonly seed?: number;
  readonly tcpConnect: readonly string[];
  readonly tcpListen: readonly string[];
  readonly allowDns?: boolean;
  readonly preload: readonly Preload[];
  readonly unknownImports?: UnknownImports;
  readonly invoke?: string;
  readonly wasmFeatures?: Config;
  readonly fuel?: bigint;
  readonly maxMemory?: number;
  readonly precompiled?: boolean;
  readonly timeout?: number;
}

/** What `run` is asked for. */
export interface RunOptions extends GuestOptions {
  readonly profile: readonly string[];
  readonly format?: FormatName;
  readonly weight?: Weight;
  /** How many runs; one, which is a profile without runs, when absent. */
  readonly repeat?: number;
  readonly warmup?: number;
  readonly hostCalls?: boolean;
  readonly hostTime?: boolean;
  readonly debugInfo?: string;
  readonly sourceMap?: string;
  readonly symbolMap?: string;
  readonly sources?: string;
  readonly wasm?: string;
  readonly showArguments?: boolean;
  readonly open?: boolean;
  readonly quiet?: boolean;
}

const HELP = `
Exit codes:
  the guest's own; else
  134  the guest trapped
  124  --timeout ended it
  129, 130, 131, 143
       SIGHUP, SIGINT (Ctrl-C), SIGQUIT or SIGTERM ended it; the third ends this program at once
  1    the module can't be run, the host failed, or the profile can't be written
  2    the command line is wrong
The profile is written however the guest ends.

Examples:
  $ wasmtime-guest-profiler run app.wasm --verbose input.txt
  $ wasmtime-guest-profiler run --dir .::/ --env HOME --env LANG=C app.wasm < input.txt
  $ wasmtime-guest-profiler run --timeout 30s --interval 100us --profile app.json server.wasm
  $ wasmtime-guest-profiler run -o app.json -o app.pb.gz -o app.cpuprofile app.wasm
  $ wasmtime-guest-profiler run --invoke fib app.wasm 30
  $ wasmtime-guest-profiler run --repeat 10 --warmup 1 -o app.json app.wasm
  $ wasmtime-guest-profiler run --open app.wasm

${formatsHelp()}`;

/** Adds the command `run`, still without its action. */
export function addRunOptions(program: Command, version: string): Command {
  const command = addGuestOptions(
    program
      .command('run')
      .summary('run a WASI command, or a function, and profile it')
      .description(
        'Runs a WASI command, a module of preview 1 or a component of preview 2, and profiles it. ' +
          'The guest uses the stdin, stdout and stderr of this command. ' +
          'Whatever follows the module is for the guest.',
      )
      .usage('[options] <app.wasm> [args...]')
      .argument('<app.wasm>', 'the module or component, binary or text')
      .argument('[args...]', 'its arguments, options among them')
      // `run app.wasm --help` asks the guest.
      .passThroughOptions()
      .version(version),
  );
  return command
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
    .option('--host-calls', 'mark calls into the host by import, which makes them slower')
    .option('--host-time', 'also sample the time in host calls, under the import that was called')
    .option('--debug-info <file>', "where a stripped module's DWARF is, for lines")
    .option('--source-map <file>', "the module's source map, for lines: it comes before DWARF")
    .option(
      '--symbol-map <file>',
      "names of a stripped module's functions, as of emcc --emit-symbol-map",
    )
    .option(
      '--sources <directory>',
      'where the source files lie: the profile gets the texts of those that it names',
    )
    .option('--wasm <file>', "the module's own binary, for the names of a --precompiled one")
    .option('--show-arguments', "have the profile show the guest's arguments")
    .option(
      '--repeat <number>',
      'run it that many times, into one profile, for comparisons',
      positive,
    )
    .option(
      '--warmup <number>',
      'with --repeat: runs before these, of which nothing is kept',
      natural,
    )
    .option('--open', 'afterwards open the profile in the browser, as view does, until Ctrl-C')
    .option('-q, --quiet', 'no summary at the end, and no progress on a terminal')
    .addHelpText('after', HELP);
}

/** Adds the options of a guest that is run, whatever for: a {@link GuestOptions}; `intervalMs` is the usual one. */
export function addGuestOptions(command: Command, intervalMs = 1): Command {
  return addCacheOptions(command)
    .addOption(
      new Option('--interval <time>', 'between two samples, from 0.05ms to 1s')
        .default(intervalMs, `${intervalMs}ms`)
        .argParser(interval),
    )
    .addOption(
      new Option('--hz <number>', 'samples in a second, instead of --interval: from 1 to 20000')
        .conflicts('interval')
        .argParser(hertz),
    )
    .addOption(
      new Option(
        '--sampler <name>',
        'signal: at any instruction, of code without epoch checks; epoch: at those. signal where it is supported',
      ).choices(SAMPLERS),
    )
    .addOption(
      new Option('--clock <name>', 'what samples by signals are of: CPU time or wall time')
        .choices(CLOCKS)
        .default('cpu'),
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
    .addOption(
      new Option('--by <what>', 'sample by time, or by fuel: the same samples in each run').choices(
        ['time', 'fuel'],
      ),
    )
    .option(
      '--every-fuel <number>',
      'with --by fuel: units of it between two samples, by default 100000',
      fuelUnits,
    )
    .option('--stdin <file>', 'what the guest reads from stdin, in each run anew')
    .option(
      '--seed <number>',
      'random numbers that are the same in each run; keep no secrets made of them. With --by fuel those of 0, in compare those of the round',
      natural,
    )
    .addOption(
      new Option(
        '--tcp-connect <address>',
        'where a component may connect to, such as 127.0.0.1:80 or 10.0.0.0/8:*; repeat it for more',
      )
        .default([], 'nowhere')
        .argParser(address),
    )
    .addOption(
      new Option(
        '--tcp-listen <address>',
        'where a component may listen, such as 127.0.0.1:8080; repeat it for more',
      )
        .default([], 'nowhere')
        .argParser(address),
    )
    .option('--allow-dns', 'let a component look up names')
    .addOption(
      new Option(
        '--preload <name=file>',
        'a module whose exports the module imports under that name; repeat it for more',
      )
        .default([], 'none')
        .argParser(preload),
    )
    .addOption(
      new Option(
        '--unknown-imports <how>',
        'what imports do that nothing defines: trap when they are called, or return zeros',
      ).choices(UNKNOWN_IMPORTS),
    )
    .option(
      '--invoke <function>',
      'call this export, with the arguments as its own; print its results',
    )
    .addOption(wasmFeaturesOption())
    .option('--fuel <number>', 'trap when the guest has used that much fuel', fuel)
    .option('--max-memory <size>', 'most that each memory may grow to, such as 64MiB', byteSize)
    .option(
      '--precompiled',
      'the module is what Wasmtime has compiled before: machine code, which is run unchecked, so ' +
        'give a file that you trust only',
    )
    .option(
      '--timeout <time>',
      'end the guest after this time, such as 500ms, 10s or 2m',
      duration,
    );
}
