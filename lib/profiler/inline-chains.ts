import type { NativeCode, NativeInlineChains } from '../generated/native.js';
import type { ListedCode } from './listed-code.js';
import { readSource } from './module-symbols.js';
import { sourceLookup } from './source-map.js';

/** A function that the source has at an address. */
export interface SourcePlace {
  /** Undefined when the debug information has no name for it. */
  readonly name: string | undefined;
  /** As the debug information has it: not fit for a profile. */
  readonly file: string | undefined;
  /** From 1; 0 when unknown. */
  readonly line: number;
  /** From 1; 0 when unknown. */
  readonly column: number;
}

/**
 * For each of the ascending text offsets, the functions of the source that are active there, outermost
 * first; none where the debug information knows nothing.
 */
export function inlineChains(
  code: NativeCode,
  { symbols }: ListedCode,
  textOffsets: Uint32Array,
  rawNames: boolean,
  warn: (warning: string) => void,
): SourcePlace[][] {
  const links = code.debugLinks();
  for (const warning of links.warnings) warn(warning);
  const other = readSource('debugInfo', symbols.debugInfo, warn);
  const map = sourceLookup(symbols.sourceMap, links.sourceMappingUrl, warn);
  const hasDwarf = links.hasDwarf || other !== undefined;
  if (!hasDwarf && links.externalDebugInfo !== undefined) {
    warn('external_debug_info: give the file as debugInfo to see lines');
  }
  if (!hasDwarf && map === undefined) return Array.from(textOffsets, () => []);
  const places = code.wasmOffsets(textOffsets);
  const chains = code.inlineChains(places, other, rawNames);
  for (const warning of chains.warnings) warn(warning);
  return Array.from(textOffsets, (_, i) => {
    const chain = chainOf(chains, i);
    const wasmOffset = places[i] as number;
    if (chain.length > 0 || map === undefined || wasmOffset < 0) return chain;
    const place = map(wasmOffset);
    return place === undefined ? [] : [place];
  });
}

function chainOf(chains: NativeInlineChains, i: number): SourcePlace[] {
  const { first, name, file, line, column, strings } = chains;
  const places: SourcePlace[] = [];
  for (let row = (first[i + 1] as number) - 1; row >= (first[i] as number); row--) {
    places.push({
      name: strings[name[row] as number],
      file: strings[file[row] as number],
      line: line[row] as number,
      column: column[row] as number,
    });
  }
  return places;
}
