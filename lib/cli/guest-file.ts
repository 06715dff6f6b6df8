import type { Component } from '../runtime/component/component.js';
import type { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import type { Module } from '../runtime/module.js';
import type { Store } from '../runtime/store.js';
import { CliError } from './cli-error.js';

/** A guest that can be run. */
export interface Guest {
  /** What may appear in the profile. */
  readonly code: Module | Component;
  /** Instantiates and calls it; its results. */
  run(store: Store): readonly unknown[];
}

/** A file that was read. */
export interface GuestFile {
  readonly engine: Engine;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly precompiled: boolean;
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
        `${path} was not compiled for this program, which needs the same version of Wasmtime, with epoch ` +
          'interruption and the same options',
      )
    : orCliError(() => loader.compile(engine, bytes), `${path} is no valid WebAssembly ${kind}`);
}

export function orCliError<T>(load: () => T, what: string): T {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof WasmtimeError)) throw error;
    throw new CliError(`${what}: ${error.message}`, { cause: error });
  }
}
