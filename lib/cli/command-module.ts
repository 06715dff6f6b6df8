import { readFileSync } from 'node:fs';
import type { Config } from '../runtime/config.js';
import { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import { Module } from '../runtime/module.js';
import { CliError, reasonOf } from './cli-error.js';

const WASI = 'wasi_snapshot_preview1';

/** What of the command line decides which code a module becomes. */
export interface EngineOptions {
  readonly wasmFeatures?: Config;
  /** Whether there is a limit at all. */
  readonly fuel?: bigint | boolean;
}

/**
 * The engine of all commands: the same code for the same module and options, so the same offsets into it.
 *
 * @throws CliError for features that don't go together.
 */
export function commandEngine({ wasmFeatures, fuel = false }: EngineOptions): Engine {
  try {
    return new Engine({ ...wasmFeatures, epochInterruption: true, consumeFuel: fuel !== false });
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(error.message, { cause: error });
  }
}

/**
 * The module of a guest, which imports WASI preview 1 or nothing: compiled here, or what Wasmtime has
 * compiled before. That is machine code, which is run as it is: only when the user says so.
 *
 * @throws CliError that says what the file is instead.
 */
export function loadCommand(engine: Engine, path: string, precompiled: boolean): Module {
  const bytes = read(path);
  const found = Engine.detectPrecompiled(bytes);
  if (precompiled) return deserialize(engine, path, bytes, found);
  if (found !== undefined) {
    throw new CliError(
      `${path} is a ${found} that Wasmtime has compiled, machine code: if you trust it, run it ` +
        'with --precompiled',
    );
  }
  if (isComponent(bytes)) {
    throw new CliError(
      `${path} is a component: run needs a core module, a WASI preview 1 command such as ` +
        'clang, Rust and TinyGo make for wasm32-wasip1, and Go for GOOS=wasip1',
    );
  }
  const module = compile(engine, path, bytes);
  checkImports(path, module);
  return module;
}

function deserialize(
  engine: Engine,
  path: string,
  bytes: Uint8Array,
  found: 'module' | 'component' | undefined,
): Module {
  if (found !== 'module') {
    throw new CliError(
      `${path} is no module that Wasmtime has compiled: --precompiled takes what ` +
        'Module.serialize, Engine.precompileModule or wasmtime compile made',
    );
  }
  const module = orCliError(
    () => Module.deserialize(engine, bytes),
    `${path} was not compiled for this program, which needs the same version of Wasmtime, with epoch ` +
      'interruption and the same options',
  );
  checkImports(path, module);
  return module;
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CliError(`can't read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** After the magic number, a version and a layer of 16 bits each: layer 0 is a module, 1 a component. */
function isComponent(bytes: Uint8Array): boolean {
  const isBinary = bytes[0] === 0 && Buffer.from(bytes.subarray(1, 4)).toString() === 'asm';
  return isBinary && bytes[6] === 1 && bytes[7] === 0;
}

function compile(engine: Engine, path: string, bytes: Uint8Array): Module {
  return orCliError(() => Module.compile(engine, bytes), `${path} is no valid WebAssembly module`);
}

function orCliError(load: () => Module, what: string): Module {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(`${what}: ${error.message}`, { cause: error });
  }
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
