// A guest that calls JavaScript from all of a stack larger than JavaScript's, collects garbage there, and is sampled.
// Prints what came of it.
//
//   node deep-child.mjs URL_OF_LIBRARY main|worker
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread, Worker } from 'node:worker_threads';

const [url, where] = process.argv.slice(2);

if (isMainThread && where === 'worker') {
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
} else {
  run(await import(url));
}

function run({ Engine, GuestProfiler, Linker, Module, Store }) {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const engine = new Engine({ maxWasmStack: 6 << 20, epochInterruption: true });
  const module = Module.compile(
    engine,
    `(module (import "h" "call" (func $h (param i64) (result i64)))
      (func $down (export "down") (param i32) (result i64)
        (if (result i64) (i32.eqz (local.get 0))
          (then (call $h (i64.const 1)))
          (else (i64.add (call $h (i64.const 0))
            (call $down (i32.sub (local.get 0) (i32.const 1)))))))
      (func $over (export "over") (result i64) (i64.add (call $over) (i64.const 1))))`,
  );
  const linker = new Linker(engine);
  const store = new Store(engine);
  store.epochDeadlineCallback(() => 1_000_000);
  let calls = 0;
  let within;
  const trapOf = (call) => {
    try {
      call();
    } catch (error) {
      return error.trapCode;
    }
  };
  const traps = [];
  linker.funcWrap('h', 'call', { params: ['i64'], results: ['i64'] }, (caller, value) => {
    if (++calls % 5000 === 0) gc();
    if (within !== undefined) traps.push(trapOf(() => within.call(caller)));
    return value;
  });
  const instance = linker.instantiate(store, module);
  const down = instance.getFunc(store, 'down');
  const profiler = new GuestProfiler('p', 1, [['m', module]]);
  profiler.attach(store, { sampler: 'epoch', intervalMs: 1 });
  const deep = String(down.call(store, 80_000));
  const deepCalls = calls;
  // A guest within another has a limit of its own, and leaves the other's as it was.
  within = instance.getFunc(store, 'over');
  const nested = String(down.call(store, 3));
  within = undefined;
  const over = trapOf(() => down.call(store, 100_000_000));
  const samples = profiler.finishProfile().samples > 0;
  process.stdout.write(JSON.stringify({ deep, deepCalls, nested, traps, over, samples }));
}
