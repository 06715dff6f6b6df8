import type { CompiledCode } from '../compiler.js';
import { Component } from '../runtime/component/component.js';
import { Module } from '../runtime/module.js';
import { commandEngine, type EngineOptions } from './command-module.js';
import { loadCode } from './guest.js';

/** Compiles for this machine, with the addon. */
export function* compileHere(
  path: string,
  options: readonly EngineOptions[],
): Iterable<CompiledCode[]> {
  for (const each of options) {
    const code = loadCode(commandEngine(each), path);
    yield Module.is(code) ? [Module.code('module', code)] : Component.code('component', code);
  }
}
