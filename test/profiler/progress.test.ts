import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { progressText } from '../../lib/cli/progress-line.js';
import {
  Engine,
  GuestProfiler,
  Linker,
  Module,
  Store,
  UpdateDeadline,
  WasiConfig,
} from '../../lib/index.js';

const PARSER = new URL('../guests/c/parser.wasm', import.meta.url);

it('tells samples and the hottest function while the guest runs, and changes nothing', async () => {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, readFileSync(PARSER));
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: ['parser', '60'] }));
  const profiler = new GuestProfiler('parser', 0.2, [['parser', module]]);
  profiler.attach(store, { sampler: 'epoch' });
  const reader = GuestProfiler.progress(profiler);
  const looks: { samples: number; hottest: string | undefined }[] = [];
  store.epochDeadlineCallback(() => {
    looks.push(reader.read());
    return UpdateDeadline.continue(1);
  });
  store.setEpochDeadline(1);
  const ticker = engine.startEpochTicker(20);
  const instance = new Linker(engine).addWasi().instantiate(store, module);
  instance.getFunc(store, '_start').call(store);
  ticker.dispose();
  const profile = profiler.finishProfile();

  expect(looks.length).toBeGreaterThan(1);
  const counts = looks.map(({ samples }) => samples);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(counts.at(-1)).toBeLessThanOrEqual(profile.samples);
  const names = new Set(profile.hotFunctions().map(({ name }) => name));
  for (const { hottest } of looks) if (hottest !== undefined) expect(names).toContain(hottest);
  expect(looks.some(({ hottest }) => hottest !== undefined)).toBe(true);
});

it('is a line that fits a terminal', () => {
  expect(progressText(12_345, 11_874, 'memcmp')).toBe('12 s  11,874 samples  now: memcmp');
  expect(progressText(1000, 1, undefined)).toBe('1 s  1 samples');
  expect(progressText(1000, 1, 'x'.repeat(100))).toHaveLength(79);
  expect(progressText(1000, 1, 'a\x1b[2J\nb')).toBe('1 s  1 samples  now: a\ufffd[2J\ufffdb');
});
