import { decodedMappings, type SourceMapSegment, traceSegment } from '@jridgewell/trace-mapping';
import type { FileSource, SourceMapObject } from './module-symbols.js';
import { findRow } from './rows.js';
import { readSourceMap, type SourceMapFile } from './source-map-file.js';
import type { SourcePlace } from './source-place.js';

/** Longer texts nobody reads by lines; in characters. */
const LARGEST_TEXT = 4 * 1024 * 1024;

/** Where a function lies in the wasm file, in bytes from its start. */
export interface FunctionBody {
  /** Of its locals. */
  readonly start: number;
  /** After its last instruction. */
  readonly end: number;
}

/** A segment of a map that has a place in a source. */
type Mapped = Extract<SourceMapSegment, { 3: number }>;

/** What a module's source map tells. For WebAssembly its one line has a column for each byte of the file. */
export class SourceMap {
  readonly #file: SourceMapFile;
  readonly #mapped: readonly Mapped[];
  /** Of {@link #mapped}, which ascend. */
  readonly #columns: Uint32Array;
  readonly #texts: ReadonlyMap<string, string>;
  readonly #ignored: ReadonlySet<string>;

  private constructor(file: SourceMapFile) {
    this.#file = file;
    const { map } = file;
    const segments = decodedMappings(map)[0] ?? [];
    this.#mapped = segments
      .filter((segment) => isMapped(segment) && this.#placeOf(segment) !== undefined)
      .sort((a, b) => a[0] - b[0]) as Mapped[];
    this.#columns = Uint32Array.from(this.#mapped, ([column]) => column);
    const texts = new Map<string, string>();
    for (const [i, source] of map.resolvedSources.entries()) {
      const text = map.sourcesContent?.[i];
      if (typeof text === 'string' && text.length <= LARGEST_TEXT && !texts.has(source)) {
        texts.set(source, text);
      }
    }
    this.#texts = texts;
    const ignored = map.ignoreList?.map((i) => map.resolvedSources[i]);
    this.#ignored = new Set(ignored?.filter((source) => source !== undefined));
  }

  /** The map of a module, by {@link readSourceMap}. */
  static read(
    given: FileSource | SourceMapObject | undefined,
    url: string | undefined,
    warn: (warning: string) => void,
  ): SourceMap | undefined {
    const file = readSourceMap(given, url, warn);
    return file && new SourceMap(file);
  }

  /** Which build it is of, as the map has it. */
  get debugId(): string | undefined {
    return this.#file.debugId;
  }

  /** The last byte of the file that it has a place for; undefined where it has none at all. */
  get lastOffset(): number | undefined {
    return this.#columns.at(-1);
  }

  /**
   * The place in the source of an offset into the wasm file. Where the map has none, as at a function's entry, the
   * nearest one of the same function: the first after it, else the last before it. Without the function's
   * `body` that can't be told, and there is none.
   */
  placeAt(wasmOffset: number, body: FunctionBody | undefined): SourcePlace | undefined {
    const exact = traceSegment(this.#file.map, 0, wasmOffset);
    if (exact !== null && exact[0] >= (body?.start ?? 0)) {
      const place = isMapped(exact) ? this.#placeOf(exact) : undefined;
      if (place !== undefined) return place;
    }
    if (body === undefined) return undefined;
    const row = this.#firstFrom(wasmOffset);
    const nearest = [this.#mapped[row], this.#mapped[row - 1]].find(
      (segment) => segment !== undefined && segment[0] >= body.start && segment[0] < body.end,
    );
    return nearest && this.#placeOf(nearest);
  }

  /** The name that the map has for a function: the first in it. */
  nameOf({ start, end }: FunctionBody): string | undefined {
    for (let row = this.#firstFrom(start); row < this.#mapped.length; row++) {
      const segment = this.#mapped[row] as Mapped;
      if (segment[0] >= end) return undefined;
      const name = this.#file.map.names[segment[4] ?? -1];
      if (name !== undefined && name !== '') return name;
    }
    return undefined;
  }

  /** The text of a source file, when the map has it. */
  textOf(file: string): string | undefined {
    return this.#texts.get(file);
  }

  /** Whether the map says that a source is others' code, as of a framework (`ignoreList`). */
  isIgnored(file: string): boolean {
    return this.#ignored.has(file);
  }

  /** The first of {@link #mapped} that begins at or after an offset. */
  #firstFrom(offset: number): number {
    const row = findRow(this.#columns, offset - 1);
    return row + ((this.#columns[row] ?? offset) < offset ? 1 : 0);
  }

  #placeOf([, source, line, column]: Mapped): SourcePlace | undefined {
    const file = this.#file.map.resolvedSources[source];
    // One without a name is, once it is resolved, at most the directory of all.
    if (file === undefined || file === '' || file.endsWith('/')) return undefined;
    if (!isPosition(line) || !isPosition(column)) return undefined;
    return { name: undefined, file, line: line + 1, column: column + 1 };
  }
}

function isMapped(segment: Readonly<SourceMapSegment>): segment is Mapped {
  return segment.length > 1 && segment[0] >= 0;
}

/** What a map says need not be so. */
function isPosition(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number < 2 ** 31 - 1;
}
