import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Engine, GuestProfiler, Linker, Module, Store } from '../../lib/index.js';
import { SourceMap } from '../../lib/profiler/source-map.js';
import { readProfile } from '../profiler/support.js';
import { guestPath } from '../runtime/support.js';

/** Inputs tried of each kind; more by the environment, for a long run, in which each may take its time. */
const numRuns = Number(process.env['HOSTILE_RUNS'] ?? 60);
const TIMEOUT_MS = 60_000 + numRuns * 1000;

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

describe('source maps', () => {
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(null));
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/,;';
  const mappings = fc.oneof(
    fc.string({ unit: fc.constantFrom(...digits), maxLength: 200 }),
    fc.string({ unit: 'binary' }),
  );
  const { map } = fc.letrec((tie) => ({
    map: fc.oneof(
      { maxDepth: 4 },
      fc.record(
        {
          version: fc.oneof(fc.constant(3), fc.jsonValue()),
          sources: fc.oneof(fc.array(name), fc.jsonValue()),
          sourcesContent: fc.oneof(fc.array(name), fc.jsonValue()),
          names: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
          ignoreList: fc.oneof(fc.array(fc.integer()), fc.jsonValue()),
          debugId: fc.oneof(fc.string(), fc.jsonValue()),
          sourceRoot: fc.oneof(fc.string(), fc.jsonValue()),
          mappings: fc.oneof(mappings, fc.jsonValue()),
        },
        { requiredKeys: [] },
      ),
      fc.record({
        version: fc.constant(3),
        sections: fc.array(
          fc.record({
            offset: fc.oneof(
              fc.record({ line: fc.integer(), column: fc.integer() }),
              fc.jsonValue(),
            ),
            map: tie('map'),
          }),
          { maxLength: 4 },
        ),
      }),
    ),
  }));

  /** Places or nothing, and a warning of the one kind. */
  function expectSane(given: Uint8Array | object, offsets: readonly number[]): void {
    const warnings: string[] = [];
    const lookup = SourceMap.read(given as never, undefined, (warning) => warnings.push(warning));
    for (const offset of offsets) {
      const body = { start: offset, end: offset + 100 };
      expect(['string', 'undefined']).toContain(typeof lookup?.nameOf(body));
      const place = lookup?.placeAt(offset + 50, offset % 2 === 0 ? body : undefined);
      if (place === undefined) continue;
      expect(place.file).toEqual(expect.any(String));
      for (const number of [place.line, place.column]) {
        expect(Number.isInteger(number)).toBe(true);
        expect(number).toBeGreaterThanOrEqual(0);
        expect(number).toBeLessThan(2 ** 31);
      }
      const text = lookup?.textOf(place.file as string);
      expect(['string', 'undefined']).toContain(typeof text);
      expect(typeof lookup?.isIgnored(place.file as string)).toBe('boolean');
    }
    for (const warning of warnings) expect(warning).toMatch(/^sourceMap: /);
  }

  it('of any JSON give places, or none', { timeout: TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(map, fc.array(fc.nat()), (map, offsets) => {
        expectSane(Buffer.from(JSON.stringify(map)), [0, 1, ...offsets]);
        expectSane({ version: 3, ...(map as object) }, [0, 1, ...offsets]);
      }),
      { numRuns: numRuns * 10 },
    );
  });

  it('that the library would only fail on when it is asked are a warning', () => {
    const warnings: string[] = [];
    const map = { version: 3, sources: [], mappings: [[null]] };
    expect(SourceMap.read(map as never, undefined, (w) => warnings.push(w))).toBe(undefined);
    expect(warnings).toEqual(['sourceMap: no valid source map']);
  });

  it('of any bytes give none', { timeout: TIMEOUT_MS }, () => {
    const property = fc.property(bytes(100), (file) => expectSane(file, [0, 7]));
    fc.assert(property, { numRuns: numRuns * 10 });
  });

  it('with bytes changed give places, or none', { timeout: TIMEOUT_MS }, () => {
    const whole = readFileSync(guestPath('assemblyscript/plotter.wasm.map'));
    fc.assert(
      fc.property(changes(whole.length), (changes) => {
        expectSane(changed(whole, changes), [100, 2000, 5000]);
      }),
      { numRuns },
    );
  });
});

