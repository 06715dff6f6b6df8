import type { CategoryIndex } from '../profile/category.js';
import type { FrameIndex } from '../profile/frame-table.js';
import { type FuncIndex, NO_LINKAGE_NAME, UNKNOWN_LINE } from '../profile/func-table.js';
import type { Lib, LibIndex } from '../profile/lib-table.js';
import type { NativeSymbolIndex } from '../profile/native-symbol-table.js';
import type { Profile } from '../profile/profile.js';
import type { ResourceIndex } from '../profile/resource-table.js';
import { NO_SOURCE, type SourceIndex } from '../profile/source-table.js';
import { Categorizer, type CategoryRule } from './categories.js';
import { functionNames } from './function-names.js';
import { inlineChains, noChains } from './inline-chains.js';
import type { ListedCode } from './listed-code.js';
import { readSource } from './module-symbols.js';
import { findRow } from './rows.js';
import type { SourceMap } from './source-map.js';
import { type PathPrefixMap, shownPath } from './source-path.js';
import type { FunctionStart, SourcePlace } from './source-place.js';
import type { SourceTexts } from './source-texts.js';

/** How addresses are given names. */
export interface Symbolication {
  readonly rawNames: boolean;
  readonly lines: boolean;
  readonly inlineFrames: boolean;
  readonly pathPrefixMap: PathPrefixMap;
  readonly categories: readonly CategoryRule[];
  /** Where the texts of source files are noted, if they are wanted. */
  readonly texts: SourceTexts | undefined;
  /** Told of what could not be read: a section or an option, a colon, and why. */
  warn(warning: string): void;
}

/**
 * Adds a module and the frames of its sampled text offsets, which ascend. Returns the frames of each,
 * outermost first.
 */
export function moduleFrames(
  profile: Profile,
  listed: ListedCode,
  sampled: Uint32Array,
  how: Symbolication,
): FrameIndex[][] {
  if (sampled.length === 0) {
    const { name } = listed;
    // Not even its hash: it costs nothing.
    profile.libs.add({ name, ...moduleIds(name, null) });
    return [];
  }
  const code = listed.whole(how.warn);
  const { name } = listed;
  const warn = (warning: string) => how.warn(`${name}: ${warning}`);
  const lib = profile.libs.add({ name, ...moduleIds(name, code.sha256) });
  const { offset, length, index } = code.functions();
  const rows = Array.from(sampled, (address) => findRow(offset, address));
  const sampledRows = [...new Set(rows)];
  const indices = Uint32Array.from(sampledRows, (row) => index[row] as number);
  const debugInfo = readSource('debugInfo', listed.symbols.debugInfo, warn);
  const names = functionNames(code, listed.symbols, debugInfo, indices, how.rawNames, warn);
  const functions = Uint32Array.from(rows, (row) => index[row] as number);
  const offsets = { textOffsets: sampled, functions };
  const { chains, map, namesFirst } = how.lines
    ? inlineChains(code, listed.symbols, debugInfo, offsets, how.rawNames, warn)
    : { chains: noChains(sampled), map: undefined, namesFirst: false };
  const exported = code.exportedNames(indices);
  const outermost = new Map<number, SourcePlace>();
  for (const [i, row] of rows.entries()) {
    const place = chains[i]?.[0];
    const known = outermost.get(row);
    // What knows most stands for all places of a function.
    if (place !== undefined && (known === undefined || knows(place) > knows(known))) {
      outermost.set(row, place);
    }
  }
  const linkageNames = how.rawNames ? names : code.functionNames(indices, true);

  const funcs = new ModuleFuncs(profile, lib, how, name, map);
  for (const [i, row] of sampledRows.entries()) {
    const place = outermost.get(row);
    const listedName = names[i] ?? undefined;
    const sourceName = place?.name;
    const known = namesFirst ? (sourceName ?? listedName) : (listedName ?? sourceName);
    funcs.addFunction(row, {
      name: known ?? exported[i] ?? `wasm-function[${indices[i]}]`,
      linkageName: place?.linkageName ?? linkageNames[i] ?? undefined,
      file: place?.start?.file ?? place?.file,
      start: place?.start,
      offset: offset[row] as number,
      size: length[row] as number,
    });
  }
  return rows.map((row, i) => {
    const chain = chains[i] as SourcePlace[];
    return funcs.frames(row, sampled[i] as number, how.inlineFrames ? chain : chain.slice(0, 1));
  });
}

/** How much of a place is known. */
function knows({ name, file, start }: SourcePlace): number {
  return (
    Number(start !== undefined) * 4 + Number(name !== undefined) * 2 + Number(file !== undefined)
  );
}

/** The fields by which readers ask about a module: as native ones have them, but of its binary's hash. */
function moduleIds(name: string, sha256: string | null): Partial<Lib> {
  if (sha256 === null) return { debugName: name };
  // An id of Breakpad's is 32 digits of a hash and the age, one more.
  const breakpadId = `${sha256.slice(0, 32).toUpperCase()}0`;
  return { debugName: name, breakpadId, codeId: sha256 };
}

const NO_START = { line: UNKNOWN_LINE, column: UNKNOWN_LINE };

/** A function of the source, whether it was compiled by itself or inlined. */
interface SourceFunction {
  readonly name: string;
  readonly linkageName: string | undefined;
  /** Where it begins, or undefined when that isn't known. */
  readonly start: FunctionStart | undefined;
}

