import { type Command, Option } from 'commander';
import { SAMPLERS } from '../profiler/sampler.js';
import type { CompileOptions } from './compile.js';
import { wasmFeatures } from './options.js';

const HELP = `
The result is machine code for this program: of the same version of Wasmtime, of the same options, and for a processor that
has what this one has. run --precompiled takes it, with --sampler, --fuel and --wasm-features as they were given here; the
wasmtime command refuses it, and run what that has compiled, where their settings differ.

Examples:
  $ wasmtime-guest-profiler compile app.wasm
  $ wasmtime-guest-profiler run --precompiled --wasm app.wasm app.cwasm`;

export function addCompileCommand(program: Command): void {
  program
    .command('compile')
    .summary('compile a module or a component to machine code, for run --precompiled')
    .description('Compiles a module or a component to machine code, for run --precompiled.')
    .argument('<app.wasm>', 'the module or component, binary or text')
    .option('-o, --output <file>', 'where it goes; by default beside the module, as app.cwasm')
    .addOption(
      new Option(
        '--sampler <name>',
        'as given to run: epoch needs code that looks at epochs',
      ).choices(SAMPLERS),
    )
    .option('--fuel', 'with fuel counted, for run --fuel or --by fuel')
    .addOption(
      new Option(
        '--wasm-features <list>',
        'proposals to turn on, or off with =n: gc,simd=n',
      ).argParser(wasmFeatures),
    )
    .option('--target <triple>', 'for another machine, by default this one')
    .option('-q, --quiet', 'no line on a terminal while it is compiled')
    .addHelpText('after', HELP)
    .action(async (app: string, options: CompileOptions) => {
      // It needs the addon.
      const { compile } = await import('./compile.js');
      await compile(app, options);
    });
}