describe('sections of a module', () => {
  const LEB = fc.oneof(fc.nat(40), fc.constantFrom(127, 128, 2 ** 31, 2 ** 32 - 1)).map(leb);
  /** A name map as it should be, or nearly: counts, indices and lengths that may be wrong. */
  const map = fc
    .tuple(LEB, fc.array(fc.tuple(LEB, LEB, bytes(8)), { maxLength: 6 }))
    .map(([count, names]) => [...count, ...names.flatMap(([i, n, name]) => [...i, ...n, ...name])]);
  const subsections = fc
    .array(fc.tuple(fc.nat(12), fc.boolean(), map), { maxLength: 4 })
    .map((all) =>
      all.flatMap(([id, isRight, data]) => [id, ...leb(data.length + (isRight ? 0 : 3)), ...data]),
    );
  const sections: readonly [string, fc.Arbitrary<readonly number[]>][] = [
    ['name', subsections],
    ['name', bytes(60).map((data) => [...data])],
    ['sourceMappingURL', bytes(60).map((data) => [...data])],
    ['external_debug_info', bytes(60).map((data) => [...data])],
    ['.debug_info', bytes(60).map((data) => [...data])],
  ];

  it.each(sections)('%s with any content gives a profile', { timeout: TIMEOUT_MS }, (name, any) => {
    const engine = new Engine();
    const bare = [...compiled(engine)];
    fc.assert(
      fc.property(any, (data) => {
        const content = [name.length, ...Buffer.from(name), ...data];
        const { module, profiler } = sampled(engine, [
          ...bare,
          0,
          ...leb(content.length),
          ...content,
        ]);
        const finished = profiler.finishProfile();
        expect(finished.hotFunctions()).toHaveLength(1);
        const expected = new RegExp(`^m: (${name.replaceAll('.', '\\.')}|stripped: )`);
        for (const warning of profiler.warnings) expect(warning).toMatch(expected);
        expect(finished.disassemble(['m', module])[0]?.lines).toHaveLength(3);
      }),
      { numRuns },
    );
  });

  it('gives a whole profile in any format', async () => {
    // One by hand, of those above: a name of invalid UTF-8, an index out of range, one index twice.
    const engine = new Engine();
    const data = [1, 16, 3, 1, 4, 0xff, 0xfe, 0xfd, 0xfc, 1, 1, 0x41, 0xff, 0xff, 3, 1, 0x42, 0x42];
    const content = [4, ...Buffer.from('name'), ...data];
    const bare = compiled(engine);
    const { profiler } = sampled(engine, [...bare, 0, ...leb(content.length), ...content]);
    const { stacks } = readProfile(await profiler.finish());
    expect(stacks).toEqual([['run']]);
    expect(profiler.warnings).toEqual([expect.stringMatching(/^m: name: /)]);
  });
});

describe.each(['c/parser.wasm', 'c/parser-dwarf4.wasm'])('debug information of %s', (guest) => {
  it('with bytes changed, or cut off, gives whole rows', { timeout: TIMEOUT_MS }, () => {
    const stripped = Module.fromFile(new Engine(), guestPath('c/parser-stripped.wasm'));
    const native = Module.native('module', stripped).code();
    const whole = readFileSync(guestPath(guest));
    const debug = whole.indexOf('.debug_');
    const places = Float64Array.from({ length: 300 }, (_, i) => 300 + i * 120);
    fc.assert(
      fc.property(changes(whole.length - debug), fc.nat(whole.length), (changes, cut) => {
        const file = Buffer.concat([
          whole.subarray(0, debug),
          changed(whole.subarray(debug), changes),
        ]);
        for (const given of [file, file.subarray(0, cut)]) {
          const found = native.inlineChains(places, given, false);
          expect(found.first).toHaveLength(places.length + 1);
          const rows = found.first.at(-1) as number;
          for (const column of [found.name, found.file, found.line, found.column]) {
            expect(column).toHaveLength(rows);
          }
          const { strings } = found;
          for (const index of [...found.name, ...found.file]) {
            expect(index).toBeLessThan(strings.length);
          }
          for (const warning of found.warnings) expect(warning).toMatch(/^\.debug_\w+: /);
        }
      }),
      { numRuns },
    );
  });
});

/** Bytes to put elsewhere: where, as a part of the length, and what. */
function changes(length: number): fc.Arbitrary<readonly (readonly [number, number])[]> {
  return fc.array(fc.tuple(fc.nat(length - 1), fc.nat(255)), { minLength: 1, maxLength: 100 });
}

function changed(whole: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  const copy = Uint8Array.from(whole);
  for (const [at, byte] of changes) copy[at] = byte;
  return copy;
}

/** LEB128. */
function leb(n: number): number[] {
  return n < 128 ? [n] : [(n % 128) | 128, ...leb(Math.floor(n / 128))];
}

/** A run of a binary, with one sample. */
function sampled(engine: Engine, binary: readonly number[]) {
  const module = Module.compile(engine, Uint8Array.from(binary));
  const store = new Store(engine);
  const profiler = new GuestProfiler('p', 1, [['m', module]]);
  const linker = new Linker(engine);
  linker.funcWrap('e', 'f', { params: [], results: [] }, () => profiler.sample(store, 0));
  linker.instantiate(store, module).getFunc(store, 'run').call(store);
  return { module, profiler };
}

/** A module of one function `run`, which calls an import, without a name section. */
function compiled(engine: Engine): Uint8Array {
  const binary = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
    ...[3, 2, 1, 0],
    ...[7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 1],
    ...[10, 6, 1, 4, 0, 0x10, 0, 0x0b],
  ]);
  Module.validate(engine, binary);
  return binary;
}
