import type { CompiledCode } from '../compiler.js';
import { Component } from '../runtime/component/component.js';
import type { Config } from '../runtime/config.js';
import { Engine } from '../runtime/engine.js';
import { WasmtimeError } from '../runtime/errors.js';
import { Module } from '../runtime/module.js';
import { CliError } from './cli-error.js';
import { commandEngine } from './command-module.js';
import { readGuest } from './guest-bytes.js';

/** What `run` may have been given, which a profile doesn't tell. */
const CHECKS = [false, true].flatMap((epochs) => [
  { epochs, fuel: false },
  { epochs, fuel: true },
]);

/**
 * The code of modules and components that `files` have, compiled before, by the paths of what they were compiled of.
 * Nothing of it runs.
 *
 * @throws CliError for a file that can't be read, that Wasmtime has not compiled, not for this program, or of none of `paths`.
 */
export function precompiledCode(
  files: readonly string[],
  paths: readonly string[],
  wasmFeatures: Config = {},
): ReadonlyMap<string, CompiledCode[]> {
  const binaries = paths.map((path) => [path, readGuest(path)] as const);
  const found = new Map<string, CompiledCode[]>();
  for (const file of files) {
    const compiled = deserialized(file, wasmFeatures);
    const fitting = binaries.flatMap(([path, binary]) => {
      const known = compiled.map((code) => code.withBinary(binary));
      if (known.every((code) => code === null)) return [];
      // Wasmtime's own adapters between components are in no binary.
      return [[path, known.map((code, i) => code ?? compiled[i])] as [string, CompiledCode[]]];
    });
    if (fitting.length === 0) throw new CliError(`${file} was not compiled of ${paths.join(', ')}`);
    for (const [path, code] of fitting) found.set(path, code);
  }
  return found;
}

/** By the engine that it was compiled for: others refuse it. */
function deserialized(file: string, wasmFeatures: Config): ReturnType<typeof Component.code> {
  const bytes = readGuest(file);
  const kind = Engine.detectPrecompiled(bytes);
  if (kind === undefined) {
    throw new CliError(
      `${file} is nothing that Wasmtime has compiled: --precompiled takes what compile makes`,
    );
  }
  let refusal: WasmtimeError | undefined;
  for (const checks of CHECKS) {
    const engine = commandEngine({ wasmFeatures, ...checks });
    try {
      return kind === 'module'
        ? [Module.code('module', Module.deserialize(engine, bytes))]
        : Component.code('component', Component.deserialize(engine, bytes));
    } catch (error) {
      if (!(error instanceof WasmtimeError)) throw error;
      refusal ??= error;
    }
  }
  throw new CliError(
    `${file} was not compiled for this program, which needs the same version of Wasmtime and the same options: ` +
      `${refusal?.message}`,
    { cause: refusal },
  );
}
