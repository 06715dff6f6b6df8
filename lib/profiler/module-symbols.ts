import { readFileSync } from 'node:fs';
import { checkBytes, checkKeys, checkObject } from '../runtime/check.js';

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

/** @internal */
export function checkSymbols(what: string, symbols: unknown, keys: string[]): ModuleSymbols {
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
