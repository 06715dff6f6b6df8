// Fuel: a guest may do so much work and no more, the same on every machine.
//
//   node examples/fuel.mjs

import { Engine, Linker, Module, Store, Trap } from 'wasmtime-guest-profiler';

const engine = new Engine({ consumeFuel: true });
const module = Module.compile(
  engine,
  `(module
    (func $fib (export "fib") (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`,
);
const store = new Store(engine);
store.setFuel(10_000);
const fib = new Linker(engine).instantiate(store, module).getFunc(store, 'fib');

for (let n = 5; ; n += 5) {
  const before = store.getFuel();
  try {
    const result = fib.call(store, n);
    console.log(`fib(${n}) = ${result}, for ${before - store.getFuel()} units of fuel`);
  } catch (error) {
    if (!(error instanceof Trap)) throw error;
    console.log(`fib(${n}): ${error.trapCode}`);
    break;
  }
}
store.dispose();

// Prints:
//   fib(5) = 5, for 146 units of fuel
//   fib(10) = 55, for 1766 units of fuel
//   fib(15): OutOfFuel
