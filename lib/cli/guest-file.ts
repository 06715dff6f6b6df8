import type { Component } from '../runtime/component/component.js';
import type { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import type { Module } from '../runtime/module.js';
import type { Store } from '../runtime/store.js';
import { CliError } from './cli-error.js';
import { type CompileCache, cacheKey } from './compile-cache.js';
import { whileCompiling } from './compiling-line.js';
import { missingFeatures } from './missing-features.js';
import type { Preload } from './options.js';
import { ProgressLine } from './progress-line.js';
import type { UnknownImports } from './run-options.js';

/** A guest that can be run. */
export interface Guest {
  /** What may appear in the profile. */
  readonly code: Module | Component;
  /** Modules that it imports from, with the names that it knows them by, which may appear too. */
  readonly preloads?: readonly (readonly [name: string, module: Module])[];
  /** Instantiates and calls it; its results. */
  run(store: Store): readonly unknown[];
  /** The same, asynchronously; a component has none. */
  runAsync?(store: Store): Promise<readonly unknown[]>;
}

/** `Module` or `Component`. */
interface Loader<T> {
  compileAsync(engine: Engine, bytes: Uint8Array): Promise<T>;
  deserialize(engine: Engine, bytes: Uint8Array): T;
  ofCode(engine: Engine, code: Uint8Array, source: Uint8Array): T;
}

/** A file that was read. */
export interface GuestFile {
  readonly engine: Engine;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly precompiled: boolean;
  /** What it imports beside WASI. */
  readonly imports?: GuestImports;
  /** Keeps what is compiled. */
  readonly cache?: CompileCache | undefined;
  /** No line on the terminal while it is compiled. */
  readonly quiet?: boolean;
}

/** What a guest may import beside WASI. */
export interface GuestImports {
  readonly preload: readonly Preload[];
  readonly unknownImports?: UnknownImports;
}

/** Compiles it once `check` has passed, or takes over what was compiled, and so passed it before. */
export async function compileFile<T>(
  file: GuestFile,
  kind: 'module' | 'component',
  loader: Loader<T>,
  check?: () => void | Promise<void>,
): Promise<T> {
  const { engine, path, bytes, precompiled, cache } = file;
  if (precompiled) {
    return orCliError(
      () => loader.deserialize(engine, bytes),
      `${path} was not compiled for this program, which needs the same version of Wasmtime and the same options ` +
        '(with epoch interruption for --sampler epoch)',
    );
  }
  if (cache === undefined) {
    await check?.();
    return compiling(file, kind, () => loader.compileAsync(engine, bytes));
  }
  // The hash is also of Wasmtime's version.
  const key = cacheKey(engine.precompileCompatibilityHash, kind, bytes);
  let code = cache.read(key);
  if (code === undefined) {
    await check?.();
    code = await precompileFile(file, kind);
    cache.write(key, code);
  }
  return loader.ofCode(engine, code, bytes);
}

/** Compiles it to bytes. */
export function precompileFile(file: GuestFile, kind: 'module' | 'component'): Promise<Uint8Array> {
  const { engine, bytes } = file;
  return compiling(file, kind, () =>
    kind === 'component'
      ? engine.precompileComponentAsync(bytes)
      : engine.precompileModuleAsync(bytes),
  );
}

function compiling<T>(
  { path, bytes, quiet = false }: GuestFile,
  kind: 'module' | 'component',
  compile: () => Promise<T>,
): Promise<T> {
  return orCliError(
    () => (quiet || !ProgressLine.wanted ? compile() : whileCompiling(bytes.length, compile())),
    `${path} is no valid WebAssembly ${kind}`,
    missingFeatures,
  );
}

/** Whether what was compiled was refused for its epoch checks alone. */
export function hasEpochChecks(error: unknown): boolean {
  return (
    error instanceof CliError &&
    error.cause instanceof WasmtimeError &&
    error.cause.message.includes('compiled with epoch interruption')
  );
}

/** @throws CliError that says `what` it is, for errors of Wasmtime. */
export async function orCliError<T>(
  load: () => T | Promise<T>,
  what: string,
  advice: (message: string) => string = () => '',
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(`${what}: ${error.message}${advice(error.message)}`, { cause: error });
  }
}
