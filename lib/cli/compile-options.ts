import { type Command, Option } from 'commander';
import { SAMPLERS } from '../profiler/sampler.js';
import type { CompileOptions } from './compile.js';
import { wasmFeaturesOption } from './options.js';

const HELP = `
The result is machine code for run --precompiled: of the same version of Wasmtime, with the same --sampler, --fuel and
--wasm-features, on a processor that has all features of this one. Where their settings differ, the wasmtime command refuses
this code, and run --precompiled refuses what that command has compiled.

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
    .addOption(wasmFeaturesOption())
    .option('--target <triple>', 'for another machine, by default this one')
    .option('-q, --quiet', 'no progress on a terminal')
    .addHelpText('after', HELP)
    .action(async (app: string, options: CompileOptions) => {
      // It needs the addon.
      const { compile } = await import('./with-addon.js');
      await compile(app, options);
    });
}
