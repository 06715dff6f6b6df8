import { NO_ADDRESS } from '../profile/frame-table.js';
import { UNKNOWN_LINE } from '../profile/func-table.js';
import { NO_LIB } from '../profile/lib-table.js';
import { NO_NATIVE_SYMBOL, UNKNOWN_SIZE } from '../profile/native-symbol-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_RESOURCE } from '../profile/resource-table.js';
import { NO_SOURCE } from '../profile/source-table.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { ReadTables } from './firefox-read-tables.js';
import type { JsonReader } from './json-reader.js';

const MAXIMUM_LINE = 2 ** 31;
const MAXIMUM_ADDRESS = 2 ** 53;

/** Fills the tables that all threads share; rows of the model by rows of the file. */
export function readShared(
  profile: Profile,
  categories: readonly number[],
  shared: JsonReader,
): Pick<ReadTables, 'strings' | 'stacks'> {
  const strings = shared
    .get('stringArray')
    .items()
    .map((item) => profile.strings.intern(item.string()));
  const resources = readResources(profile, shared.get('resourceTable'), strings);
  const sources = readSources(profile, shared.get('sources'), strings);
  const symbols = readNativeSymbols(profile, shared.get('nativeSymbols'), strings);
  const funcs = readFuncs(profile, shared.get('funcTable'), { strings, resources, sources });
  const frames = readFrames(profile, shared.get('frameTable'), { funcs, symbols, categories });
  return { strings, stacks: readStacks(profile, shared.get('stackTable'), frames) };
}

function readResources(profile: Profile, table: JsonReader, strings: number[]): number[] {
  const names = table.ints('name', lengthOf(table), 0, strings.length);
  return Array.from(names, (name) => profile.resources.addLibrary(at(strings, name)));
}

function readSources(profile: Profile, table: JsonReader, strings: number[]): number[] {
  const names = table.ints('filename', lengthOf(table), 0, strings.length);
  const contents = table.column('content', names.length);
  return Array.from(names, (name, row) => {
    const source = profile.sources.intern(at(strings, name));
    const content = contents[row];
    if (typeof content === 'string') profile.sources.setContent(source, content);
    return source;
  });
}

function readNativeSymbols(profile: Profile, table: JsonReader, strings: number[]): number[] {
  const length = lengthOf(table);
  const libs = table.ints('libIndex', length, 0, profile.libs.length);
  const addresses = table.ints('address', length, 0, MAXIMUM_ADDRESS);
  const names = table.ints('name', length, 0, strings.length);
  const sizes = table.ints('functionSize', length, 0, MAXIMUM_ADDRESS, UNKNOWN_SIZE);
  return Array.from(libs, (lib, row) =>
    profile.nativeSymbols.intern(
      lib,
      at(addresses, row),
      at(strings, at(names, row)),
      at(sizes, row),
    ),
  );
}

function readFuncs(
  profile: Profile,
  table: JsonReader,
  { strings, resources, sources }: Record<'strings' | 'resources' | 'sources', number[]>,
): number[] {
  const length = lengthOf(table);
  const names = table.ints('name', length, 0, strings.length);
  const libs = table.ints('resource', length, 0, resources.length, NO_RESOURCE);
  const files = table.ints('source', length, 0, sources.length, NO_SOURCE);
  const lines = table.ints('lineNumber', length, 0, MAXIMUM_LINE, UNKNOWN_LINE);
  const columns = table.ints('columnNumber', length, 0, MAXIMUM_LINE, UNKNOWN_LINE);
  return Array.from(names, (name, row) =>
    profile.funcs.add({
      name: at(strings, name),
      resource: orNone(resources, at(libs, row), NO_RESOURCE),
      source: orNone(sources, at(files, row), NO_SOURCE),
      line: at(lines, row),
      column: at(columns, row),
    }),
  );
}

function readFrames(
  profile: Profile,
  table: JsonReader,
  { funcs, symbols, categories }: Record<'funcs' | 'symbols' | 'categories', readonly number[]>,
): number[] {
  const length = lengthOf(table);
  const func = table.ints('func', length, 0, funcs.length);
  const address = table.ints('address', length, 0, MAXIMUM_ADDRESS, NO_ADDRESS);
  const lib = table.ints('lib', length, 0, profile.libs.length, NO_LIB);
  const inlineDepth = table.ints('inlineDepth', length, 0, 256);
  const nativeSymbol = table.ints('nativeSymbol', length, 0, symbols.length, NO_NATIVE_SYMBOL);
  const line = table.ints('line', length, 0, MAXIMUM_LINE, UNKNOWN_LINE);
  const column = table.ints('column', length, 0, MAXIMUM_LINE, UNKNOWN_LINE);
  const category = table.ints('category', length, 0, categories.length, 0);
  const subcategory = table.ints('subcategory', length, 0, 65_536, 0);
  return Array.from(func, (row, i) =>
    profile.frames.intern({
      func: at(funcs, row),
      address: at(address, i),
      lib: at(lib, i),
      inlineDepth: at(inlineDepth, i),
      nativeSymbol: orNone(symbols, at(nativeSymbol, i), NO_NATIVE_SYMBOL),
      line: at(line, i),
      column: at(column, i),
      category: at(categories, at(category, i)),
      subcategory: at(subcategory, i),
    }),
  );
}

function readStacks(profile: Profile, table: JsonReader, frames: number[]): Int32Array {
  const length = lengthOf(table);
  const frame = table.ints('frame', length, 0, frames.length);
  const offset = table.ints('prefixOffset', length, 0, length + 1);
  const stacks = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    if (at(offset, row) > row) throw table.get('prefixOffset').wrong(`callers before row ${row}`);
    const caller = at(offset, row) === 0 ? NO_STACK : at(stacks, row - at(offset, row));
    stacks[row] = profile.stacks.intern(caller, at(frames, at(frame, row)));
  }
  return stacks;
}

export function lengthOf(table: JsonReader): number {
  const length = table.get('length');
  if (!(Number.isSafeInteger(length.number()) && length.number() >= 0)) {
    throw length.wrong('a number of rows');
  }
  return length.number();
}

function orNone(rows: readonly number[], row: number, none: number): number {
  return row === none ? none : at(rows, row);
}

/** Rows have been checked before. */
function at(rows: ArrayLike<number>, row: number): number {
  return rows[row] as number;
}
