// biome-ignore-all lint/complexity/useLiteralKeys: tsc's noPropertyAccessFromIndexSignature demands brackets

import {
  array,
  atLeast,
  boolean,
  check,
  checkTable,
  fail,
  index,
  indexOrMinusOne,
  keys,
  lengthOf,
  object,
  oneOf,
  orNull,
  type Row,
  string,
} from './profile-checks.js';

/** Lengths of tables that threads refer to. */
export interface Shared {
  readonly strings: number;
  readonly stacks: number;
}

export function checkShared(profile: Row, libs: number, categories: readonly number[]): Shared {
  const shared = object(profile['shared'], 'profile', 'shared');
  const tables = [
    'stringArray',
    'stackTable',
    'frameTable',
    'funcTable',
    'resourceTable',
    'nativeSymbols',
    'sources',
    'sourceLocationTable',
  ];
  keys(shared, 'shared', tables);
  const strings = array(shared['stringArray'], 'shared', 'stringArray');
  for (const [row, value] of strings.entries()) check('shared', 'stringArray', string, value, row);
  if (new Set(strings).size !== strings.length) {
    fail('shared', 'stringArray', undefined, 'expected each string once');
  }
  const count = (table: string): number => lengthOf(object(shared[table], 'shared', table), table);
  const frames = count('frameTable');
  const nativeSymbols = count('nativeSymbols');
  const locations = count('sourceLocationTable');
  const sources = count('sources');
  const name = index(strings.length);

  checkTable(shared, 'sources', {
    id: orNull(string),
    filename: name,
    startLine: atLeast(1),
    startColumn: atLeast(1),
    sourceMapURL: orNull(name),
    content: orNull(string),
  });
  checkTable(shared, 'sourceLocationTable', {
    source: index(sources),
    line: atLeast(1),
    column: atLeast(1),
  });
  checkTable(shared, 'resourceTable', {
    name,
    host: orNull(name),
    type: oneOf([0, 1, 2, 3, 4, 5]),
  });
  checkTable(shared, 'nativeSymbols', {
    libIndex: index(libs),
    address: atLeast(0),
    name,
    functionSize: orNull(atLeast(0)),
  });
  checkTable(shared, 'funcTable', {
    name,
    isJS: boolean,
    relevantForJS: boolean,
    resource: indexOrMinusOne(count('resourceTable')),
    source: orNull(index(sources)),
    lineNumber: orNull(atLeast(1)),
    columnNumber: orNull(atLeast(1)),
    originalLocation: orNull(index(locations)),
  });
  const frameTable = checkTable(shared, 'frameTable', {
    address: atLeast(-1),
    lib: indexOrMinusOne(libs),
    inlineDepth: (value) => atLeast(0)(value, 0) ?? (Number(value) > 255 ? 'above 255' : undefined),
    category: orNull(index(categories.length)),
    subcategory: orNull(atLeast(0)),
    func: index(count('funcTable')),
    nativeSymbol: orNull(index(nativeSymbols)),
    innerWindowID: orNull(atLeast(0)),
    line: orNull(atLeast(1)),
    column: orNull(atLeast(1)),
    originalLocation: orNull(index(locations)),
  });
  checkFrames(frameTable, object(shared['nativeSymbols'], 'shared', 'nativeSymbols'), categories);
  const stackTable = checkTable(shared, 'stackTable', {
    frame: index(frames),
    prefixOffset: (value, row) =>
      atLeast(0)(value, row) ??
      (Number(value) > row
        ? `expected a parent before row ${row}, got offset ${value}`
        : undefined),
  });
  checkStacks(stackTable, frameTable);
  return { strings: strings.length, stacks: count('stackTable') };
}

/** Columns of one frame that must fit each other. */
function checkFrames(frames: Row, symbols: Row, categories: readonly number[]): void {
  const column = (name: string): unknown[] => frames[name] as unknown[];
  for (let row = 0; row < lengthOf(frames, 'frameTable'); row++) {
    const category = column('category')[row] as number | null;
    const subcategory = column('subcategory')[row] as number | null;
    if (category !== null) {
      const problem = index(categories[category] ?? 0)(subcategory, row);
      if (problem !== undefined) fail('frameTable', 'subcategory', row, problem);
    }
    const address = Number(column('address')[row]);
    const lib = Number(column('lib')[row]);
    if (address >= 0 && lib < 0) fail('frameTable', 'lib', row, 'expected a lib with an address');
    if (Number(column('inlineDepth')[row]) > 0 && address < 0) {
      fail('frameTable', 'inlineDepth', row, 'expected an address with an inline frame');
    }
    const symbol = column('nativeSymbol')[row] as number | null;
    if (symbol === null) continue;
    if ((symbols['libIndex'] as unknown[])[symbol] !== lib) {
      fail('frameTable', 'nativeSymbol', row, "expected a symbol of the frame's own lib");
    }
    const start = Number((symbols['address'] as unknown[])[symbol]);
    const size = (symbols['functionSize'] as unknown[])[symbol] as number | null;
    if (address < start || (size !== null && address >= start + size)) {
      fail('frameTable', 'nativeSymbol', row, `expected a symbol that holds address ${address}`);
    }
  }
}

/** An inline frame is called by the next shallower frame of the same address. */
function checkStacks(stacks: Row, frames: Row): void {
  const frameOf = stacks['frame'] as number[];
  const offsets = stacks['prefixOffset'] as number[];
  const value = (column: string, frame: number): unknown => (frames[column] as unknown[])[frame];
  for (const [row, frame] of frameOf.entries()) {
    const depth = Number(value('inlineDepth', frame));
    if (depth === 0) continue;
    const offset = offsets[row] ?? 0;
    if (offset === 0) fail('stackTable', 'prefixOffset', row, 'an inline frame is a root');
    const parent = frameOf[row - offset] ?? -1;
    for (const column of ['address', 'lib', 'nativeSymbol']) {
      if (value(column, parent) !== value(column, frame)) {
        fail('stackTable', 'frame', row, `an inline frame and its parent differ in ${column}`);
      }
    }
    // Depth is a byte: it stays at 255 for the deepest.
    const expected = depth === 255 ? [254, 255] : [depth - 1];
    if (!expected.includes(Number(value('inlineDepth', parent)))) {
      fail('stackTable', 'frame', row, `an inline frame of depth ${depth} skips a depth`);
    }
  }
}
