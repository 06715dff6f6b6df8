import { describe, expect, it } from 'vitest';
import {
  Engine,
  GuestProfiler,
  Linker,
  Module,
  type ModuleSymbols,
  type ProfilerOptions,
  Store,
} from '../../lib/index.js';
import { checkPartner } from '../../lib/profiler/build-id.js';
import { guestPath } from '../runtime/support.js';
import { finish } from './support.js';

/** A module of a function that is exported and calls one that is not, which calls `e.f`; with more sections. */
function binary(...sections: readonly (readonly [string, Uint8Array])[]): Buffer {
  return Buffer.concat([
    Buffer.from('\0asm\u0001\0\0\0', 'latin1'),
    section(1, [1, 0x60, 0, 0]),
    section(2, [1, 1, 0x65, 1, 0x66, 0, 0]),
    section(3, [2, 0, 0]),
    section(7, [1, 3, ...Buffer.from('run'), 0, 2]),
    section(10, [2, 4, 0, 0x10, 0, 0x0b, 4, 0, 0x10, 1, 0x0b]),
    ...sections.map(([name, data]) =>
      Buffer.concat([
        Buffer.from([0, ...leb(name.length + 1 + data.length), name.length]),
        Buffer.from(name),
        data,
      ]),
    ),
  ]);
}

function section(id: number, content: readonly number[]): Buffer {
  return Buffer.from([id, ...leb(content.length), ...content]);
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
}

/** A string, or bytes, after their number. */
function counted(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data as string);
  return Buffer.concat([Buffer.from(leb(bytes.length)), bytes]);
}

/** Where the functions of {@link binary} lie: four bytes each, after their sizes. */
const INNER = binary().length - 9;

/** A map of `spin.ts`, with a place and a name for each function. */
const MAP = {
  version: 3,
  sections: ['spinLoop', 'outerLoop'].map((name, i) => ({
    offset: { line: 0, column: INNER + 5 * i },
    map: { version: 3, sources: ['spin.ts'], names: [name], mappings: 'AAIEA' },
  })),
};

async function profiled(wasm: Uint8Array, symbols: object = {}, options: ProfilerOptions = {}) {
  const engine = new Engine();
  const module = Module.compile(engine, wasm);
  const store = new Store(engine);
  const profiler = new GuestProfiler('p', 1, [['m', module, symbols]], options);
  const linker = new Linker(engine);
  linker.funcWrap('e', 'f', { params: [], results: [] }, () => profiler.sample(store, 0));
  linker.instantiate(store, module).getFunc(store, 'run').call(store);
  const { json, stacks } = await finish(profiler);
  return { json, stacks, warnings: profiler.warnings };
}

/** {@link MAP} with other fields in its parts. */
const mapWith = (fields: object) => ({
  ...MAP,
  sections: MAP.sections.map(({ offset, map }) => ({ offset, map: { ...map, ...fields } })),
});

it('names functions that have none by the names of a source map', async () => {
  expect((await profiled(binary())).stacks).toEqual([['run', 'wasm-function[1]']]);
  const { stacks, warnings } = await profiled(binary(), { sourceMap: MAP });
  expect(stacks).toEqual([['outerLoop', 'spinLoop']]);
  expect(warnings).toEqual([]);
  const sourceMap = mapWith({ names: ['_ZN3app4workEi'] });
  expect((await profiled(binary(), { sourceMap })).stacks[0]).toContain('app::work(int)');
  const raw = await profiled(binary(), { sourceMap }, { rawNames: true });
  expect(raw.stacks[0]).toContain('_ZN3app4workEi');
});

describe('a map in the module', () => {
  const inline = (bytes: number) => {
    const json = JSON.stringify(mapWith({ sourcesContent: ['x'.repeat(bytes)] }));
    return counted(`data:application/json,${encodeURIComponent(json)}`);
  };

  it.each([10, 45_000, 49_900, 51_000, 3_000_000])('may hold texts of %i bytes', async (bytes) => {
    const wasm = binary(['sourceMappingURL', inline(bytes)]);
    const { json, stacks, warnings } = await profiled(wasm, {}, { sources: true });
    expect(warnings).toEqual([]);
    expect(stacks).toEqual([['outerLoop', 'spinLoop']]);
    expect(json.shared.sources.content.map((text: string) => text.length)).toEqual([bytes]);
  });

  it('is that of the first section, and one that is cut is none', async () => {
    const [url, other] = [inline(10), counted('elsewhere.map')];
    const first = await profiled(binary(['sourceMappingURL', url], ['sourceMappingURL', other]));
    expect([first.stacks, first.warnings]).toEqual([[['outerLoop', 'spinLoop']], []]);
    const cut = await profiled(binary(['sourceMappingURL', url.subarray(0, -1)]));
    expect(cut.warnings).toEqual([
      'm: sourceMappingURL: no valid string',
      expect.stringContaining('m: stripped: '),
    ]);
  });
});

