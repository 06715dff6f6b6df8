import { readFileSync } from 'node:fs';
import { SourceMapConsumer, SourceMapGenerator } from 'source-map-js';
import { describe, expect, it } from 'vitest';
import { GuestProfiler, type Linker, Module, UpdateDeadline } from '../../lib/index.js';
import { SourceMap } from '../../lib/profiler/source-map.js';
import { guestPath, world } from '../runtime/support.js';
import { finish } from './support.js';

const WASM = guestPath('assemblyscript/plotter.wasm');
const MAP = `${WASM}.map`;
const TEXT = readFileSync(MAP, 'utf8');
const OFFSETS = readFileSync(WASM).length;
const CONSUMER = new SourceMapConsumer(JSON.parse(TEXT));

/** The places of all offsets, as another library reads them from the same map. */
const PLACES = Array.from({ length: OFFSETS }, (_, offset) => {
  const { source, line, column } = CONSUMER.originalPositionFor({ line: 1, column: offset });
  return source === null ? undefined : { file: source, line, column: column + 1 };
});

/** The places that a map gives, which must be read without a warning. */
function placesOf(given: string | Uint8Array | object | undefined, url?: string) {
  const map = SourceMap.read(given as never, url, expect.unreachable);
  return Array.from({ length: OFFSETS }, (_, offset) => {
    const place = map?.placeAt(offset, undefined);
    const file = place?.file?.replace(/^\.\//, '');
    return place && { file, line: place.line, column: place.column };
  });
}

it('gives the lines that another library reads from the same map', () => {
  expect(placesOf(MAP)).toEqual(PLACES);
  expect(PLACES.filter((place) => place !== undefined).length).toBeGreaterThan(1000);
});

it('puts lines of AssemblyScript into a profile', async () => {
  const { engine, linker, store } = world({ epochInterruption: true });
  const module = Module.fromFile(engine, WASM);
  const profiler = new GuestProfiler('p', 1, [['m', module, { sourceMap: MAP }]]);
  linker.funcWrap('env', 'report', { params: ['i32'], results: [] }, () => {});
  const abort = { params: ['i32', 'i32', 'i32', 'i32'], results: [] } as const;
  linker.funcWrap('env', 'abort', abort, () => {});
  store.setEpochDeadline(0);
  store.epochDeadlineCallback((store) => {
    profiler.sample(store, 0);
    return UpdateDeadline.continue(0);
  });
  const instance = (linker as Linker).instantiate(store, module);
  expect(instance.getFunc(store, 'run').call(store, 20)).toEqual(expect.any(Number));
  const { json } = await finish(profiler);
  expect(profiler.warnings).toEqual([]);
  const { sources, stringArray } = json.shared;
  const files = sources.filename.map((name: number) => stringArray[name]);
  expect(files).toContain('plotter/plotter/pictures.ts');
  expectLines(json, module);
});

/** That frames without a line are in functions alone of which the map has nothing. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of a known form, checked before.
function expectLines({ shared: { frameTable, nativeSymbols } }: any, module: Module): void {
  const code = Module.native('module', module).code();
  const { offset, index } = code.functions();
  const { start, end } = code.functionBodies(index);
  const without = new Set<number>();
  for (let row = 0; row < frameTable.length; row++) {
    if (frameTable.line[row] !== null) continue;
    without.add(offset.indexOf(nativeSymbols.address[frameTable.nativeSymbol[row]]));
  }
  CONSUMER.eachMapping(({ source, generatedColumn: column }) => {
    if (source === null) return;
    for (const found of without) {
      expect(column < (start[found] as number) || column >= (end[found] as number)).toBe(true);
    }
  });
  expect(without.size).toBeLessThan(3);
}

describe('a place that the map has none for', () => {
  // From column 10 on a.ts:1, from 20 nothing, from 30 a.ts:3, from 40 nothing, from 60 a.ts:6.
  const map = {
    version: 3,
    sources: ['a.ts'],
    names: ['first', 'second'],
    mappings: 'UAAAA,U,UAEA,U,oBAGAC',
  };
  const read = (json: object) => SourceMap.read(json as never, undefined, expect.unreachable);
  const lookup = read(map);
  const line = (offset: number, start: number, end: number) =>
    lookup?.placeAt(offset, { start, end })?.line;

  it('has that of the next one of its function, else of the one before it', () => {
    expect(line(12, 10, 50)).toBe(1);
    expect(line(22, 10, 50)).toBe(3);
    expect(line(42, 10, 50)).toBe(3);
    // A function's entry, in front of which another one ends.
    expect(line(25, 25, 50)).toBe(3);
    expect(line(12, 11, 50)).toBe(3);
    expect(line(45, 35, 70)).toBe(6);
  });

  it('is none where the function has none', () => {
    expect(line(42, 40, 50)).toBe(undefined);
    expect(line(42, 35, 60)).toBe(undefined);
    expect(line(12, 11, 30)).toBe(undefined);
    expect(line(65, 61, 80)).toBe(undefined);
    expect(lookup?.placeAt(22, undefined)).toBe(undefined);
  });

  it('is none of a source without a name', () => {
    for (const source of [null, '', 7]) {
      for (const sourceRoot of [undefined, 'src', 'src/']) {
        const nameless = read({ ...map, sources: [source], sourceRoot });
        expect(nameless?.placeAt(12, { start: 10, end: 70 })).toBe(undefined);
      }
    }
  });

  it('has a name of its function, the first there', () => {
    expect(lookup?.nameOf({ start: 5, end: 50 })).toBe('first');
    expect(lookup?.nameOf({ start: 11, end: 70 })).toBe('second');
    expect(lookup?.nameOf({ start: 11, end: 60 })).toBe(undefined);
  });
});

describe('an index map', () => {
  const offset = (column: number, line = 0) => ({ offset: { line, column } });
  const whole = JSON.parse(TEXT);
  const middle = 4000;

  /** The part of the map from one column to another, counted from there. */
  function part(from: number, to: number) {
    const generator = new SourceMapGenerator({});
    CONSUMER.eachMapping(({ source, generatedColumn, originalLine, originalColumn }) => {
      if (generatedColumn < from || generatedColumn >= to) return;
      const generated = { line: 1, column: generatedColumn - from };
      const original = { line: originalLine, column: originalColumn };
      const mapping = source === null ? { generated } : { generated, original, source };
      generator.addMapping(mapping as never);
    });
    return JSON.parse(generator.toString());
  }
  // A part begins at a segment: what is before its first one has no place.
  const parts = [
    { ...offset(0), map: part(0, middle) },
    { ...offset(middle), map: part(middle, OFFSETS) },
  ];

  it.each([
    ['one part', { version: 3, sections: [{ ...offset(0), map: whole }] }],
    ['two parts', { version: 3, sections: parts }],
    ['two parts, the last first', { version: 3, sections: [...parts].reverse() }],
    [
      'parts within parts',
      { version: 3, sections: [{ ...offset(0), map: { version: 3, sections: parts } }] },
    ],
    [
      'parts of lines that a wasm file has not',
      { version: 3, sections: [...parts, { ...offset(0, 2 ** 40), map: whole }] },
    ],
  ])('of %s gives the places of the whole', (_, json) => {
    for (const given of [json, Buffer.from(JSON.stringify(json))]) {
      expect(placesOf(given)).toEqual(PLACES);
    }
  });

  it('has the texts and the ignored sources of its parts', () => {
    const one = { version: 3, sources: ['a.ts'], mappings: 'AAAA', ignoreList: [0] };
    const sourcesContent = ['B', 'A'];
    const two = { version: 3, sources: ['b.ts', 'a.ts'], sourcesContent, mappings: 'AAAA' };
    const sections = [
      { ...offset(0), map: one },
      { ...offset(5), map: two },
    ];
    const map = SourceMap.read({ version: 3, sections }, undefined, expect.unreachable);
    expect(map?.textOf('a.ts')).toBe('A');
    expect(map?.textOf('b.ts')).toBe('B');
    expect(map?.textOf('c.ts')).toBe(undefined);
    expect([map?.isIgnored('a.ts'), map?.isIgnored('b.ts')]).toEqual([true, false]);
  });

  it.each([
    { version: 3, sections: {} },
    { version: 3, sections: [{ map: { version: 3, mappings: '' } }] },
    { version: 3, sections: [{ ...offset(-1), map: { version: 3, mappings: '' } }] },
    { version: 3, sections: [{ ...offset(0), url: 'other.map' }] },
    { version: 3, sections: [{ ...offset(0), map: { version: 3 } }] },
  ])('that is broken is none: %j', (json) => {
    const warnings: string[] = [];
    expect(SourceMap.read(json as never, undefined, (w) => warnings.push(w))).toBe(undefined);
    expect(warnings).toEqual(['sourceMap: no valid source map']);
  });
});

