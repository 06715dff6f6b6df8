import { writeProfile } from '../formats/output.js';
import type { Sampler } from '../profiler/sampler.js';
import type { Config } from '../runtime/config.js';
import { chosenSampler } from './chosen-sampler.js';
import { commandEngine } from './command-module.js';
import { precompile } from './guest.js';
import { checkDistinct, checkWritable, unwritable } from './profile-path.js';

/** What `compile` is asked for. */
export interface CompileOptions {
  readonly output?: string;
  readonly sampler?: Sampler;
  readonly fuel?: boolean;
  readonly wasmFeatures?: Config;
  readonly target?: string;
  readonly quiet?: boolean;
}

/** Compiles the module or component `app` into a file. */
export async function compile(app: string, options: CompileOptions): Promise<void> {
  const { output = `${app.replace(/\.(wasm|wat)$/, '')}.cwasm`, target, quiet = false } = options;
  checkDistinct([app], [output]);
  checkWritable(output, '');
  const { fuel = false, wasmFeatures = {}, sampler } = options;
  const engine = commandEngine({
    wasmFeatures: { ...wasmFeatures, ...(target !== undefined && { target }) },
    fuel,
    epochs: chosenSampler({ ...(sampler !== undefined && { sampler }) }) === 'epoch',
  });
  const code = await precompile(engine, app, quiet);
  await writeProfile([code], output, true).catch((error: unknown) => {
    throw unwritable(output, error, '');
  });
}
