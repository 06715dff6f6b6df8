import { readFileSync } from 'node:fs';
import type { NativeModule } from '../generated/native.js';
import { checkArray, checkBytes, checkKeys, checkObject, checkString } from '../runtime/check.js';
import { Engine } from '../runtime/engine.js';
import { misuse, wrongType } from '../runtime/errors.js';
import { Module } from '../runtime/module.js';

/** A file: its path, or its bytes. */
export type FileSource = string | URL | Uint8Array | ArrayBuffer;

/** A source map as JSON was parsed to: its fields are those of the format (ECMA-426). */
export interface SourceMapObject {
  /** 3. */
  readonly version: number | string;
  /** Of places in the wasm file to places in sources, as text. */
  readonly mappings?: string;
  /** The names of sources. */
  readonly sources?: readonly (string | null)[];
  /** The texts of sources; null for one without. */
  readonly sourcesContent?: readonly (string | null)[];
  /** Maps of parts of the file, in the place of the above. */
  readonly sections?: readonly object[];
}

/** Where the symbols of a module come from, beyond what it holds itself. */
export interface ModuleSymbols {
  /**
   * A second binary with the DWARF of a module that was stripped of it, or the `.dwp` package of one
   * with split DWARF. An `external_debug_info` section is never followed on its own: the guest wrote it.
   */
  readonly debugInfo?: FileSource;
  /**
   * The module's source map: a file, or the object. Of a `sourceMappingURL` section a `data:` URL is read on its own, and
   * nothing else.
   */
  readonly sourceMap?: FileSource | SourceMapObject;
  /** The module's own binary, for one that was compiled elsewhere or from text. */
  readonly wasm?: FileSource;
}

/** A module that may appear in a profile, under the name that it has there. */
export type NamedModule =
  | readonly [name: string, module: Module]
  | readonly [name: string, module: Module, symbols: ModuleSymbols];

/** @internal Checks the modules of a profiler: all of one engine. */
export function checkModules(modules: unknown): readonly NamedModule[] {
  const checked = checkArray('modules', modules).map((entry, i): NamedModule => {
    const what = `modules[${i}]`;
    const [name, module, symbols = {}] = checkArray(what, entry);
    if (!(module instanceof Module)) throw wrongType(`${what}[1]`, 'a Module', module);
    if (Engine.isGuestDebug(module.engine)) {
      throw misuse('ERR_GUEST_DEBUG', 'an engine with guestDebug copies code: no profile is right');
    }
    return [checkString(`${what}[0]`, name), module, checkSymbols(`${what}[2]`, symbols)];
  });
  if (checked.some(([, module]) => module.engine !== checked[0]?.[1].engine)) {
    throw misuse('ERR_WRONG_ENGINE', 'the modules of a profile need one engine');
  }
  return checked;
}

function checkSymbols(what: string, symbols: unknown): ModuleSymbols {
  const checked = checkObject(what, symbols);
  checkKeys(what, checked, ['debugInfo', 'sourceMap', 'wasm']);
  for (const [key, file] of Object.entries(checked)) {
    if (file === undefined || typeof file === 'string' || file instanceof URL) continue;
    if (key === 'sourceMap' && isSourceMap(file)) continue;
    checkBytes(`${what}.${key}`, file);
  }
  return checked as ModuleSymbols;
}

/** @internal Whether it looks like a source map that is parsed. */
export function isSourceMap(value: unknown): value is SourceMapObject {
  return typeof value === 'object' && value !== null && 'version' in value;
}

/**
 * @internal The compiled module, with the binary that was given for it: what it says of the code, beyond
 * what compilation left, is there to be read.
 */
export function nativeModuleOf(
  [, module, symbols = {}]: NamedModule,
  warn: (warning: string) => void,
): NativeModule {
  const compiled = Module.native('module', module);
  const binary = readSource('wasm', symbols.wasm, warn);
  if (binary === undefined) return compiled;
  const whole = compiled.withBinary(binary);
  if (whole === null) warn('wasm: not the binary of this module');
  return whole ?? compiled;
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
