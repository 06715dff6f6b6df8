import type { NativeCode } from '../generated/native.js';
import { type ModuleSymbols, readSource } from './module-symbols.js';
import { parseSymbolMap } from './symbol-map.js';

/**
 * The names of functions by index: those of a symbol file that was given, else of the module's name section, else
 * of that of its `debugInfo`; undefined for one without.
 */
export function functionNames(
  code: NativeCode,
  { symbolMap }: Pick<ModuleSymbols, 'symbolMap'>,
  debugInfo: Uint8Array | undefined,
  indices: Uint32Array,
  rawNames: boolean,
  warn: (warning: string) => void,
): (string | undefined)[] {
  const given = symbolMapNames(code, symbolMap, indices, rawNames, warn);
  const own = code.functionNames(indices, rawNames);
  const isNameless = own.some((name, i) => !name && !given[i]);
  const others =
    isNameless && debugInfo !== undefined ? code.namesIn(debugInfo, indices, rawNames) : [];
  return own.map((name, i) => given[i] ?? name ?? others[i] ?? undefined);
}

/** Empty without a file, and for one that is no symbol map, which is a warning. */
function symbolMapNames(
  code: NativeCode,
  symbolMap: ModuleSymbols['symbolMap'],
  indices: Uint32Array,
  rawNames: boolean,
  warn: (warning: string) => void,
): (string | undefined)[] {
  const bytes = readSource('symbolMap', symbolMap, warn);
  if (bytes === undefined) return [];
  const names = parseSymbolMap(new TextDecoder().decode(bytes));
  if (names.size === 0) warn('symbolMap: no line is of the form index:name');
  const found = Array.from(indices, (index) => names.get(index) ?? '');
  return code.displayNames(found, rawNames).map((name) => name || undefined);
}
