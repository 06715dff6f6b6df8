import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { writeProfile } from '../../lib/formats/output.js';
import { hotFunctions as hotFunctionsOf } from '../../lib/profile/hot-functions.js';
import { HOSTCALL_SCHEMA } from '../../lib/profile/marker-schema.js';
import { START_UNIX_MS, sampleProfile, WEIRD_NAMES } from '../support/sample-profile.js';
import { hotFunctions, openProfile, type ReaderProfile } from './profiler-cli.js';

describe('the Firefox Profiler reads our JSON', () => {
  let directory: string;
  let path: string;
  let reader: ReaderProfile;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'firefox-'));
    path = join(directory, 'profile.json');
    await writeProfile(firefoxJson(sampleProfile()), path);
    reader = await openProfile(path);
  });

  afterAll(async () => {
    await reader?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('lists the functions with their counts, hottest first', async () => {
    const weird = WEIRD_NAMES.slice(0, -1).map((name) => ['app.wasm', name, 0, 3]);
    const functions = await reader.functions();
    expect(functions.map((f) => [f.library, f.name, f.selfSamples, f.totalSamples])).toEqual([
      ['lib.wasm', 'memchr', 8, 8],
      ['app.wasm', 'parse', 4, 12],
      ['app.wasm', 'print', 3, 3],
      ['app.wasm', '__proto__', 3, 3],
      ['app.wasm', 'main', 0, 15],
      ['app.wasm', 'skip_space', 0, 8],
      ...weird,
    ]);
  });

  it('has our own list of hot functions, in our order', async () => {
    const profile = sampleProfile();
    const [thread] = profile.threads;
    const ours = thread === undefined ? [] : hotFunctionsOf(profile, thread);
    const functions = await reader.functions();
    expect(functions.map((f) => [f.name, f.selfSamples, f.totalSamples])).toEqual(
      ours.map(({ func, selfSamples, totalSamples }) => [
        profile.strings.get(profile.funcs.name.get(func)),
        selfSamples,
        totalSamples,
      ]),
    );
  });

  it('knows an inlined function from a called one', async () => {
    const { heaviestStack } = await reader.query('thread', 'samples');
    const { frames } = heaviestStack as { frames: { name: string; inlineStatus?: string }[] };
    expect(frames.map(({ name, inlineStatus }) => [name, inlineStatus])).toEqual([
      ['app.wasm!main', undefined],
      ['app.wasm!parse', undefined],
      ['app.wasm!skip_space', 'inlined'],
      ['lib.wasm!memchr', undefined],
    ]);
  });

  it('shows every marker, the one before the first sample too, and pairs starts with ends', async () => {
    const markers = await reader.markers();
    expect(markers.map((m) => [m.name, m.start, m.duration, m.hasStack])).toEqual([
      ['hostcall', 0.25, 0.25, true],
      ['hostcall', 13.5, 0.25, true],
      ['note', 14, undefined, false],
    ]);
  });

  it('shows a call of an import by its short name, the rest in fields, in its category', async () => {
    const profile = sampleProfile();
    const [thread] = profile.threads;
    if (thread === undefined) throw new Error('expected a thread');
    const { markers } = thread;
    const category = profile.categories.intern('Host call', 'yellow');
    const schema = profile.markerSchemas.intern(HOSTCALL_SCHEMA);
    const kind = (name: string) => ({ name: profile.strings.intern(name), schema, category });
    const write = markers.pushInterval(kind('fd_write'), 15, 16);
    markers.setFields(write, { module: 'wasi_snapshot_preview1', import: 'fd_write' });
    markers.setFields(markers.pushInterval(kind('memory.grow'), 17, 18), {
      from: 65536,
      to: 131072,
    });
    const calls = join(directory, 'calls.json');
    await writeProfile(firefoxJson(profile), calls);
    await using reader = await openProfile(calls);
    const all = (await reader.query('thread', 'markers', '--thread', 't-0', '--list')) as {
      flatMarkers: { handle: string; name: string }[];
    };
    const shown = async (name: string) => {
      const { handle = '' } = all.flatMarkers.find((marker) => marker.name === name) ?? {};
      return await reader.query('marker', 'info', handle);
    };
    expect(await shown('fd_write')).toMatchObject({
      category: { name: 'Host call' },
      fields: [
        { label: 'Module', formattedValue: 'wasi_snapshot_preview1' },
        { label: 'Import', formattedValue: 'fd_write' },
      ],
    });
    expect(await shown('memory.grow')).toMatchObject({
      fields: [
        { label: 'From', formattedValue: '65.5KB' },
        { label: 'To', formattedValue: '131KB' },
      ],
    });
  });

  it('tells product, times, units and that names are in', async () => {
    expect(await reader.query('profile', 'meta')).toMatchObject({
      product: 'app',
      interval: 1,
      startTime: START_UNIX_MS,
      durationMs: 21.333334,
      symbolicated: true,
      sampleUnits: { time: 'ms', eventDelay: 'ms', threadCPUDelta: 'ns' },
    });
  });

  it('adds up CPU time', async () => {
    const { processes } = await reader.query('profile', 'info');
    expect(processes).toMatchObject([{ pid: '7', name: 'app', cpuMs: 19 * 0.75 }]);
  });

  it('gives the hottest functions of a file in one call', async () => {
    const names = (await hotFunctions(path, 2)).map(({ name }) => name);
    expect(names).toEqual(['memchr', 'parse']);
  });

  it('refuses a version of its future, and leaves no process behind', async () => {
    const future = join(directory, 'future.json');
    const profile = JSON.parse(readFileSync(path, 'utf8'));
    profile.meta.preprocessedProfileVersion = 1000;
    writeFileSync(future, JSON.stringify(profile));
    await expect(openProfile(future)).rejects.toThrow('only supports up to version');
    // Killed, it takes a moment to be gone.
    const left = () => commandLines().filter((line) => line.includes(future));
    await vi.waitFor(() => expect(left()).toEqual([]), 10_000);
  });
});

/** What runs on this machine, where `/proc` tells. */
function commandLines(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
    } catch {
      return []; // Ended meanwhile.
    }
  });
}