it('shows sources that a map ignores as third-party code', async () => {
  const categoryOf = async (sourceMap: object, options: ProfilerOptions = {}) => {
    const { json } = await profiled(binary(), { sourceMap }, options);
    const [category] = json.shared.frameTable.category;
    return json.meta.categories[category].name;
  };
  expect(await categoryOf(MAP)).toBe('Guest');
  expect(await categoryOf(mapWith({ ignoreList: [0] }))).toBe('Third-party code');
  expect(await categoryOf(mapWith({ x_google_ignoreList: [0] }))).toBe('Third-party code');
  const categories = [{ category: 'Mine', color: 'blue', name: /^/ }] as const;
  expect(await categoryOf(mapWith({ ignoreList: [0] }), { categories })).toBe('Mine');
});

describe('build ids', () => {
  const ID = '0123456789abcdef0123456789abcdef';
  const OTHER = ID.replace('0', '1');
  const WARNING = 'sourceMap: of another build than the module: their build ids differ';

  it.each([
    [undefined, ID, true],
    [ID, undefined, true],
    ['', ID, true],
    [ID, ID, true],
    [ID, '01234567-89AB-CDEF-0123-456789ABCDEF', true],
    [`${ID}00112233`, ID, true],
    ['00112233', '00112233', true],
    ['00112233', '0011223344', false],
    [ID, OTHER, false],
  ])('%s and %s are of one build: %s', (own, other, same) => {
    const warnings: string[] = [];
    checkPartner('sourceMap', own, other, (warning) => warnings.push(warning));
    expect(warnings).toEqual(same ? [] : [WARNING]);
  });

  it('of a module and the binary that is given for it are compared', async () => {
    const wasm = binary(['build_id', counted(Buffer.from(ID, 'hex'))]);
    const other = binary(['build_id', counted(Buffer.from(OTHER, 'hex'))]);
    expect((await profiled(wasm, { wasm: other })).warnings).toContain(
      'm: wasm: of another build than the module: their build ids differ',
    );
    for (const warning of (await profiled(wasm, { wasm })).warnings) {
      expect(warning).not.toContain('build');
    }
  });

  it('of a source map and its module are compared', async () => {
    const wasm = binary(['build_id', counted(Buffer.from(ID, 'hex'))]);
    for (const key of ['debugId', 'debug_id']) {
      const same = await profiled(wasm, { sourceMap: { ...MAP, [key]: ID } });
      expect(same.warnings).toEqual([]);
      const { warnings, stacks } = await profiled(wasm, { sourceMap: { ...MAP, [key]: OTHER } });
      expect(warnings).toEqual([`m: ${WARNING}`]);
      // It is the user's choice all the same.
      expect(stacks).toEqual([['outerLoop', 'spinLoop']]);
    }
  });
});

it('tells of a source map that goes on where the code has ended', async () => {
  const at = (column: number) => ({
    ...MAP,
    sections: [...MAP.sections, { offset: { line: 0, column }, map: MAP.sections[0]?.map }],
  });
  const { length } = binary();
  expect((await profiled(binary(), { sourceMap: at(length) })).warnings).toEqual([]);
  const { warnings, stacks } = await profiled(binary(), { sourceMap: at(length + 1) });
  expect(warnings).toEqual([
    'm: sourceMap: of another build than the module: it has places beyond the code',
  ]);
  expect(stacks).toEqual([['outerLoop', 'spinLoop']]);
});

describe('a source map and DWARF', () => {
  const guest = guestPath('c/inlining.wasm');

  /** The files that a profile of a guest with DWARF shows. */
  async function files(symbols: ModuleSymbols): Promise<string[]> {
    const engine = new Engine();
    const module = Module.fromFile(engine, guest);
    const store = new Store(engine);
    const profiler = new GuestProfiler('p', 1, [['m', module, symbols]]);
    const linker = new Linker(engine);
    linker.funcWrap('env', 'sample', { params: [], results: [] }, () => profiler.sample(store, 0));
    linker.instantiate(store, module).getFunc(store, 'run').call(store, 1);
    const { json } = await finish(profiler);
    const { sources, stringArray } = json.shared;
    return sources.filename.map((name: number) => stringArray[name]).sort();
  }

  /** A map that has a place at each of some columns. */
  function mapAt(columns: Iterable<number>): { version: number; sections: object[] } {
    const map = { version: 3, sources: ['other.ts'], mappings: 'AAAA' };
    const sorted = [...columns].sort((a, b) => a - b);
    return { version: 3, sections: sorted.map((column) => ({ offset: { line: 0, column }, map })) };
  }

  it('answer in this order: what was given, then the other where that has nothing', async () => {
    expect(await files({})).toEqual(['inlining.c']);
    const code = Module.native('m', Module.fromFile(new Engine(), guest)).code();
    const { start, end } = code.functionBodies(code.functions().index);
    expect(await files({ sourceMap: mapAt(start) })).toEqual(['other.ts']);
    // A place in no function, and places in one function alone.
    expect(await files({ sourceMap: mapAt([0]) })).toEqual(['inlining.c']);
    const largest = start.indexOf([...start].reduce((a, b) => (size(a) > size(b) ? a : b)));
    function size(from: number): number {
      return (end[start.indexOf(from)] as number) - from;
    }
    expect(await files({ sourceMap: mapAt([start[largest] as number]) })).toEqual([
      'inlining.c',
      'other.ts',
    ]);
  });
});
