import type { Sampler } from '../profiler/recorder.js';
import type { Config } from '../runtime/config.js';
import { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import { Linker } from '../runtime/linker.js';
import { Module } from '../runtime/module.js';
import { CliError } from './cli-error.js';
import type { Entry } from './entry.js';
import { compileFile, type Guest, type GuestFile } from './guest-file.js';

const WASI = 'wasi_snapshot_preview1';

/** What of the command line decides which code a module becomes. */
export interface EngineOptions {
  readonly wasmFeatures?: Config;
  /** Whether there is a limit at all. */
  readonly fuel?: bigint | boolean;
  /** Samples by signals need no epoch checks. */
  readonly sampler?: Sampler;
}

/**
 * The engine of all commands: the same code for the same module and options, so the same offsets into it.
 *
 * @throws CliError for features that don't go together.
 */
export function commandEngine({ wasmFeatures, fuel = false, sampler }: EngineOptions): Engine {
  try {
    return new Engine({
      ...wasmFeatures,
      epochInterruption: sampler !== 'signal',
      consumeFuel: fuel !== false,
    });
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(error.message, { cause: error });
  }
}

/**
 * A module that imports WASI preview 1 or nothing.
 *
 * @throws CliError that says what the file is instead.
 */
export function loadModule(file: GuestFile, entry: Entry): Guest {
  const { engine, path } = file;
  const module = compileFile(file, 'module', Module);
  checkImports(path, module);
  entry.check(path, module);
  return {
    code: module,
    // The module's own start function, if it has one, is the guest's code too.
    run: (store) => {
      const instance = new Linker(engine).addWasi().instantiate(store, module);
      return entry.call(store, instance);
    },
  };
}

function checkImports(path: string, module: Module): void {
  const others = module.imports.filter((type) => type.module !== WASI);
  if (others.length === 0) return;
  const names = others.slice(0, 3).map((type) => `${type.module}.${type.name}`);
  if (others.length > names.length) names.push(`${others.length - names.length} more`);
  throw new CliError(
    `${path} imports ${names.join(', ')}: run offers ${WASI} alone. ` +
      'Define the others in JavaScript through the API',
  );
}
