import type { Component } from '../runtime/component/component.js';
import type { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import type { Module } from '../runtime/module.js';
import type { Store } from '../runtime/store.js';
import { CliError } from './cli-error.js';
import { missingFeatures } from './missing-features.js';
import type { Preload } from './options.js';
import type { UnknownImports } from './run-options.js';

/** A guest that can be run. */
export interface Guest {
  /** What may appear in the profile. */
  readonly code: Module | Component;
  /** Modules that it imports from, with the names that it knows them by, which may appear too. */
  readonly preloads?: readonly (readonly [name: string, module: Module])[];
  /** Instantiates and calls it; its results. */
  run(store: Store): readonly unknown[];
}

/** A file that was read. */
export interface GuestFile {
  readonly engine: Engine;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly precompiled: boolean;
  /** What it imports beside WASI. */
  readonly imports?: GuestImports;
}

/** What a guest may import beside WASI. */
export interface GuestImports {
  readonly preload: readonly Preload[];
  readonly unknownImports?: UnknownImports;
}

/** Compiles it, or takes over what was compiled. */
export function compileFile<T>(
  { engine, path, bytes, precompiled }: GuestFile,
  kind: 'module' | 'component',
  loader: {
    compile(engine: Engine, bytes: Uint8Array): T;
    deserialize(engine: Engine, bytes: Uint8Array): T;
  },
): T {
  return precompiled
    ? orCliError(
        () => loader.deserialize(engine, bytes),
        `${path} was not compiled for this program, which needs the same version of Wasmtime and the same options ` +
          '(with epoch interruption for --sampler epoch)',
      )
    : orCliError(
        () => loader.compile(engine, bytes),
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

export function orCliError<T>(
  load: () => T,
  what: string,
  advice: (message: string) => string = () => '',
): T {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(`${what}: ${error.message}${advice(error.message)}`, { cause: error });
  }
}
