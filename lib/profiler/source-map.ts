import {
  originalPositionFor,
  type SourceMapInput,
  sourceContentFor,
  TraceMap,
} from '@jridgewell/trace-mapping';
import type { SourcePlace } from './inline-chains.js';
import {
  type FileSource,
  isSourceMap,
  readSource,
  type SourceMapObject,
} from './module-symbols.js';

/** Longer texts nobody reads by lines; in characters. */
const LARGEST_TEXT = 4 * 1024 * 1024;

export interface SourceLookup {
  /** The place in the source of an offset into the wasm file. */
  (wasmOffset: number): SourcePlace | undefined;
  /** The text of a source file, when the map has it. */
  textOf(file: string): string | undefined;
}

/**
 * A module's source map: the one that was given, else the one that its `sourceMappingURL` section holds
 * in itself. A URL that leads elsewhere is never followed: the guest wrote it.
 */
export function sourceLookup(
  given: FileSource | SourceMapObject | undefined,
  url: string | undefined,
  warn: (warning: string) => void,
): SourceLookup | undefined {
  const source = isSourceMap(given) ? given : textOf(given, url, warn);
  if (source === undefined) return undefined;
  // A parser's message may quote the file. The library reads a map's parts when they are asked for.
  const orNone = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch {
      warn(`${given === undefined ? 'sourceMappingURL' : 'sourceMap'}: no valid source map`);
      return undefined;
    }
  };
  const map = orNone(() => new TraceMap(source as SourceMapInput));
  if (map === undefined) return undefined;
  return Object.assign((wasmOffset: number) => orNone(() => placeOf(map, wasmOffset)), {
    textOf: (file: string) => {
      const text: unknown = orNone(() => sourceContentFor(map, file));
      return typeof text === 'string' && text.length <= LARGEST_TEXT ? text : undefined;
    },
  });
}

function placeOf(map: TraceMap, wasmOffset: number): SourcePlace | undefined {
  // For WebAssembly, a source map's one line has a column for each byte of the file.
  const { source, line, column } = originalPositionFor(map, { line: 1, column: wasmOffset });
  // What a map says need not be so: of a source that it hasn't, the library gives none.
  if (typeof source !== 'string' || !isPosition(line) || !isPosition(column)) return undefined;
  return { name: undefined, file: source, line, column: column + 1 };
}

function isPosition(number: unknown): number is number {
  return Number.isInteger(number) && (number as number) >= 0 && (number as number) < 2 ** 31 - 1;
}

function textOf(
  given: FileSource | undefined,
  url: string | undefined,
  warn: (warning: string) => void,
): string | undefined {
  if (given === undefined) {
    const data = dataOf(url);
    if (data === undefined && url !== undefined) {
      warn('sourceMappingURL: give the file as sourceMap to see lines');
    }
    return data;
  }
  const bytes = readSource('sourceMap', given, warn);
  return bytes && new TextDecoder().decode(bytes);
}

/** What a `data:` URL holds. */
function dataOf(url: string | undefined): string | undefined {
  const [, base64, data] = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url ?? '') ?? [];
  if (data === undefined) return undefined;
  if (base64 !== undefined) return Buffer.from(data, 'base64').toString();
  try {
    return decodeURIComponent(data);
  } catch {
    return data;
  }
}
