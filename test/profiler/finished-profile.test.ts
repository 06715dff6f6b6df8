import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine, type FinishedProfile, GuestProfiler, Module } from '../../lib/index.js';

const directory = mkdtempSync(join(tmpdir(), 'finished-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function finished(): FinishedProfile {
  return profiler().finishProfile();
}

function profiler(): GuestProfiler {
  const module = Module.compile(new Engine(), '(module (func (export "f")))');
  return new GuestProfiler('guest', 1, [['guest', module]]);
}

describe('FinishedProfile', () => {
  it('is written as often and in as many formats as wanted', async () => {
    const profile = finished();
    await profile.write(join(directory, 'a.json'));
    await profile.write(join(directory, 'a.cpuprofile.gz'));
    profile.writeSync(join(directory, 'a.speedscope.json'));
    expect(JSON.parse(read('a.json')).meta.product).toBe('guest');
    expect(
      JSON.parse(gunzipSync(readFileSync(join(directory, 'a.cpuprofile.gz'))).toString()),
    ).toHaveProperty('timeDeltas');
    expect(JSON.parse(read('a.speedscope.json')).name).toBe('guest');
  });

  it('compresses pprof once, whatever the name', async () => {
    const profile = finished();
    await profile.write(join(directory, 'a.pb.gz'));
    await profile.write(join(directory, 'a.pprof'));
    const bytes = await profile.write(undefined, { format: 'pprof' });
    for (const file of [
      readFileSync(join(directory, 'a.pb.gz')),
      readFileSync(join(directory, 'a.pprof')),
      bytes,
    ]) {
      // Protobuf: field 1, of bytes.
      expect(gunzipSync(file)[0]).toBe(0x0a);
    }
  });

  it('tells its name, samples and functions', () => {
    expect(finished()).toMatchObject({ name: 'guest', samples: 0 });
    expect(finished().hotFunctions()).toEqual([]);
    expect(finished().hotFunctions(7)).toEqual([]);
  });
});

describe('the options of finish', () => {
  it('ask for a format against the name', async () => {
    const path = join(directory, 'b.json');
    await profiler().finish(path, { format: 'speedscope' });
    expect(JSON.parse(read('b.json'))).toHaveProperty('$schema');
  });

  it.each([
    [{ format: 'svg' }, 'ERR_INVALID_ARG_VALUE'],
    [{ format: 7 }, 'ERR_INVALID_ARG_TYPE'],
    [{ fromat: 'folded' }, 'ERR_INVALID_ARG_VALUE'],
    [{ format: 'folded', weight: 'bytes' }, 'ERR_INVALID_ARG_VALUE'],
    [{ weight: 'cpu' }, 'ERR_FORMAT_WEIGHT'],
    [{ thread: 1 }, 'ERR_OUT_OF_RANGE'],
    [{ thread: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ thread: '0' }, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ])('are checked before anything ends: %j', async (options, code) => {
    const recording = profiler();
    const path = join(directory, 'never.json');
    await expect(recording.finish(path, options as never)).rejects.toMatchObject({ code });
    expect(() => recording.finishSync(path, options as never)).toThrow(
      expect.objectContaining({ code }),
    );
    await expect(finished().write(path, options as never)).rejects.toMatchObject({ code });
    expect(() => finished().writeSync(path, options as never)).toThrow(
      expect.objectContaining({ code }),
    );
    // Nothing is lost.
    expect(await recording.finish()).toBeInstanceOf(Uint8Array);
  });

  it('refuse an extension that no format has', async () => {
    const recording = profiler();
    for (const name of ['p.jsn', 'p.json.tmp', 'p.xyz.gz', 'p.json.']) {
      const path = join(directory, name);
      for (const output of [path, pathToFileURL(path)]) {
        const error = { code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining('.speedscope') };
        await expect(recording.finish(output)).rejects.toMatchObject(error);
        expect(() => finished().writeSync(output)).toThrow(expect.objectContaining(error));
      }
      expect(existsSync(path)).toBe(false);
      await finished().write(path, { format: 'folded' });
      expect(existsSync(path)).toBe(true);
    }
    // Nothing is lost, and no extension says nothing.
    for (const name of ['p', 'p.gz', '.profile', 'a.b/p']) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      await finished().write(join(directory, name));
    }
    expect(await recording.finish()).toBeInstanceOf(Uint8Array);
  });

  it.each([
    [Object.create(null), 'ERR_INVALID_ARG_TYPE'],
    ['0', 'ERR_INVALID_ARG_TYPE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [0.5, 'ERR_OUT_OF_RANGE'],
  ])('hotFunctions wants the index of a thread: %o', (thread, code) => {
    expect(() => finished().hotFunctions(thread)).toThrow(expect.objectContaining({ code }));
    expect(finished().hotFunctions(7)).toEqual([]);
  });

  it('finishProfile ends the profiler', async () => {
    const ended = profiler();
    ended.finishProfile();
    expect(() => ended.finishProfile()).toThrow(
      expect.objectContaining({ code: 'ERR_PROFILER_FINISHED' }),
    );
    await expect(ended.finish()).rejects.toMatchObject({ code: 'ERR_PROFILER_FINISHED' });
  });
});

const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
