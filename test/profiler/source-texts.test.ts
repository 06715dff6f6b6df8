import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FinishedProfile,
  GuestProfiler,
  Module,
  type ProfilerOptions,
  sourcesUnder,
  UpdateDeadline,
} from '../../lib/index.js';
import { Profile } from '../../lib/profile/profile.js';
import { SourceTexts } from '../../lib/profiler/source-texts.js';
import { expectMisuse, guestPath, world } from '../runtime/support.js';
import { readProfile } from './support.js';
import { profiledGuest, profileGuest } from './symbols-support.js';

const MAP = guestPath('assemblyscript/plotter.wasm.map');
const textOfGuest = (name: string) => readFileSync(guestPath(name), 'utf8');

/** The texts of a profile's sources, by the names that it shows; null without one. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of a known form, checked before.
function textsOf({ shared: { sources, stringArray } }: any): Record<string, string | null> {
  return Object.fromEntries(
    sources.filename.map((name: number, i: number) => [stringArray[name], sources.content[i]]),
  );
}

/** A profile of the AssemblyScript guest, with its source map. */
async function plotted(options: ProfilerOptions, sourceMap: string | object = MAP) {
  const { engine, linker, store } = world({ epochInterruption: true });
  const module = Module.fromFile(engine, guestPath('assemblyscript/plotter.wasm'));
  const symbols = { sourceMap: sourceMap as string };
  const profiler = new GuestProfiler('p', 1, [['m', module, symbols]], options);
  linker.funcWrap('env', 'report', { params: ['i32'], results: [] }, () => {});
  const abort = { params: ['i32', 'i32', 'i32', 'i32'], results: [] } as const;
  linker.funcWrap('env', 'abort', abort, () => {});
  store.setEpochDeadline(0);
  let left = 3000;
  store.epochDeadlineCallback((store) => {
    profiler.sample(store, 0);
    return UpdateDeadline.continue(left-- > 0 ? 0 : 1e9);
  });
  linker.instantiate(store, module).getFunc(store, 'run').call(store, 20);
  expect(profiler.warnings).toEqual([]);
  return profiler;
}

const plottedJson = async (options: ProfilerOptions, sourceMap?: string | object) =>
  readProfile(await (await plotted(options, sourceMap)).finish()).json;

describe('the texts of sources', () => {
  it('of a source map are in a profile that asks for them', async () => {
    const texts = textsOf(await plottedJson({ sources: true }));
    expect(texts['plotter/plotter/pictures.ts']).toBe(
      textOfGuest('assemblyscript/plotter/pictures.ts'),
    );
    // The map has no text of the library.
    const library = Object.keys(texts).filter((name) => name.includes('lib/'));
    for (const name of library) expect(texts[name]).toBe(null);
  });

  it('are in no profile that does not', async () => {
    for (const options of [{}, { sources: false }]) {
      const json = await plottedJson(options);
      expect(new Set(Object.values(textsOf(json)))).toEqual(new Set([null]));
      expect(JSON.stringify(json)).not.toContain('export function');
    }
  });

  it('of DWARF come from a directory that the user names', async () => {
    const sources = sourcesUnder(guestPath('c'), '/guests/c');
    const { json } = await profileGuest('c/parser.wasm', {}, { sources });
    const texts = textsOf(json);
    for (const name of ['json.c', 'token.c', 'visit.c']) {
      expect(texts[name]).toBe(textOfGuest(`c/parser/${name}`));
    }
    const own = ['json.c', 'token.c', 'visit.c', 'main.c', 'order.c', 'text.c', 'words.c'];
    const others = Object.keys(texts).filter((name) => !own.includes(name));
    expect(others.length).toBeGreaterThan(1);
    for (const name of others) expect(texts[name]).toBe(null);
  });

  it('of DWARF come by their shown names where no prefix is given', async () => {
    const pathPrefixMap = { '/guests/c': 'c' };
    const sources = sourcesUnder(guestPath('.'));
    const { json } = await profileGuest('c/parser.wasm', {}, { pathPrefixMap, sources });
    const texts = textsOf(json);
    for (const name of ['json.c', 'token.c', 'visit.c']) {
      expect(texts[`c/parser/${name}`]).toBe(textOfGuest(`c/parser/${name}`));
    }
  });

  it.each([true, sourcesUnder(guestPath('go'))])(
    'are missed in a warning where none was found: %s',
    async (sources) => {
      const { profile, warnings } = profiledGuest('c/parser.wasm', {}, { sources });
      const texts = textsOf(readProfile(await profile.write()).json);
      expect(new Set(Object.values(texts))).toEqual(new Set([null]));
      const [warning, ...others] = warnings;
      expect(warning).toMatch(
        new RegExp(
          `^sources: none of ${Object.keys(texts).length} files was found, such as \\S+\\.c$`,
        ),
      );
      expect(others).toEqual([]);
    },
  );

  it('stay when the profile is read, written again and merged', async () => {
    const profile = (await plotted({ sources: true })).finishProfile();
    const texts = textsOf(readProfile(await profile.write()).json);
    for (const format of ['firefox', 'jslb'] as const) {
      const read = await FinishedProfile.read(await profile.write(undefined, { format }));
      const merged = FinishedProfile.merge([read, read]);
      expect(textsOf(readProfile(await merged.write()).json)).toEqual(texts);
    }
  });

  it('may come from a source map that is given as an object', async () => {
    const map = JSON.parse(readFileSync(MAP, 'utf8'));
    const texts = textsOf(await plottedJson({ sources: true }, map));
    expect(texts).toEqual(textsOf(await plottedJson({ sources: true })));
  });
});