/** A function of the compiled module. */
interface FunctionFacts extends SourceFunction {
  /** Where it begins, else of one of its lines; undefined when no file is known. */
  readonly file: string | undefined;
  /** In bytes from the start of the text. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

interface CompiledFunction extends FunctionFacts {
  readonly nativeSymbol: NativeSymbolIndex;
  /** By file: code that comes from another one by `#include` has a func of its own. */
  readonly funcs: Map<string | undefined, FuncIndex>;
}

/** The funcs of one module. */
class ModuleFuncs {
  readonly #profile: Profile;
  readonly #lib: LibIndex;
  readonly #resource: ResourceIndex;
  readonly #how: Symbolication;
  readonly #map: SourceMap | undefined;
  readonly #functions = new Map<number, CompiledFunction>();
  /** Funcs by name and file: what was inlined here and compiled there is one function of the source. */
  readonly #byPlace = new Map<string, FuncIndex>();

  /** Those that the source map says to be others' code. */
  readonly #ignored = new Set<SourceIndex>();

  readonly #categorizer: Categorizer;
  readonly #categories = new Map<FuncIndex, CategoryIndex>();

  constructor(
    profile: Profile,
    lib: LibIndex,
    how: Symbolication,
    name: string,
    map: SourceMap | undefined,
  ) {
    this.#profile = profile;
    this.#lib = lib;
    this.#how = how;
    this.#map = map;
    this.#categorizer = new Categorizer(profile.categories, how.categories);
    this.#resource = profile.resources.addLibrary(profile.strings.intern(name));
  }

  addFunction(row: number, facts: FunctionFacts): void {
    const nativeName = this.#profile.strings.intern(facts.name);
    const { offset, size } = facts;
    const nativeSymbol = this.#profile.nativeSymbols.intern(this.#lib, offset, nativeName, size);
    // Not interned: functions of the same name stay apart.
    const func = this.#addFunc(facts, facts.file);
    this.#functions.set(row, { ...facts, nativeSymbol, funcs: new Map([[facts.file, func]]) });
  }

  /** The frames of an address in a function, outermost first. */
  frames(row: number, address: number, chain: readonly SourcePlace[]): FrameIndex[] {
    const compiled = this.#functions.get(row) as CompiledFunction;
    const { nativeSymbol } = compiled;
    const [outermost, ...inlined] = chain;
    const { line = 0, column = 0 } = outermost ?? {};
    const lib = this.#lib;
    const frames = this.#profile.frames;
    const func = this.#funcOf(compiled, outermost?.file);
    const category = this.#categoryOf(func);
    const added = [frames.intern({ func, address, lib, nativeSymbol, line, column, category })];
    for (const [i, place] of inlined.entries()) {
      const { line, column } = place;
      const func = this.#inlinedFunc(place);
      const inlineDepth = i + 1;
      const category = this.#categoryOf(func);
      const where = { address, lib, nativeSymbol, line, column, inlineDepth };
      added.push(frames.intern({ func, category, ...where }));
    }
    return added;
  }

  #categoryOf(func: FuncIndex): CategoryIndex {
    const known = this.#categories.get(func);
    if (known !== undefined) return known;
    const { funcs, sources, strings } = this.#profile;
    const source = funcs.source.get(func);
    const file = source === NO_SOURCE ? undefined : strings.get(sources.filename.get(source));
    const name = strings.get(funcs.name.get(func));
    const category = this.#categorizer.categoryOf(name, file, this.#ignored.has(source));
    this.#categories.set(func, category);
    return category;
  }

  #funcOf(compiled: CompiledFunction, file: string | undefined): FuncIndex {
    const shown = file ?? compiled.file;
    const known = compiled.funcs.get(shown);
    if (known !== undefined) return known;
    const func = this.#addFunc(compiled, shown);
    compiled.funcs.set(shown, func);
    return func;
  }

  #inlinedFunc({ name = '(inlined)', linkageName, file, start }: SourcePlace): FuncIndex {
    const inlined = { name, linkageName, start };
    return this.#byPlace.get(placeKey(inlined, file)) ?? this.#addFunc(inlined, file);
  }

  #addFunc(added: SourceFunction, file: string | undefined): FuncIndex {
    const { funcs, strings } = this.#profile;
    const { name, linkageName, start } = added;
    // A line of another file would mislead.
    const { line, column } = start !== undefined && start.file === file ? start : NO_START;
    const func = funcs.add({
      name: strings.intern(name),
      resource: this.#resource,
      source: this.#source(file),
      line,
      column,
      linkageName: linkageName === undefined ? NO_LINKAGE_NAME : strings.intern(linkageName),
    });
    const key = placeKey(added, file);
    if (!this.#byPlace.has(key)) this.#byPlace.set(key, func);
    return func;
  }

  #source(file: string | undefined): SourceIndex {
    if (file === undefined) return NO_SOURCE;
    const { sources, strings } = this.#profile;
    const source = sources.intern(strings.intern(shownPath(file, this.#how.pathPrefixMap)));
    this.#how.texts?.add(source, file, this.#map?.textOf(file));
    if (this.#map?.isIgnored(file)) this.#ignored.add(source);
    return source;
  }
}

function placeKey({ name, linkageName }: SourceFunction, file: string | undefined): string {
  return `${linkageName ?? name}\0${file ?? ''}`;
}
