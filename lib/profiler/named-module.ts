import { readFileSync } from 'node:fs';
import type { NativeCode } from '../generated/native.js';
import { checkArray, checkBytes, checkKeys, checkObject, checkString } from '../runtime/check.js';
import { Component } from '../runtime/component/component.js';
import { Engine } from '../runtime/engine.js';
import { misuse, wrongType } from '../runtime/errors.js';
import { Module } from '../runtime/module.js';

/** A file: its path, or its bytes. */
export type FileSource = string | URL | Uint8Array | ArrayBuffer;

/** Where the symbols of a module, or of a component's modules, come from, beyond what it holds itself. */
export interface ModuleSymbols {
  /**
   * A second binary with the DWARF of a module that was stripped of it, or the `.dwp` package of one
   * with split DWARF. An `external_debug_info` section is never followed on its own: the guest wrote it.
   */
  readonly debugInfo?: FileSource;
  /**
   * The module's source map; not for a component. Of a `sourceMappingURL` section a `data:` URL is read on its own, and
   * nothing else.
   */
  readonly sourceMap?: FileSource;
  /** The binary itself, for one that was compiled elsewhere or from text. */
  readonly wasm?: FileSource;
}

/**
 * A module that may appear in a profile, under the name that it has there; or a component, for all modules in
 * it: they appear under their own names, and one that has none as `name[N]`, by its number in the component.
 */
export type NamedModule =
  | readonly [name: string, module: Module | Component]
  | readonly [name: string, module: Module | Component, symbols: ModuleSymbols];

/** @internal Code that may appear in a profile: a module's, or that of one module in a component. */
export interface ListedCode {
  readonly name: string;
  readonly code: NativeCode;
  readonly symbols: ModuleSymbols;
}

/** @internal Checks the modules of a profiler, all of one engine; the code of each. */
export function listedCode(modules: unknown): readonly ListedCode[] {
  const checked = checkArray('modules', modules).map((entry, i) => {
    const what = `modules[${i}]`;
    const [name, module, symbols = {}] = checkArray(what, entry);
    if (!(module instanceof Module) && !(module instanceof Component)) {
      throw wrongType(`${what}[1]`, 'a Module or a Component', module);
    }
    if (Engine.isGuestDebug(module.engine)) {
      throw misuse('ERR_GUEST_DEBUG', 'an engine with guestDebug copies code: no profile is right');
    }
    const keys = module instanceof Module ? ['debugInfo', 'sourceMap', 'wasm'] : COMPONENT_KEYS;
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
    if (module instanceof Module) {
      return [{ name, code: Module.native('module', module).code(), symbols }];
    }
    const modules = Component.native('component', module).code();
    return modules.map((code) => ({ name: code.name ?? `${name}[${code.number}]`, code, symbols }));
  });
}

/** A component may have a source map for each of its modules: those in its own sections are read. */
const COMPONENT_KEYS = ['debugInfo', 'wasm'];

function checkSymbols(what: string, symbols: unknown, keys: string[]): ModuleSymbols {
  const checked = checkObject(what, symbols);
  checkKeys(what, checked, keys);
  for (const [key, file] of Object.entries(checked)) {
    if (file === undefined || typeof file === 'string' || file instanceof URL) continue;
    checkBytes(`${what}.${key}`, file);
  }
  return checked as ModuleSymbols;
}

/**
 * @internal The bytes of a file that was asked for; undefined when there is none. One that can't be read
 * becomes a warning without its path: the recording is worth more than its lines.
 */
export function readSource(
  what: string,
  source: FileSource | undefined,
  warn: (warning: string) => void,
): Uint8Array | undefined {
  if (source === undefined) return undefined;
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  try {
    return readFileSync(source);
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    warn(`${what}: ${code}`);
    return undefined;
  }
}
