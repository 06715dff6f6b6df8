// Compiles a module, makes an instance of it, calls its function and reads its memory.
//
//   node examples/hello.mjs

import { Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';

const engine = new Engine();
const module = Module.compile(
  engine,
  `(module
    (memory (export "memory") 1)
    (data (i32.const 8) "hello from WebAssembly")
    (func (export "add") (param i32 i32) (result i32)
      (i32.add (local.get 0) (local.get 1))))`,
);

// A store holds instances and all that belongs to them; `using store = …` disposes it, where there is `using`.
const store = new Store(engine);
const instance = new Linker(engine).instantiate(store, module);

const text = instance.getMemory(store, 'memory').read(store, 8, 22);
console.log(new TextDecoder().decode(text));
console.log(instance.getFunc(store, 'add').call(store, 40, 2));
store.dispose();

// Prints:
//   hello from WebAssembly
//   42
