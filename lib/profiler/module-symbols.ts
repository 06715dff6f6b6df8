import { readFileSync } from 'node:fs';
import { checkBytes, checkKeys, checkObject, checkPath, isUrl } from '../runtime/check.js';

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
  /** The names of functions, which `mappings` refers to. */
  readonly names?: readonly string[];
  /** What comes before the names of sources. */
  readonly sourceRoot?: string;
  /** Which of the sources are others' code, as of a framework. */
  readonly ignoreList?: readonly number[];
  /** Maps of parts of the file, in the place of the above: an index map. */
  readonly sections?: readonly object[];
  /** Which build it is of: what the module's `build_id` section has, in hexadecimal. */
  readonly debugId?: string;
}

/** Where the symbols of a module, or of a component's modules, come from, beyond what it holds itself. */
export interface ModuleSymbols {
  /**
   * A second binary with the DWARF, or the names alone, of a module that was stripped of it, or the `.dwp` package of one
   * with split DWARF (of one unit alone, its `.dwo`). An `external_debug_info` section is never followed on its own: the guest wrote it.
   */
  readonly debugInfo?: FileSource;
  /**
   * The module's source map (ECMA-426): a file, or the object; not for a component. One that is given comes before
   * DWARF, which is asked where the map has no place in a function. Of a `sourceMappingURL` section a `data:` URL is
   * read on its own, and nothing else; that map is asked where DWARF has no line.
   */
  readonly sourceMap?: FileSource | SourceMapObject;
  /**
   * Names of the module's functions, as emscripten writes them beside it for `--emit-symbol-map`, and Binaryen for
   * `--symbolmap`: lines of `index:name`; not for a component. They come before those of the module.
   */
  readonly symbolMap?: FileSource;
  /** The binary itself, for one that was compiled elsewhere or from text. */
  readonly wasm?: FileSource;
}

/** @internal */
export function checkSymbols(what: string, symbols: unknown, keys: string[]): ModuleSymbols {
  const checked = checkObject(what, symbols);
  checkKeys(what, checked, keys);
  for (const [key, file] of Object.entries(checked)) {
    if (file === undefined || typeof file === 'string' || isUrl(file)) continue;
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
 * @internal The bytes of a file that was asked for; undefined when there is none. One that can't be read
 * becomes a warning without its path: the recording is worth more than its lines.
 */
export function readSource(
  what: string,
  source: FileSource | undefined,
  warn: (warning: string) => void,
): Uint8Array | undefined {
  if (source === undefined) return undefined;
  if (typeof source !== 'string' && !isUrl(source)) return checkBytes(what, source);
  try {
    return readFileSync(checkPath(what, source));
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    warn(`${what}: ${code}`);
    return undefined;
  }
}
