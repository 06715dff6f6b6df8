import type { CompiledCode } from '../compiler.js';
import type { Config } from '../runtime/config.js';
import type { EngineOptions } from './command-module.js';

/**
 * Compiles a module or a component as `run` does with each of these options, which gives the code of each module. For
 * several machines, one after the other as they are asked for, where it may have run on another one.
 *
 * @throws CliError for a file that can't be read or is neither, or for features that don't go together.
 */
export type CompileCode = (
  path: string,
  options: readonly EngineOptions[],
) => AsyncIterable<CompiledCode[]>;

/** What decides whether there is anything to compile. */
export interface PrecompiledOptions {
  /** Files of machine code that compiling has made before, which takes the addon. */
  readonly precompiled?: readonly string[];
  readonly wasmFeatures?: Config;
}

/**
 * Compiles those of `paths` that aren't in one of the files that were compiled before.
 *
 * @throws CliError for such a file that can't be used; Error of the addon where nothing compiles.
 */
export async function compilerOf(
  paths: readonly string[],
  { precompiled = [], wasmFeatures }: PrecompiledOptions,
): Promise<CompileCode> {
  const compile = await codeCompiler();
  if (precompiled.length === 0) return compile;
  const { precompiledCode } = await import('./precompiled-code.js');
  const known = precompiledCode(precompiled, paths, wasmFeatures);
  return async function* (path, options) {
    const code = known.get(path);
    if (code !== undefined) yield code;
    else yield* compile(path, options);
  };
}

/**
 * What of the addon and the compiler in WebAssembly there is, the addon first: it makes the code of this machine.
 *
 * @throws Error of the addon where there is neither.
 */
async function codeCompiler(): Promise<CompileCode> {
  const { hasCompiler } = await import('../compiler.js');
  const found: CompileCode[] = [];
  try {
    const { compileHere } = await import('./compile-here.js');
    found.push(compileHere);
  } catch (error) {
    if (!hasCompiler()) throw error;
  }
  if (hasCompiler()) {
    const { compileForAll } = await import('./compile-for-all.js');
    found.push(compileForAll);
  }
  return async function* (path, options) {
    for (const compile of found) yield* compile(path, options);
  };
}

/** What to say where the code here is other than what a profile was taken from: '' where all was tried. */
export async function otherMachines(): Promise<string> {
  const { COMPILER_PACKAGE, hasCompiler } = await import('../compiler.js');
  if (hasCompiler()) return '';
  return `; for a profile of another machine, \`npm install ${COMPILER_PACKAGE}\``;
}
