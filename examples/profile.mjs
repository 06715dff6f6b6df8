// Profiles a guest, prints its hottest function, and writes a file for https://profiler.firefox.com.
//
//   node examples/profile.mjs && npx wasmtime-guest-profiler view profiles/example.json

import { mkdirSync } from 'node:fs';
import { Engine, GuestProfiler, Linker, Module, Store } from 'wasmtime-guest-profiler';

const engine = new Engine({ epochInterruption: true });
const module = await Module.compileAsync(
  engine,
  `(module
    (func $fib (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func $main (export "main") (result i32) (call $fib (i32.const 36))))`,
);
const store = new Store(engine);
const main = new Linker(engine).instantiate(store, module).getFunc(store, 'main');

// Only modules that are listed here appear in the profile.
const profiler = new GuestProfiler('example', 1, [['example', module]]);
profiler.attach(store, { intervalMs: 0.1 });
console.log(main.call(store));
const profile = profiler.finishProfile();

console.log('hottest:', profile.hotFunctions()[0].name);
mkdirSync('profiles', { recursive: true });
await profile.write('profiles/example.json');
await profile.write('profiles/example.html');
store.dispose();

// Prints:
//   14930352
//   hottest: fib
