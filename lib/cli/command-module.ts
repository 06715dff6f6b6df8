import type { Config } from '../runtime/config.js';
import { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import { Linker } from '../runtime/linker.js';
import { Module } from '../runtime/module.js';
import { type ModuleInterface, moduleInterface } from '../runtime/module-interface.js';
import { Store } from '../runtime/store.js';
import type { CacheOptions } from './cache-options.js';
import { CliError } from './cli-error.js';
import type { Entry } from './entry.js';
import { readGuest } from './guest-bytes.js';
import { compileFile, type Guest, type GuestFile, orCliError } from './guest-file.js';
import { missingFeatures } from './missing-features.js';

/** Preview 1, and its predecessor. */
const WASI = ['wasi_snapshot_preview1', 'wasi_unstable'];

/** What of the command line decides which code a module becomes, and where that is kept. */
export interface EngineOptions extends CacheOptions {
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
export async function loadModule(file: GuestFile, entry: Entry): Promise<Guest> {
  const { engine, path, bytes } = file;
  const { preload = [], unknownImports } = file.imports ?? {};
  const preloadFiles = preload.map(({ name, path }) => ({ name, path, bytes: readGuest(path) }));
  const check = (module: ModuleInterface): void => {
    if (unknownImports === undefined) checkImports(engine, path, module, preloadFiles);
    entry.check(path, module);
  };
  // Compiling takes a while, so first what can be told without it.
  const known = file.precompiled ? undefined : moduleInterface(bytes);
  if (known !== undefined) check(known);
  const module = await compileFile(file, 'module', Module, () => checkFeatures(file));
  // What came compiled tells it only now.
  if (known === undefined) check(module);
  const preloads: [string, Module][] = [];
  for (const { name, ...preloaded } of preloadFiles) {
    const its = { ...file, ...preloaded, precompiled: false };
    preloads.push([name, await compileFile(its, 'module', Module)]);
  }
  const define = (linker: Linker, store: Store, imports: Module) => {
    if (unknownImports === 'trap') linker.defineUnknownImportsAsTraps(imports);
    if (unknownImports === 'zero') linker.defineUnknownImportsAsDefaultValues(store, imports);
    return imports;
  };
  return {
    code: module,
    preloads,
    // The module's own start function, if it has one, is the guest's code too.
    run: (store) => {
      const linker = new Linker(engine).addWasi();
      for (const [name, preload] of preloads) {
        linker.module(store, name, define(linker, store, preload));
      }
      return entry.call(store, linker.instantiate(store, define(linker, store, module)));
    },
    runAsync: async (store) => {
      const linker = new Linker(engine).addWasi();
      for (const [name, preload] of preloads) {
        await linker.moduleAsync(store, name, define(linker, store, preload));
      }
      const instance = await linker.instantiateAsync(store, define(linker, store, module));
      return entry.callAsync(store, instance);
    },
  };
}

/** Bytes from which compiling takes so long that whether they are valid is asked before. */
const LARGE = 1 << 20;

function checkFeatures({ engine, path, bytes }: GuestFile): void | Promise<void> {
  // Text is not for `validate`, and never large.
  if (bytes.length < LARGE || bytes[0] !== 0) return;
  return orCliError(
    () => Module.validate(engine, bytes),
    `${path} is no valid WebAssembly module`,
    missingFeatures,
  );
}

interface PreloadFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function checkImports(
  engine: Engine,
  path: string,
  { imports }: Pick<ModuleInterface, 'imports'>,
  preloads: readonly PreloadFile[],
): void {
  const linker = new Linker(engine).addWasi();
  const store = new Store(engine);
  const exported = new Map(
    preloads.map(({ name, bytes }) => [name, moduleInterface(bytes)?.exports] as const),
  );
  const missing = imports.filter(({ module, name }) => {
    if (WASI.includes(module)) return linker.get(store, module, name) === undefined;
    // Of a file that can't be read, compiling it tells.
    const exports = exported.get(module);
    if (exports === undefined) return !exported.has(module);
    return !exports.some((known) => known.name === name);
  });
  store.dispose();
  if (missing.length === 0) return;
  const known = [...WASI, ...exported.keys()];
  const names = missing.map(({ module, name }) => `${module}.${name}`);
  throw new CliError(
    `${path} imports ${names.join(', ')}: run offers ${known.join(', ')} alone. Give a module that exports the ` +
      'others with --preload, have them trap with --unknown-imports trap, or define them in JavaScript through the API',
  );
}
