/** A source map as it lies in a file or a `data:` URL, made fit for the library that decodes it. */

import {
  AnyMap,
  decodedMappings,
  type SectionedSourceMapInput,
  type TraceMap,
} from '@jridgewell/trace-mapping';
import {
  type FileSource,
  isSourceMap,
  readSource,
  type SourceMapObject,
} from './module-symbols.js';

/** A source map that was read. */
export interface SourceMapFile {
  /** With the parts of an index map joined. */
  readonly map: TraceMap;
  /** Which build it is of: the same as the module's `build_id`. */
  readonly debugId: string | undefined;
}

/**
 * The source map that was given, else the one that the module's `sourceMappingURL` section holds in itself. A
 * URL that leads elsewhere is never followed: the guest wrote it. What is none is a warning.
 */
export function readSourceMap(
  given: FileSource | SourceMapObject | undefined,
  url: string | undefined,
  warn: (warning: string) => void,
): SourceMapFile | undefined {
  try {
    const json = isSourceMap(given) ? given : parse(textOf(given, url, warn));
    if (json === undefined) return undefined;
    const { debugId, debug_id: older } = json as Record<string, unknown>;
    const id = debugId ?? older;
    return { map: decoded(json), debugId: typeof id === 'string' ? id : undefined };
  } catch {
    // What was thrown may quote the file.
    warn(`${given === undefined ? 'sourceMappingURL' : 'sourceMap'}: no valid source map`);
    return undefined;
  }
}

function textOf(
  given: FileSource | undefined,
  url: string | undefined,
  warn: (warning: string) => void,
): string | undefined {
  if (given !== undefined) {
    const bytes = readSource('sourceMap', given, warn);
    return bytes && new TextDecoder().decode(bytes);
  }
  if (url === undefined) return undefined;
  const data = dataOf(url);
  if (data === undefined) warn('sourceMappingURL: give the file as sourceMap to see lines');
  return data;
}

/** What a `data:` URL holds (RFC 2397), whatever type it says; undefined for another URL. */
export function dataOf(url: string): string | undefined {
  const comma = url.indexOf(',');
  if (comma < 0 || !/^data:/i.test(url)) return undefined;
  // Bytes as characters: text that isn't ASCII stands in the section as UTF-8.
  const data = Buffer.from(url.slice(comma + 1)).toString('latin1');
  const plain = data.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const isBase64 = /; *base64 *$/i.test(url.slice(0, comma));
  return new TextDecoder().decode(Buffer.from(plain, isBase64 ? 'base64' : 'latin1'));
}

/** JSON after the line that keeps a browser from running it as a script. */
function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text.replace(/^\)\]\}'[^\n\r]*/, ''));
}

/** @throws Error for what is no source map. */
function decoded(json: unknown): TraceMap {
  const map = new AnyMap(checked(json));
  // The library does so when it is first asked, and may fail there.
  decodedMappings(map);
  return map;
}

/**
 * A source map of the right types and without what a wasm file, which is one line, has no use for: the library
 * trusts them, makes room for each line before a part's first, and quotes what it fails on.
 */
function checked(json: unknown): SectionedSourceMapInput {
  const { version, file, sections, ...map } = objectOf(json);
  if (Number(version) !== 3) throw new Error('another version');
  if (sections !== undefined) {
    const parts = arrayOf(sections, partOf).filter(({ offset }) => offset.line === 0);
    parts.sort((a, b) => a.offset.column - b.offset.column);
    return { version: 3, sections: parts };
  }
  const { mappings, sourceRoot } = map;
  if (typeof mappings !== 'string') throw new Error('no mappings');
  const sources = arrayOf(map['sources'], textOrNone);
  const texts = arrayOf(map['sourcesContent'], textOrNull);
  const ignored = map['ignoreList'] ?? map['x_google_ignoreList'];
  return {
    version: 3,
    mappings: mappings.split(';', 1)[0] ?? '',
    names: arrayOf(map['names'], textOrNone),
    sources,
    // One for each, or those of an index map's next part move up.
    sourcesContent: sources.map((_, i) => texts[i] ?? null),
    ignoreList: arrayOf(ignored, Number),
    ...(typeof sourceRoot === 'string' && { sourceRoot }),
  };
}

function partOf(json: unknown) {
  const { offset, map } = objectOf(json);
  const { line, column } = objectOf(offset);
  for (const number of [line, column]) {
    if (!Number.isSafeInteger(number) || (number as number) < 0) throw new Error('no offset');
  }
  return { offset: { line: line as number, column: column as number }, map: checked(map) };
}

function objectOf(json: unknown): Record<string, unknown> {
  if (typeof json === 'object' && json !== null) return json as Record<string, unknown>;
  throw new Error('no object');
}

function arrayOf<T>(json: unknown, of: (item: unknown) => T): T[] {
  if (json === undefined || json === null) return [];
  if (Array.isArray(json)) return json.map((item) => of(item));
  throw new Error('no array');
}

/** A source without a name, or a name that is none, is empty: nobody shows it. */
function textOrNone(json: unknown): string {
  return typeof json === 'string' ? json : '';
}

function textOrNull(json: unknown): string | null {
  return typeof json === 'string' ? json : null;
}
