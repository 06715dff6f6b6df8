// A benchmark of a guest, with a profile of each task:
//
//   npm run example:bench
//
// prints vitest's numbers and, for each task, its hottest functions, and leaves profiles/*.json. With GUEST_PROFILE=baseline
// in the environment it also keeps them as the baseline, and with GUEST_PROFILE=compare it tells which functions have become
// another part of their task since. Without GUEST_PROFILE, `vitest bench` prints the numbers alone, and nothing is attached.

import { bench, describe } from 'vitest';
import { BenchProfiler, Engine, Linker, Module, Store, WasiConfig } from 'wasmtime-guest-profiler';

const engine = new Engine({ epochInterruption: true });
const module = Module.fromFile(engine, 'test/guests/c/parser.wasm');
const linker = new Linker(engine).addWasi();
const profiler = new BenchProfiler({ modules: [['parser', module]] });

describe('the parser', () => {
  for (const rounds of ['1', '4']) {
    // A command runs once an instance, so that each run has a new one in the same store.
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: ['parser', rounds] }));
    // Unprofiled, a store of an engine with epochs would end at its first look at them.
    store.setEpochDeadline(Number.MAX_SAFE_INTEGER);
    const name = `${rounds} rounds`;
    bench(
      name,
      () => {
        linker.instantiate(store, module).getFunc(store, '_start').call(store);
      },
      { time: 300, ...profiler.vitest(name, store) },
    );
  }
});
