import { Component } from '../runtime/component/component.js';
import { Engine } from '../runtime/engine.js';
import { Module } from '../runtime/module.js';
import type { CacheOptions } from './cache-options.js';
import { CliError } from './cli-error.js';
import { loadComponent } from './command-component.js';
import { loadModule } from './command-module.js';
import { CompileCache } from './compile-cache.js';
import type { Entry } from './entry.js';
import { readGuest } from './guest-bytes.js';
import { compileFile, type Guest, type GuestImports, precompileFile } from './guest-file.js';

/**
 * A module or a component with WASI as its only imports: compiled here, or what Wasmtime has compiled before.
 * That is machine code, which is run as it is: only when the user says so.
 *
 * @throws CliError that says what the file is instead.
 */
export async function loadGuest(
  engine: Engine,
  path: string,
  entry: Entry,
  {
    precompiled,
    quiet,
    ...options
  }: GuestImports & CacheOptions & { precompiled: boolean; quiet?: boolean },
): Promise<Guest> {
  const bytes = readGuest(path);
  const found = Engine.detectPrecompiled(bytes);
  if (found !== undefined && !precompiled) {
    throw new CliError(
      `${path} is a ${found} that Wasmtime has compiled, machine code: if you trust it, run it ` +
        'with --precompiled',
    );
  }
  if (found === undefined && precompiled) {
    throw new CliError(
      `${path} is nothing that Wasmtime has compiled: --precompiled takes what ` +
        'Module.serialize, Engine.precompileModule or wasmtime compile made',
    );
  }
  const isComponent = precompiled ? found === 'component' : looksLikeComponent(bytes);
  const load = isComponent ? loadComponent : loadModule;
  return load(
    {
      engine,
      path,
      bytes,
      precompiled,
      imports: options,
      cache: CompileCache.of(options),
      ...(quiet !== undefined && { quiet }),
    },
    entry,
  );
}

/**
 * Compiles a module or a component, whatever it imports.
 *
 * @throws CliError for a file that can't be read, or is neither.
 */
export function loadCode(
  engine: Engine,
  path: string,
  cache: CompileCache | undefined,
): Promise<Module | Component> {
  const file = { engine, path, bytes: readGuest(path), precompiled: false, cache };
  return looksLikeComponent(file.bytes)
    ? compileFile(file, 'component', Component)
    : compileFile(file, 'module', Module);
}

/** Compiles a module or a component to bytes, see {@link loadCode}. */
export function precompile(engine: Engine, path: string, quiet: boolean): Promise<Uint8Array> {
  const file = { engine, path, bytes: readGuest(path), precompiled: false, quiet };
  return precompileFile(file, looksLikeComponent(file.bytes) ? 'component' : 'module');
}

/** Blanks and comments before the first word of text. */
const TEXT = /^(?:\s|;;[^\n]*\n|\(;.*?;\))*\(\s*component\b/s;

/** After the magic number, a version and a layer of 16 bits each: layer 0 is a module, 1 a component. */
function looksLikeComponent(bytes: Uint8Array): boolean {
  const isBinary = bytes[0] === 0 && Buffer.from(bytes.subarray(1, 4)).toString() === 'asm';
  if (isBinary) return bytes[6] === 1 && bytes[7] === 0;
  return TEXT.test(Buffer.from(bytes.subarray(0, 4096)).toString());
}
