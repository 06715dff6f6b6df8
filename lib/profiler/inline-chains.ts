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

export interface InlineChains {
  readonly chains: readonly (readonly SourcePlace[])[];
  /** The text of a file of theirs, when a source map has it. */
  textOf(file: string): string | undefined;
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
): InlineChains {
  const links = code.debugLinks();
  for (const warning of links.warnings) warn(warning);
  const other = readSource('debugInfo', symbols.debugInfo, warn);
  const map = sourceLookup(symbols.sourceMap, links.sourceMappingUrl, warn);
  const hasDwarf = links.hasDwarf || other !== undefined;
  if (!hasDwarf && links.externalDebugInfo !== undefined) {
    warn('external_debug_info: give the file as debugInfo to see lines');
  }
  const textOf = (file: string) => map?.textOf(file);
  if (!hasDwarf && map === undefined) return { chains: noChains(textOffsets), textOf };
  const places = code.wasmOffsets(textOffsets);
  const found = code.inlineChains(places, other, rawNames);
  for (const warning of found.warnings) warn(warning);
  const chains = Array.from(textOffsets, (_, i) => {
    const chain = chainOf(found, i);
    const wasmOffset = places[i] as number;
    if (chain.length > 0 || map === undefined || wasmOffset < 0) return chain;
    const place = map(wasmOffset);
    return place === undefined ? [] : [place];
  });
  return { chains, textOf };
}

/** What is known without lines. */
export function noChains(textOffsets: Uint32Array): SourcePlace[][] {
  return Array.from(textOffsets, () => []);
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