it.each([
  [")]}'\n", 'a line that keeps it from being run'],
  [")]}' and more\r\n", 'the same with more on it'],
  ['\ufeff', 'a byte order mark'],
  ["\ufeff)]}'\n", 'both'],
])('reads a map that begins with %j: %s', (prefix) => {
  expect(placesOf(Buffer.from(prefix + TEXT))).toEqual(PLACES);
});

it('takes a map that is parsed already for the file', () => {
  expect(placesOf(JSON.parse(TEXT))).toEqual(PLACES);
  expect(placesOf({ ...JSON.parse(TEXT), version: '3', names: null })).toEqual(PLACES);
});

describe('a sourceMappingURL section', () => {
  const base64 = Buffer.from(TEXT).toString('base64');
  const escaped = encodeURIComponent(TEXT);

  it.each([
    [';base64', `application/json;base64,${base64}`],
    ['charset and ;base64', `application/json;charset=utf-8;base64,${base64}`],
    ['base64 that is escaped', `;base64,${encodeURIComponent(base64)}`],
    ['another type', `text/plain;base64,${base64}`],
    ['percent signs', `application/json,${escaped}`],
    ['charset and percent signs', `application/json;charset=utf-8,${escaped}`],
    ['plain text', `,${TEXT.replaceAll('%', '%25')}`],
  ])('may hold the map itself: %s', (_, data) => {
    expect(placesOf(undefined, `data:${data}`)).toEqual(PLACES);
    expect(placesOf(undefined, `DATA:${data}`)).toEqual(PLACES);
  });

  it('has texts in UTF-8 however it is written', () => {
    const json = JSON.stringify({
      version: 3,
      sources: ['ä.ts'],
      sourcesContent: ['“𝒳” 100%'],
      mappings: 'AAAA',
    });
    const data = [
      `;base64,${Buffer.from(json).toString('base64')}`,
      `,${encodeURIComponent(json)}`,
      `,${json.replaceAll('%', '%25')}`,
      `,${json}`,
    ];
    for (const written of data) {
      const map = SourceMap.read(undefined, `data:${written}`, expect.unreachable);
      expect(map?.textOf('ä.ts')).toBe('“𝒳” 100%');
    }
  });

  it('leads nowhere else: a guest wrote it', () => {
    for (const elsewhere of [MAP, `file://${MAP}`, 'plotter.wasm.map', 'data:no-comma', '']) {
      const warnings: string[] = [];
      expect(SourceMap.read(undefined, elsewhere, (w) => warnings.push(w))).toBe(undefined);
      expect(warnings).toEqual(['sourceMappingURL: give the file as sourceMap to see lines']);
    }
  });
});

it.each([
  ...['', '{', '[]', 'null', '7', '{"version":3}', '{"version":4,"mappings":""}'],
  '{"version":3,"mappings":["AAAA"]}',
  '{"version":3,"mappings":"AAAA","sources":7}',
])('takes the broken map %j for none', (broken) => {
  const warnings: string[] = [];
  const map = SourceMap.read(Buffer.from(broken), undefined, (w) => warnings.push(w));
  expect(map).toBe(undefined);
  expect(warnings).toEqual(['sourceMap: no valid source map']);
});
