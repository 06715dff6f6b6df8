// Calls a guest that recurses without end from each depth of JavaScript's stack, and all else that needs room.
// Prints what came of each.
//
//   node stack-child.mjs URL_OF_LIBRARY main|worker CONFIG
import { isMainThread, Worker } from 'node:worker_threads';

const [url, where, config] = process.argv.slice(2);

if (isMainThread && where === 'worker') {
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
} else {
  dive(await import(url), JSON.parse(config));
}

function dive(lib, config) {
  const recursion = `(module (import "h" "f" (func $h))
    (func $f (export "f") (param i64 i64) (result i64)
      (i64.add (call $f (local.get 1) (local.get 0)) (i64.const 1)))
    (func (export "h") (call $h)))`;
  const nested = `(module (func ${'(block '.repeat(200)}${')'.repeat(200)}))`;
  const component = `(component (core module $m (func $f (export "f") (call $f)))
    (core instance $i (instantiate $m)) (func (export "f") (canon lift (core func $i "f"))))`;

  const engine = new lib.Engine(config);
  const linker = new lib.Linker(engine);
  let f;
  linker.funcWrap('h', 'f', { params: [], results: [] }, (caller) => void f.call(caller, 1n, 2n));
  const module = lib.Module.compile(engine, recursion);
  const store = new lib.Store(engine);
  const instance = linker.instantiate(store, module);
  f = instance.getFunc(store, 'f');
  const h = instance.getFunc(store, 'h');
  const hooked = new lib.Store(engine);
  const hookedF = linker.instantiate(hooked, module).getFunc(hooked, 'f');
  hooked.callHook((caller, kind) => {
    if (kind === lib.CallHook.ReturningFromWasm) hookedF.call(caller, 1n, 2n);
  });
  const pre = new lib.ComponentLinker(engine).instantiatePre(
    lib.Component.compile(engine, component),
  );

  const attempts = {
    call: () => f.call(store, 1n, 2n),
    callOfHost: () => h.call(store),
    callOfHook: () => hookedF.call(hooked, 1n, 2n),
    instantiate: () => linker.instantiate(store, module),
    compile: () => lib.Module.compile(engine, nested),
    compileComponent: () => lib.Component.compile(engine, component),
    callComponent: () => {
      const own = new lib.Store(engine);
      pre.instantiate(own).getFunc(own, 'f').call(own);
    },
    profile: () => {
      const profiler = new lib.GuestProfiler('p', 1, [['m', module]]);
      profiler.sample(store, 0);
      profiler.finishProfile();
    },
  };
  const seen = {};
  const attempt = () => {
    for (const [name, run] of Object.entries(attempts)) {
      let outcome = 'ok';
      try {
        run();
      } catch (error) {
        outcome = error.trapCode ?? error.code ?? error.constructor.name;
      }
      seen[name] ??= {};
      seen[name][outcome] = (seen[name][outcome] ?? 0) + 1;
    }
  };
  let deepest = 0;
  const down = (depth) => {
    deepest = depth;
    try {
      down(depth + 1);
    } catch {
      // V8's own limit.
    }
    // The last of them, closer and closer.
    const left = deepest - depth;
    if (left < 20 || (left < 200 && left % 20 === 0) || (left < 4000 && left % 500 === 0))
      attempt();
  };
  attempt();
  down(0);
  process.stdout.write(JSON.stringify(seen));
}
