// Profiles the tasks of tinybench, keeps that as a baseline, and tells which function became a larger part of its task.
//
//   node examples/tinybench.mjs
//
// By fuel, so that it tells the same each time. A benchmark of yours has one `BenchProfiler`, and the environment says
// whether it writes the baseline (GUEST_PROFILE=baseline) or compares with it (GUEST_PROFILE=compare).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import { BenchProfiler, Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';

const engine = new Engine({ consumeFuel: true });
// `length` is the work of $fill: what a change of the program makes slower.
const module = Module.compile(
  engine,
  `(module
    (func $count (param $i i32) (loop $l
      (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func $fill (param $i i32) (loop $l
      (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func (export "work") (param $length i32)
      (call $count (i32.const 60000)) (call $fill (local.get $length))))`,
);
const store = new Store(engine);
store.setFuel(2n ** 60n);
const work = new Linker(engine).instantiate(store, module).getFunc(store, 'work');

const directory = mkdtempSync(join(tmpdir(), 'tinybench-'));
async function benchmark(baseline, length) {
  const profiler = new BenchProfiler({
    modules: [['app', module]],
    everyFuel: 10_000,
    ...{ enabled: true, directory, baseline },
    log: (line) => console.log(line.replaceAll(directory, 'profiles')),
  });
  const bench = new Bench({ time: 0, iterations: 100, warmup: false });
  bench.add('work', () => void work.call(store, length), profiler.tinybench('work', store));
  await bench.run();
}

await benchmark('write', 40_000);
await benchmark('compare', 40_000);
await benchmark('compare', 60_000);
rmSync(directory, { recursive: true });

// Prints:
//   work: 4,999 samples, 58% count, 40% fill, 2% work → profiles/work.json
//   work: baseline → profiles/baseline/work.json
//   work: 4,999 samples, 58% count, 40% fill, 2% work → profiles/work-2.json
//   work: beside the baseline: nothing changed beyond the noise of sampling
//   work: 5,999 samples, 50% fill, 48% count, 2% work → profiles/work-3.json
//   work: beside the baseline: fill 40.0% → 50.0%, count 58.0% → 48.3%
