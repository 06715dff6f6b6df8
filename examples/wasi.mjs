// WASI programs: what they are given, what they print, how they end.
//
//   node examples/wasi.mjs

import { Engine, Linker, Module, Store, WasiConfig, WasiExit } from 'wasmtime-guest-profiler';

const engine = new Engine();
const linker = new Linker(engine).addWasi();
// A C program whose first argument says what it does.
const path = new URL('../test/guests/c/endings.wasm', import.meta.url);
const module = await Module.fromFileAsync(engine, path);

/** Runs the program to its end: what it printed, and its exit code. */
function run(options) {
  const store = new Store(engine);
  try {
    // Nothing is inherited unless it says so: no stream, no directory, no variable.
    store.setWasi(new WasiConfig({ stdout: 'capture', ...options }));
    linker.instantiate(store, module).getFunc(store, '_start').call(store);
    return { code: 0, stdout: new TextDecoder().decode(store.wasiOutput('stdout')) };
  } catch (error) {
    if (!(error instanceof WasiExit)) throw error;
    const stdout = new TextDecoder().decode(store.wasiOutput('stdout'));
    return { code: error.exitCode, stdout };
  } finally {
    store.dispose();
  }
}

console.log(run({ args: ['endings', 'env'], env: { COLOUR: 'blue' } }));
console.log(run({ args: ['endings', 'stdin'], stdin: new TextEncoder().encode('six by') }));
console.log(run({ args: ['endings', 'exit', '7'] }));

// Prints:
//   { code: 0, stdout: 'COLOUR=blue\n' }
//   { code: 0, stdout: 'endings stdin length=6 sum=ca3c0455\n' }
//   { code: 7, stdout: 'endings exit steps=9426000\n' }
