// A guest that calls JavaScript: with its memory, with any value, and with an exception that comes back out.
//
//   node examples/host-function.mjs

import { Engine, Linker, Module, Store } from 'wasmtime-guest-profiler';

const engine = new Engine();
const linker = new Linker(engine);
linker.funcWrap('host', 'print', { params: ['i32', 'i32'], results: [] }, (caller, at, length) => {
  const memory = caller.getExport('memory');
  console.log(new TextDecoder().decode(memory.read(caller, at, length)));
});
linker.funcWrap('host', 'visit', { params: ['externref'], results: [] }, (_caller, visitor) => {
  visitor.visits++;
});
linker.funcWrap('host', 'fail', { params: [], results: [] }, () => {
  throw new Error('thrown in JavaScript');
});

const module = Module.compile(
  engine,
  `(module
    (import "host" "print" (func $print (param i32 i32)))
    (import "host" "visit" (func $visit (param externref)))
    (import "host" "fail" (func $fail))
    (memory (export "memory") 1)
    (data (i32.const 0) "said by the guest")
    (func (export "greet") (call $print (i32.const 0) (i32.const 17)))
    (func (export "visit_twice") (param externref)
      (call $visit (local.get 0)) (call $visit (local.get 0)))
    (func (export "fail") (call $fail)))`,
);
const store = new Store(engine);
const { greet, visit_twice: visitTwice, fail } = linker.instantiate(store, module).exports(store);

greet.call(store);

const visitor = { visits: 0 };
visitTwice.call(store, visitor);
console.log(visitor);

try {
  fail.call(store);
} catch (error) {
  console.log('caught:', error.message);
}
store.dispose();

// Prints:
//   said by the guest
//   { visits: 2 }
//   caught: thrown in JavaScript
