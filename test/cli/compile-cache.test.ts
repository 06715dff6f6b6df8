import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultCacheDirectory } from '../../lib/cli/cache-directory.js';
import { CompileCache, cacheKey } from '../../lib/cli/compile-cache.js';
import { CliDirectory, guest, MAIN, type Outcome } from './command.js';

const directory = mkdtempSync(join(tmpdir(), 'cache-test-'));
afterAll(() => rmSync(directory, { recursive: true }));
let place = '';
let count = 0;
beforeEach(() => {
  place = join(directory, `${count++}`);
});

const KEY = cacheKey('a');
const CODE = Uint8Array.from({ length: 5000 }, (_, i) => i);
const files = () => readdirSync(place).sort();
const fileOf = (key: string) => join(place, `${key}.cwasm`);

describe('CompileCache', () => {
  it('keeps what is written, for the user alone', () => {
    const cache = new CompileCache(place);
    expect(cache.read(KEY)).toBeUndefined();
    cache.write(KEY, CODE);
    expect(new CompileCache(place).read(KEY)).toEqual(Buffer.from(CODE));
    expect(files()).toEqual([`${KEY}.cwasm`]);
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(statSync(fileOf(KEY)).mode & 0o777).toBe(0o600);
  });

  it('keys are of each part', () => {
    const keys = [['ab', 'c'], ['a', 'bc'], ['abc'], ['ab', 'c', '']].map((p) => cacheKey(...p));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('takes nothing that is broken, wherever', () => {
    const cache = new CompileCache(place);
    cache.write(KEY, CODE);
    const whole = readFileSync(fileOf(KEY));
    for (let at = 0; at < whole.length; at += 41) {
      const bad = Buffer.from(whole);
      bad.writeUInt8((bad[at] ?? 0) ^ (1 << (at % 8)), at);
      writeFileSync(fileOf(KEY), bad);
      expect(cache.read(KEY)).toBeUndefined();
      writeFileSync(fileOf(KEY), whole.subarray(0, at));
      expect(cache.read(KEY)).toBeUndefined();
    }
    cache.write(KEY, CODE);
    expect(cache.read(KEY)).toEqual(Buffer.from(CODE));
  });

  it('lets go of what a killed writer left, and leaves what one writes now', () => {
    const cache = new CompileCache(place);
    cache.write(KEY, CODE);
    const [old, recent] = ['old.tmp', 'recent.tmp'].map((name) => join(place, name));
    writeFileSync(old as string, CODE);
    writeFileSync(recent as string, CODE);
    const before = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(old as string, before, before);
    cache.write(cacheKey('b'), CODE);
    expect(files()).toEqual([`${KEY}.cwasm`, `${cacheKey('b')}.cwasm`, 'recent.tmp'].sort());
  });

  it('lets go of what was used longest ago', () => {
    const cache = new CompileCache(place, 3.5 * CODE.length);
    const keys = ['1', '2', '3', '4'].map((part) => cacheKey(part));
    for (const [i, key] of keys.slice(0, 3).entries()) {
      cache.write(key, CODE);
      const used = new Date(Date.now() - 1000 * (10 - i));
      utimesSync(fileOf(key), used, used);
    }
    // The first is the one that was used last.
    cache.read(keys[0] as string);
    cache.write(keys[3] as string, CODE);
    expect(files()).toEqual([keys[0], keys[2], keys[3]].map((key) => `${key}.cwasm`).sort());
  });
});

const APP = guest('c/endings.wasm');

/** Runs a guest with that cache. */
async function run(...options: readonly string[]): Promise<Outcome> {
  await using cli = new CliDirectory();
  return await cli.run(['run', '-q', ...options, APP, 'return']);
}

describe('run', () => {
  it('keeps the code, and takes it from there', async () => {
    const first = await run('--cache', place);
    expect(files()).toHaveLength(1);
    const { ino } = statSync(join(place, files()[0] as string));
    expect(await run('--cache', place)).toEqual(first);
    expect(statSync(join(place, files()[0] as string)).ino).toBe(ino);
    // Other code has another place.
    await run('--cache', place, '--fuel', '1000000000');
    expect(files()).toHaveLength(2);
    expect(await run('--no-cache')).toEqual(first);
  });

  it('compiles anew what is broken', async () => {
    const expected = await run('--cache', place);
    const file = join(place, files()[0] as string);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, 3000));
    expect(await run('--cache', place)).toEqual(expected);
    expect(readFileSync(file).equals(whole)).toBe(true);
  });

  it('says what hinders the cache, and goes on without', async () => {
    const expected = await run('--no-cache');
    writeFileSync(place, 'a file');
    const { stderr, ...rest } = await run('--cache', place);
    const { stderr: _, ...others } = expected;
    expect(rest).toEqual(others);
    expect(stderr).toMatch(
      /^warning: compiled code is not kept in .*: .*directory.* --no-cache none\)\n/,
    );
    expect(stderr.match(/warning/g)).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')(
    'takes nothing that others may have written',
    async () => {
      mkdirSync(place);
      chmodSync(place, 0o777);
      expect((await run('--cache', place)).stderr).toContain('others than you may write to it');
      expect(files()).toEqual([]);
    },
  );

  it('is used by several at once, one of which is killed', async () => {
    const args = [
      MAIN,
      'run',
      '-q',
      '--cache',
      place,
      '-o',
      join(directory, 'k.json'),
      APP,
      'return',
    ];
    const killed = spawn(process.execPath, args);
    const ended = new Promise((resolve) => killed.once('close', resolve));
    const all = Promise.all([run('--cache', place), run('--cache', place), run('--cache', place)]);
    killed.kill('SIGKILL');
    await ended;
    const [first, ...others] = await all;
    for (const other of others) expect(other).toEqual(first);
    expect(files().filter((name) => name.endsWith('.cwasm'))).toHaveLength(1);
  });
});

it('the directory is where the platform has caches', () => {
  const { XDG_CACHE_HOME } = process.env;
  if (process.platform !== 'linux') return;
  process.env['XDG_CACHE_HOME'] = '/somewhere';
  expect(defaultCacheDirectory()).toBe('/somewhere/wasmtime-guest-profiler');
  // As the convention has it, one that isn't absolute is none.
  process.env['XDG_CACHE_HOME'] = 'somewhere';
  expect(defaultCacheDirectory()).toMatch(/\.cache\/wasmtime-guest-profiler$/);
  if (XDG_CACHE_HOME === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = XDG_CACHE_HOME;
});

describe("V8's code of this program", () => {
  const cache = () => join(place, 'wasmtime-guest-profiler');
  const help = async () => {
    const env = { XDG_CACHE_HOME: place, LOCALAPPDATA: place, HOME: place };
    await using cli = new CliDirectory();
    const { code, stderr } = await cli.run(['top', '/dev/null'], { env });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('no profile') });
  };

  it('is kept by a Node that can, for the user alone', async () => {
    await help();
    const isKept = 'enableCompileCache' in nodeModule;
    expect(existsSync(join(cache(), 'node'))).toBe(isKept);
    if (!isKept) return;
    expect(statSync(cache()).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(cache(), 'node'), { recursive: true }).length).toBeGreaterThan(1);
  });

  it('is not taken from where others may write', async () => {
    mkdirSync(join(cache(), 'node'), { recursive: true });
    chmodSync(join(cache(), 'node'), 0o777);
    await help();
    expect(readdirSync(join(cache(), 'node'))).toEqual([]);
  });
});
