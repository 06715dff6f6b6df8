import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { writeProfile } from '../../lib/formats/output.js';
import {
  Engine,
  type FinishedProfile,
  GuestProfiler,
  Linker,
  Module,
  Store,
  WasiConfig,
  watchMemory,
} from '../../lib/index.js';
import { hotFunctions as hotFunctionsOf } from '../../lib/profile/hot-functions.js';
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

  it('shows what a guest called by short names, the rest in fields, in a category, with units', async () => {
    const calls = join(directory, 'calls.json');
    await recordCalls().write(calls);
    await using reader = await openProfile(calls);
    const { flatMarkers } = (await reader.query(
      ...(['thread', 'markers', '--thread', 't-0', '--list'] as const),
    )) as { flatMarkers: { handle: string; name: string; label: string; category: string }[] };
    const named = (name: string) => flatMarkers.filter((marker) => marker.name === name);
    expect(named('fd_write')).toHaveLength(2);
    expect(named('memory.grow')).toHaveLength(1);
    expect(new Set(flatMarkers.map(({ name }) => name))).toEqual(
      new Set(['fd_write', 'memory.grow']),
    );
    const info = (name: string) => reader.query('marker', 'info', named(name)[0]?.handle ?? '');
    const write = await info('fd_write');
    expect(write).toMatchObject({
      category: { name: 'Host call' },
      fields: [
        { label: 'Module', formattedValue: 'wasi_snapshot_preview1' },
        { label: 'Import', formattedValue: 'fd_write' },
      ],
    });
    const grow = await info('memory.grow');
    expect(grow).toMatchObject({
      // The host isn't asked.
      category: { name: 'Wasmtime' },
      fields: [
        { label: 'From', formattedValue: '65.5KB' },
        { label: 'To', formattedValue: '131KB' },
      ],
    });
    // Beside its name the list has the module, not the name again.
    for (const { label } of named('fd_write')) expect(label).toBe('wasi_snapshot_preview1');
    const { counters } = await reader.query('counter', 'list');
    expect(counters).toMatchObject([
      { name: 'host-call time', unit: 'ms', category: 'Other' },
      { name: 'linear memory', unit: 'bytes', category: 'Memory' },
    ]);
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

/** A guest that writes twice and grows its memory once, with its host calls. */
function recordCalls(): FinishedProfile {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(
    engine,
    `(module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
      (data (i32.const 16) "hi")
      (func (export "run")
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (drop (memory.grow (i32.const 1)))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`,
  );
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ stdout: 'null' }));
  const profiler = new GuestProfiler('calls', 1, [['calls', module]]);
  store.limiter(watchMemory(profiler));
  profiler.attach(store, { sampler: 'epoch', everyEpoch: true, hostCalls: 'markers' });
  new Linker(engine).addWasi().instantiate(store, module).getFunc(store, 'run').call(store);
  return profiler.finishProfile();
}
