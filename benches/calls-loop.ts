// Calls and nothing else, for a look with a native profiler:
//
//   perf record -g -o calls.data node --perf-basic-prof --import ./benches/support/typescript.mjs \
//     benches/calls-loop.ts in        (or: out)
//   perf report -i calls.data --no-children -g none --sort dso      (or: dso,symbol)
import { Engine, Linker, Module, Store } from '../lib/index.js';
import { benchGuestFile } from './support/guests.js';

const type = { params: ['i32', 'i32'], results: ['i32'] } as const;
const engine = new Engine();
const store = new Store(engine);
const module = Module.fromFile(engine, benchGuestFile('calls.wasm'));
const instance = new Linker(engine)
  .funcWrap('env', 'add', type, (_caller, a, b) => (a + b) | 0)
  .instantiate(store, module);

if (process.argv[2] === 'out') {
  const callHost = instance.getFunc(store, 'call_host');
  for (let i = 0; i < 40; i++) callHost.call(store, 1_000_000);
} else {
  const add = instance.getFunc(store, 'add');
  for (let i = 0; i < 40_000_000; i++) add.call(store, i, 1);
}
