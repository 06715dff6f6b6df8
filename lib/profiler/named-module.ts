import { checkArray, checkString } from '../runtime/check.js';
import { Component } from '../runtime/component/component.js';
import { Engine } from '../runtime/engine.js';
import { misuse, wrongType } from '../runtime/errors.js';
import { Module } from '../runtime/module.js';
import { ListedCode } from './listed-code.js';
import { checkSymbols, type ModuleSymbols } from './module-symbols.js';

/**
 * A module that may appear in a profile, under the name that it has there; or a component, for all modules in
 * it: they appear under their own names, and one that has none as `name[N]`, by its number in the component.
 */
export type NamedModule =
  | readonly [name: string, module: Module | Component]
  | readonly [name: string, module: Module | Component, symbols: ModuleSymbols];

/** @internal Checks the modules of a profiler, all of one engine; the code of each. */
export function listedCode(modules: unknown): readonly ListedCode[] {
  const checked = checkArray('modules', modules).map((entry, i) => {
    const what = `modules[${i}]`;
    const [name, module, symbols = {}] = checkArray(what, entry);
    if (!Module.is(module) && !Component.is(module)) {
      throw wrongType(`${what}[1]`, 'a Module or a Component', module);
    }
    if (Engine.isGuestDebug(module.engine)) {
      throw misuse('ERR_GUEST_DEBUG', 'an engine with guestDebug copies code: no profile is right');
    }
    const keys = Module.is(module) ? MODULE_KEYS : COMPONENT_KEYS;
    return {
      name: checkString(`${what}[0]`, name),
      module,
      symbols: checkSymbols(`${what}[2]`, symbols, keys),
    };
  });
  if (checked.some(({ module }) => module.engine !== checked[0]?.module.engine)) {
    throw misuse('ERR_WRONG_ENGINE', 'the modules of a profile need one engine');
  }
  return checked.flatMap(({ name, module, symbols }) => {
    if (Module.is(module)) {
      return [new ListedCode(name, Module.code('module', module), symbols)];
    }
    const modules = Component.code('component', module);
    return modules.map((code) => new ListedCode(name, code, symbols));
  });
}

/** A component may have a source map for each of its modules: those in its own sections are read. */
const COMPONENT_KEYS = ['debugInfo', 'wasm'];
const MODULE_KEYS = [...COMPONENT_KEYS, 'sourceMap', 'symbolMap'];