describe('a reader of sources', () => {
  it('is asked once for each file, by its whole path and its shown name', () => {
    const asked = new Map<string, string>();
    let times = 0;
    const read = (path: string, shown: string) => {
      asked.set(path, shown);
      times++;
      return undefined;
    };
    profiledGuest('c/parser.wasm', {}, { sources: read });
    expect(asked.get('/guests/c/parser/json.c')).toBe('json.c');
    expect(times).toBe(asked.size);
  });

  it('that throws does so out of finish, and costs only the texts', async () => {
    const failure = new Error('no');
    const sources = () => {
      throw failure;
    };
    const { engine, linker, store } = world({ epochInterruption: true });
    const module = Module.fromFile(engine, guestPath('c/inlining.wasm'));
    const profiler = new GuestProfiler('p', 1, [['guest', module]], { sources });
    store.setEpochDeadline(1e9);
    linker.funcWrap('env', 'sample', { params: [], results: [] }, () => profiler.sample(store, 0));
    linker.instantiate(store, module).getFunc(store, 'run').call(store, 1);
    expect(() => profiler.finishProfile()).toThrow(failure);
    const { stacks } = readProfile(await profiler.finish());
    expect(stacks.flat()).toContain('heap_sort');
  });

  it('that returns no text, or is no function, is a TypeError', () => {
    const sources = (() => 7) as never;
    expectMisuse('ERR_INVALID_ARG_TYPE', () => profiledGuest('c/parser.wasm', {}, { sources }));
    for (const wrong of ['src', 1, {}, null]) {
      expectMisuse('ERR_INVALID_ARG_TYPE', () =>
        profiledGuest('c/parser.wasm', {}, { sources: wrong as never }),
      );
    }
  });
});

describe('sourcesUnder', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sources-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeAll(() => {
    mkdirSync(join(directory, 'src/lib'), { recursive: true });
    writeFileSync(join(directory, 'src/a.c'), 'int a;');
    writeFileSync(join(directory, 'src/lib/b.c'), 'int b;');
    writeFileSync(join(directory, 'secret.c'), 'secret');
    writeFileSync(join(directory, 'src/large.c'), ' '.repeat(4 * 1024 * 1024 + 1));
    symlinkSync(join(directory, 'secret.c'), join(directory, 'src/link.c'));
    symlinkSync(directory, join(directory, 'src/up'));
    symlinkSync(join(directory, 'src/a.c'), join(directory, 'src/same.c'));
  });

  it('finds what lies below a directory', () => {
    const reader = sourcesUnder(join(directory, 'src'), '/build/src');
    const read = (path: string) => reader(path, 'none.c');
    expect(read('/build/src/a.c')).toBe('int a;');
    expect(read('/build/src/lib/b.c')).toBe('int b;');
    expect(read('/build/src/lib/../a.c')).toBe('int a;');
    expect(read('/build/src/same.c')).toBe('int a;');
    expect(sourcesUnder(join(directory, 'src'))('/build/src/lib/b.c', 'lib/b.c')).toBe('int b;');
  });

  it.each([
    ...['/build/src/../secret.c', '/build/src/link.c', '/build/src/up/secret.c'],
    ...['/build/src', '/build/src/', '/build/src/lib', '/build/src/none.c', '/build/src/large.c'],
    ...['/build/source/a.c', 'a.c', '/etc/hostname', '', '\0', '/build/src/a.c\0'],
  ])('finds nothing for %j', (path) => {
    expect(sourcesUnder(join(directory, 'src'), '/build/src')(path, 'a.c')).toBe(undefined);
  });

  it('finds no file by an absolute path', () => {
    const read = sourcesUnder(join(directory, 'src'));
    for (const name of [join(directory, 'secret.c'), '../secret.c', 'link.c', 'up/secret.c']) {
      expect(read('a.c', name)).toBe(undefined);
    }
  });

  it('needs a directory', () => {
    expect(() => sourcesUnder(join(directory, 'none'))).toThrow('ENOENT');
    expectMisuse('ERR_INVALID_ARG_TYPE', () => sourcesUnder(7 as never));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => sourcesUnder(directory, 7 as never));
  });
});

it('shows no text for a name that two files have', () => {
  const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
  const { sources, strings } = profile;
  const [one, two] = [sources.intern(strings.intern('a.c')), sources.intern(strings.intern('b.c'))];
  const texts = new SourceTexts(profile, (path) => `text of ${path}`, expect.unreachable);
  texts.add(one, '/x/a.c', undefined);
  texts.add(two, '/x/b.c', 'its own');
  texts.add(two, '/x/b.c', 'its own');
  texts.add(one, '/y/a.c', undefined);
  texts.embed();
  expect(sources.content(one)).toBe(undefined);
  expect(sources.content(two)).toBe('its own');
});
