import type { CompiledCode } from '../compiler.js';
import { Component } from '../runtime/component/component.js';
import { Module } from '../runtime/module.js';
import { commandEngine, type EngineOptions } from './command-module.js';
import { CompileCache } from './compile-cache.js';
import { loadCode } from './guest.js';

/** Compiles for this machine, with the addon. */
export async function* compileHere(
  path: string,
  options: readonly EngineOptions[],
): AsyncIterable<CompiledCode[]> {
  for (const each of options) {
    const code = await loadCode(commandEngine(each), path, CompileCache.of(each));
    yield Module.is(code) ? [Module.code('module', code)] : Component.code('component', code);
  }
}
