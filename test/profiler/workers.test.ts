import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { Engine, FinishedProfile, Module } from '../../lib/index.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';

/** Runs in each Worker, on the built library: records `samples` stacks of its own guest, and sends the profile. */
const RECORD = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.lib).then(async (lib) => {
    const module = lib.Module.fromShared(workerData.token);
    const store = new lib.Store(module.engine);
    store.setEpochDeadline(1);
    const profiler = new lib.GuestProfiler(workerData.name, 1, [['guest', module]]);
    const linker = new lib.Linker(module.engine);
    linker.funcWrap('env', 'sample', { params: [], results: [] }, (caller) => profiler.sample(caller, 0.5));
    const instance = linker.instantiate(store, module);
    instance.getFunc(store, workerData.name).call(store, workerData.samples);
    profiler.addMarker('done by ' + workerData.name);
    const bytes = await profiler.finish(undefined, { format: workerData.format });
    parentPort.postMessage(bytes, [bytes.buffer]);
  });`;

const GUEST = `(module (import "env" "sample" (func $sample))
  (func $shared (call $sample))
  (func $odd (export "odd") (param i32)
    (loop $l (call $shared) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0))))
  (func $even (export "even") (param i32)
    (loop $l (call $sample) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0)))))`;

it('one profile has a thread of each Worker', async () => {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, GUEST);
  const lib = new URL('../../dist/index.js', import.meta.url).href;
  const plans = [
    { name: 'odd', samples: 100, format: 'firefox' },
    { name: 'even', samples: 250, format: 'jslb' },
    { name: 'odd', samples: 7, format: 'jslb' },
  ];
  const sent = plans.map(
    (plan) =>
      new Promise<Uint8Array>((resolve, reject) => {
        const workerData = { ...plan, lib, token: module.share() };
        const worker = new Worker(RECORD, { eval: true, workerData });
        worker.once('message', resolve);
        worker.once('error', reject);
      }),
  );
  const profiles = (await Promise.all(sent)).map((bytes) => FinishedProfile.read(bytes));
  const merged = FinishedProfile.merge(await Promise.all(profiles));

  expect(merged.threads).toEqual(plans.map(({ name, samples }) => ({ name, samples })));
  expect(merged.samples).toBe(357);
  expect(merged.hotFunctions(0)).toEqual([
    { name: 'shared', selfSamples: 100, totalSamples: 100 },
    { name: 'odd', selfSamples: 0, totalSamples: 100 },
  ]);
  expect(merged.hotFunctions(1)).toEqual([{ name: 'even', selfSamples: 250, totalSamples: 250 }]);

  const json = JSON.parse(new TextDecoder().decode(await merged.write()));
  assertProfileIntegrity(json);
  expect(new Set(json.threads.map(({ tid }: { tid: unknown }) => tid)).size).toBe(3);
  for (const { samples } of json.threads) {
    expect(samples.threadCPUDelta.slice(1).every((delta: number) => delta === 500_000)).toBe(true);
  }
  for (const [i, { name }] of plans.entries()) {
    const { markers } = json.threads[i];
    const names = markers.name.map((index: number) => json.shared.stringArray[index]);
    expect(names).toContain(`done by ${name}`);
  }
  // A token that was used is good as long as this one lives.
  expect(module.exports).not.toHaveLength(0);
});
