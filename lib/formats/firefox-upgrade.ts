/**
 * Tables of the Firefox Profiler's processed format before version 70, in the form that they have there: each thread had
 * its own, before they moved to `shared` one by one, and some columns had other names. What is there tells, rather than
 * the version's number: `docs-developer/CHANGELOG-formats.md` in `firefox-devtools/profiler` has the steps.
 */

import type { JsonReader } from './json-reader.js';

/** The first version whose libs are the profile's; older files are refused. */
export const OLDEST_VERSION = 41;

/** The tables that moved from threads to `shared`. */
const TABLES = [
  'stringArray',
  'sources',
  'resourceTable',
  'nativeSymbols',
  'funcTable',
  'frameTable',
  'stackTable',
] as const;

type Tables = Record<(typeof TABLES)[number], Record<string, unknown>>;
type Column = ArrayLike<number | null>;

/** Whether a thread has tables of its own. */
export function hasTables(thread: JsonReader): boolean {
  return TABLES.some((name) => thread.get(name).present);
}

/**
 * The tables of a thread, and those that it shares, as in `shared` of version 70.
 *
 * @param grey what stands for a frame without a category.
 * @throws TypeError `ERR_INVALID_PROFILE` for what no version has.
 */
export function upgradeTables(shared: JsonReader, thread: JsonReader, grey: number): Tables {
  const found = TABLES.map((name): [string, unknown] => {
    const own = thread.get(name);
    const reader = own.present ? own : tableOf(shared, name);
    if (name === 'stringArray') return [name, reader?.array() ?? []];
    return [name, { ...(reader?.object() ?? { length: 0 }) }];
  });
  const tables = Object.fromEntries(found) as unknown as Tables;
  upgradeSources(tables);
  upgradeStacks(tables);
  upgradeFrames(tables, grey);
  return tables;
}

function tableOf(shared: JsonReader, name: string): JsonReader | undefined {
  if (!shared.present) return undefined;
  const table = shared.get(name);
  return table.present ? table : undefined;
}

/** Before version 58 a function had its file's name itself; contents came later. */
function upgradeSources({ funcTable, sources }: Tables): void {
  const names = columnOf(funcTable, 'fileName');
  if (columnOf(funcTable, 'source') === undefined) {
    const rows = new Map<number, number>();
    funcTable['source'] = Array.from(names ?? noneOf(funcTable), (name) => {
      if (name === null) return null;
      const row = rows.get(name) ?? rows.size;
      rows.set(name, row);
      return row;
    });
    sources['filename'] = [...rows.keys()];
    sources['length'] = rows.size;
  }
  sources['content'] ??= noneOf(sources);
}

/** A stack's caller was a row, and is how many rows before. */
function upgradeStacks({ stackTable }: Tables): void {
  if (columnOf(stackTable, 'prefixOffset') !== undefined) return;
  const prefix = columnOf(stackTable, 'prefix') ?? [];
  stackTable['prefixOffset'] = Array.from(prefix, (caller, row) =>
    caller === null ? 0 : row - caller,
  );
}

/** Frames had no lib of their own; their category was also that of stacks, until version 53, or only that. */
function upgradeFrames(tables: Tables, grey: number): void {
  const { frameTable, funcTable, resourceTable, nativeSymbols, stackTable } = tables;
  frameTable['inlineDepth'] ??= numbersOf(frameTable, 0);
  frameTable['nativeSymbol'] ??= noneOf(frameTable);
  frameTable['subcategory'] ??= noneOf(frameTable);
  const symbols = columnOf(frameTable, 'nativeSymbol') ?? [];
  const funcs = columnOf(frameTable, 'func') ?? [];
  if (columnOf(frameTable, 'lib') === undefined) {
    const libOfSymbol = columnOf(nativeSymbols, 'libIndex') ?? [];
    const resourceOfFunc = columnOf(funcTable, 'resource') ?? [];
    const libOfResource = columnOf(resourceTable, 'lib') ?? [];
    const addresses = columnOf(frameTable, 'address') ?? [];
    frameTable['lib'] = Array.from(funcs, (func, row) => {
      if ((addresses[row] ?? -1) < 0) return -1;
      const lib = libOfSymbol[symbols[row] ?? -1] ?? null;
      return lib ?? libOfResource[resourceOfFunc[func ?? -1] ?? -1] ?? -1;
    });
  }
  const categories = Array.from(columnOf(frameTable, 'category') ?? noneOf(frameTable));
  const ofStacks = columnOf(stackTable, 'category');
  const frames = columnOf(stackTable, 'frame') ?? [];
  for (let row = 0; ofStacks !== undefined && row < frames.length; row++) {
    const frame = frames[row] ?? -1;
    if (categories[frame] === null) categories[frame] = ofStacks[row] ?? null;
  }
  frameTable['category'] = categories.map((category) => category ?? grey);
}

/** A column, if it is there and is one; what is in it is looked at when the tables are read. */
function columnOf(table: Record<string, unknown>, name: string): Column | undefined {
  const column = table[name];
  const isColumn = Array.isArray(column) || (ArrayBuffer.isView(column) && 'length' in column);
  return isColumn ? (column as Column) : undefined;
}

/** As many as the longest column has, since the table's length may be any number. */
function rowsOf(table: Record<string, unknown>): number {
  return Math.max(0, ...Object.keys(table).map((name) => columnOf(table, name)?.length ?? 0));
}

function noneOf(table: Record<string, unknown>): null[] {
  return new Array<null>(rowsOf(table)).fill(null);
}

function numbersOf(table: Record<string, unknown>, value: number): number[] {
  return new Array<number>(rowsOf(table)).fill(value);
}

/** A marker's schema: its fields were `data`, some of them texts of its own, of which one was the description. */
export function upgradeSchema(schema: Record<string, unknown>): Record<string, unknown> {
  const { data, ...others } = schema;
  if (!Array.isArray(data)) return schema;
  const fields = data.filter((field) => typeof field?.key === 'string');
  const texts = data.filter((field) => field?.label === 'Description');
  const description = others['description'] ?? texts[0]?.value;
  return { ...others, fields, ...(typeof description === 'string' && { description }) };
}
