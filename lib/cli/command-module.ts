import type { Config } from '../runtime/config.js';
import { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import { Linker } from '../runtime/linker.js';
import { Module } from '../runtime/module.js';
import { CliError } from './cli-error.js';
import type { Entry } from './entry.js';
import { readGuest } from './guest-bytes.js';
import { compileFile, type Guest, type GuestFile } from './guest-file.js';

/** Preview 1, and its predecessor. */
const WASI = ['wasi_snapshot_preview1', 'wasi_unstable'];

/** What of the command line decides which code a module becomes. */
export interface EngineOptions {
  readonly wasmFeatures?: Config;
  /** Whether there is a limit at all. */
  readonly fuel?: bigint | boolean;
  /** Whether the code looks at epochs, which samples by signals do without. */
  readonly epochs: boolean;
}

/**
 * The engine of all commands: the same code for the same module and options, so the same offsets into it.
 *
 * @throws CliError for features that don't go together.
 */
export function commandEngine({ wasmFeatures, fuel = false, epochs }: EngineOptions): Engine {
  try {
    return new Engine({
      ...wasmFeatures,
      epochInterruption: epochs,
      consumeFuel: fuel !== false,
    });
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(error.message, { cause: error });
  }
}

/**
 * A module that imports WASI preview 1, and what the user gives it besides.
 *
 * @throws CliError that says what the file is instead.
 */
export function loadModule(file: GuestFile, entry: Entry): Guest {
  const { engine, path } = file;
  const module = compileFile(file, 'module', Module);
  const { preload = [], unknownImports } = file.imports ?? {};
  const preloads = preload.map(({ name, path }) => [name, preloaded(engine, path)] as const);
  const names = preloads.map(([name]) => name);
  if (unknownImports === undefined) checkImports(path, module, names);
  entry.check(path, module);
  return {
    code: module,
    preloads,
    // The module's own start function, if it has one, is the guest's code too.
    run: (store) => {
      const linker = new Linker(engine).addWasi();
      const define = (imports: Module) => {
        if (unknownImports === 'trap') linker.defineUnknownImportsAsTraps(imports);
        if (unknownImports === 'zero') linker.defineUnknownImportsAsDefaultValues(store, imports);
      };
      for (const [name, preload] of preloads) {
        define(preload);
        linker.module(store, name, preload);
      }
      define(module);
      return entry.call(store, linker.instantiate(store, module));
    },
  };
}

function preloaded(engine: Engine, path: string): Module {
  return compileFile(
    { engine, path, bytes: readGuest(path), precompiled: false },
    'module',
    Module,
  );
}

function checkImports(path: string, module: Module, preloads: readonly string[]): void {
  const known = [...WASI, ...preloads];
  const others = module.imports.filter((type) => !known.includes(type.module));
  if (others.length === 0) return;
  const names = others.slice(0, 3).map((type) => `${type.module}.${type.name}`);
  if (others.length > names.length) names.push(`${others.length - names.length} more`);
  throw new CliError(
    `${path} imports ${names.join(', ')}: run offers ${known.join(', ')} alone. Give a module that exports the ` +
      'others with --preload, have them trap with --unknown-imports trap, or define them in JavaScript through the API',
  );
}
