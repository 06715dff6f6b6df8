import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { SourcePlace } from './inline-chains.js';
import { type FileSource, readSource } from './module-symbols.js';

/** Finds the place in the source of an offset into the wasm file. */
export type SourceLookup = (wasmOffset: number) => SourcePlace | undefined;

/**
 * A module's source map: the one that was given, else the one that its `sourceMappingURL` section holds
 * in itself. A URL that leads elsewhere is never followed: the guest wrote it.
 */
export function sourceLookup(
  given: FileSource | undefined,
  url: string | undefined,
  warn: (warning: string) => void,
): SourceLookup | undefined {
  const bytes = readSource('sourceMap', given, warn);
  const text = bytes === undefined ? given === undefined && dataOf(url) : decode(bytes);
  if (text === false) {
    if (given === undefined && url !== undefined) {
      warn('sourceMappingURL: give the file as sourceMap to see lines');
    }
    return undefined;
  }
  try {
    const map = new TraceMap(text);
    return (wasmOffset) => {
      // For WebAssembly, a source map's one line has a column for each byte of the file.
      const { source, line, column } = originalPositionFor(map, { line: 1, column: wasmOffset });
      if (source === null) return undefined;
      return { name: undefined, file: source, line, column: column + 1 };
    };
  } catch {
    // A parser's message may quote the file.
    warn(`${given === undefined ? 'sourceMappingURL' : 'sourceMap'}: no valid source map`);
    return undefined;
  }
}

/** What a `data:` URL holds, or false. */
function dataOf(url: string | undefined): string | false {
  const [, base64, data] = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url ?? '') ?? [];
  if (data === undefined) return false;
  if (base64 !== undefined) return Buffer.from(data, 'base64').toString();
  try {
    return decodeURIComponent(data);
  } catch {
    return data;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
