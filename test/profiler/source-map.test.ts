import { readFileSync } from 'node:fs';
import { SourceMapConsumer } from 'source-map-js';
import { expect, it } from 'vitest';
import { GuestProfiler, type Linker, Module, UpdateDeadline } from '../../lib/index.js';
import { sourceLookup } from '../../lib/profiler/source-map.js';
import { guestPath, world } from '../runtime/support.js';
import { finish } from './support.js';

const WASM = guestPath('assemblyscript/plotter.wasm');
const MAP = `${WASM}.map`;
const url = (name: string) => `data:application/json${name}`;

it('gives the lines that another library reads from the same map', () => {
  const text = readFileSync(MAP, 'utf8');
  const lookup = sourceLookup(MAP, undefined, expect.unreachable);
  const other = new SourceMapConsumer(JSON.parse(text));
  let found = 0;
  for (let offset = 0; offset < readFileSync(WASM).length; offset++) {
    const { source, line, column } = other.originalPositionFor({ line: 1, column: offset });
    const ours = lookup?.(offset);
    const expected =
      source === null ? undefined : { file: `./${source}`, line, column: column + 1 };
    expect(ours && { file: ours.file, line: ours.line, column: ours.column }).toEqual(expected);
    if (ours) found++;
  }
  expect(found).toBeGreaterThan(1000);
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
  const { sources, stringArray, frameTable } = json.shared;
  const files = sources.filename.map((name: number) => stringArray[name]);
  expect(files).toContain('plotter/plotter/pictures.ts');
  const lines = frameTable.line.filter((line: number | null) => line !== null);
  expect(lines.length).toBeGreaterThan(frameTable.length / 2);
});

it('takes a map that is parsed already for the file', () => {
  const parsed = sourceLookup(JSON.parse(readFileSync(MAP, 'utf8')), undefined, expect.unreachable);
  const read = sourceLookup(MAP, undefined, expect.unreachable);
  const offsets = Array.from({ length: 5000 }, (_, offset) => offset);
  expect(offsets.map((offset) => parsed?.(offset))).toEqual(
    offsets.map((offset) => read?.(offset)),
  );
});

it('reads data URLs, and nothing else that a guest names', () => {
  const text = readFileSync(MAP, 'utf8');
  const base64 = Buffer.from(text).toString('base64');
  const never = expect.unreachable;
  const place = sourceLookup(MAP, undefined, never)?.(2000);
  expect(place?.line).toBeGreaterThan(0);
  expect(sourceLookup(undefined, url(`;base64,${base64}`), never)?.(2000)).toEqual(place);
  expect(sourceLookup(undefined, url(`,${encodeURIComponent(text)}`), never)?.(2000)).toEqual(
    place,
  );
  const warnings: string[] = [];
  expect(sourceLookup(undefined, MAP, (warning) => warnings.push(warning))).toBe(undefined);
  expect(warnings).toEqual(['sourceMappingURL: give the file as sourceMap to see lines']);
});

it.each(['', '{', '[]', 'null', '7', '{"version":3}', '{"version":3,"mappings":"\u0000"}'])(
  'takes the broken map %j for none',
  (broken) => {
    const warnings: string[] = [];
    const lookup = sourceLookup(Buffer.from(broken), undefined, (w) => warnings.push(w));
    expect(lookup?.(10)).toBe(undefined);
    for (const warning of warnings) expect(warning).toBe('sourceMap: no valid source map');
  },
);
