import type { CompiledCode } from '../compiler.js';
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

/**
 * What of the addon and the compiler in WebAssembly there is, the addon first: it makes the code of this machine.
 *
 * @throws Error of the addon where there is neither.
 */
export async function codeCompiler(): Promise<CompileCode> {
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
