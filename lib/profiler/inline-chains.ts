import type { NativeCode, NativeInlineChains } from '../generated/native.js';
import { adviseOn } from './advice.js';
import { checkPartner } from './build-id.js';
import type { ModuleSymbols } from './module-symbols.js';
import { type FunctionBody, SourceMap } from './source-map.js';
import type { SourcePlace } from './source-place.js';

export interface InlineChains {
  readonly chains: readonly (readonly SourcePlace[])[];
  /** The module's source map, which has more to tell of files. */
  readonly map: SourceMap | undefined;
  /** Whether the chains' names are better than those of the name section, as Go's are. */
  readonly namesFirst: boolean;
}

/** Text offsets that were sampled, and whose they are; columns. */
export interface SampledOffsets {
  /** Ascending. */
  readonly textOffsets: Uint32Array;
  /** The index of the function that each is in. */
  readonly functions: Uint32Array;
}

/**
 * For each of some text offsets, the functions of the source that are active there, outermost first; none where
 * the debug information knows nothing. A source map that was given comes before DWARF, which knows inlined
 * functions and so comes before a map that the module holds; each fills in where the other has no line.
 */
export function inlineChains(
  code: NativeCode,
  { sourceMap, symbolMap }: Pick<ModuleSymbols, 'sourceMap' | 'symbolMap'>,
  debugInfo: Uint8Array | undefined,
  { textOffsets, functions }: SampledOffsets,
  rawNames: boolean,
  warn: (warning: string) => void,
): InlineChains {
  const links = code.debugLinks();
  for (const warning of links.warnings) warn(warning);
  const map = SourceMap.read(sourceMap, links.sourceMappingUrl, warn);
  if (map !== undefined) {
    checkPartner('sourceMap', links.buildId, map.debugId, warn);
    if (sourceMap !== undefined) checkEnd(map, code, warn);
  }
  const hasDwarf = links.hasDwarf || debugInfo !== undefined;
  if (!hasDwarf && links.externalDebugInfo !== undefined) {
    warn('external_debug_info: give the file as debugInfo to see lines');
  }
  if (!hasDwarf && !links.hasGoTable && map === undefined) {
    // Of code without its binary nothing is known. Who gives names has no more to give.
    if (code.sha256 !== null && symbolMap === undefined && !isMadeByTools(code)) {
      adviseOn(links, warn);
    }
    return { chains: noChains(textOffsets), map, namesFirst: false };
  }
  const places = code.wasmOffsets(textOffsets);
  const found = code.inlineChains(places, debugInfo, rawNames);
  for (const warning of found.warnings) warn(warning);
  const placeOf = map === undefined ? undefined : mapped(map, code, functions, rawNames);
  const isMapFirst = sourceMap !== undefined;
  const chains = Array.from(textOffsets, (_, i) => {
    const chain = chainOf(found, i);
    const wasmOffset = places[i] as number;
    const hasLine = (chain.at(-1)?.line ?? 0) > 0;
    if (wasmOffset < 0 || (hasLine && !isMapFirst)) return chain;
    const place = placeOf?.(wasmOffset, functions[i] as number);
    if (place === undefined) return chain;
    const [outermost] = chain;
    const name = outermost?.name ?? place.name;
    return [{ ...place, name, linkageName: outermost?.linkageName }];
  });
  return { chains, map, namesFirst: found.namesFirst };
}

/** Maps seldom say which build they are of: one that goes on where the code has ended is of another. */
function checkEnd(map: SourceMap, code: NativeCode, warn: (warning: string) => void): void {
  const last = map.lastOffset;
  if (last === undefined || !code.hasBinary) return;
  const { end } = code.functionBodies(code.functions().index);
  const isBeyond = end.length > 0 && end.every((offset) => last > offset);
  if (isBeyond) warn('sourceMap: of another build than the module: it has places beyond the code');
}

/** Looks places up in a source map, within the function of each; with the map's name for that. */
function mapped(
  map: SourceMap,
  code: NativeCode,
  functions: Uint32Array,
  rawNames: boolean,
): (wasmOffset: number, func: number) => SourcePlace | undefined {
  const indices = Uint32Array.from(new Set(functions));
  const { start, end } = code.functionBodies(indices);
  const bodies = new Map<number, FunctionBody>();
  const names = new Map<number, string>();
  for (const [i, func] of indices.entries()) {
    const body = { start: start[i] as number, end: end[i] as number };
    if (body.end === 0) continue;
    bodies.set(func, body);
    const name = map.nameOf(body);
    if (name === undefined) continue;
    const [shown] = code.displayNames([name], rawNames);
    if (shown !== undefined) names.set(func, shown);
  }
  return (wasmOffset, func) => {
    const place = map.placeAt(wasmOffset, bodies.get(func));
    return place && { ...place, name: names.get(func) };
  };
}

/** What is known without lines. */
export function noChains(textOffsets: Uint32Array): SourcePlace[][] {
  return Array.from(textOffsets, () => []);
}

function chainOf(chains: NativeInlineChains, i: number): SourcePlace[] {
  const { first, name, linkageName, file, line, column, strings } = chains;
  const { startFile, startLine, startColumn } = chains;
  const places: SourcePlace[] = [];
  for (let row = (first[i + 1] as number) - 1; row >= (first[i] as number); row--) {
    const start = {
      file: strings[startFile[row] as number],
      line: startLine[row] as number,
      column: startColumn[row] as number,
    };
    places.push({
      name: strings[name[row] as number],
      linkageName: strings[linkageName[row] as number],
      file: strings[file[row] as number],
      line: line[row] as number,
      column: column[row] as number,
      start: start.line > 0 ? start : undefined,
    });
  }
  return places;
}

/** Modules that a tool adds to components, as adapters and shims, have no source that anybody could give. */
function isMadeByTools({ name }: Pick<NativeCode, 'name'>): boolean {
  return name?.startsWith('wit-component') ?? false;
}
