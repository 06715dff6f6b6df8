// One module in several Workers, compiled once; each profiles its guest, and one file has a thread of each.
//
//   node examples/worker.mjs && npx wasmtime-guest-profiler view profiles/workers.json

import { mkdirSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  Engine,
  FinishedProfile,
  Linker,
  Module,
  profileGuest,
  Store,
} from 'wasmtime-guest-profiler';

if (isMainThread) await main();
else await work();

async function main() {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(
    engine,
    `(module
      (func $count (export "count") (param i64) (result i64) (local i64)
        (loop $again
          (local.set 1 (i64.add (local.get 1) (i64.const 1)))
          (br_if $again (i64.lt_u (local.get 1) (local.get 0))))
        (local.get 1)))`,
  );
  const results = await Promise.all(
    ['first', 'second', 'third'].map((name) => inWorker({ name, token: module.share() })),
  );
  for (const { name, result } of results) console.log(name, 'counted to', result);

  const profiles = results.map(({ bytes }) => FinishedProfile.read(bytes));
  const profile = FinishedProfile.merge(await Promise.all(profiles));
  console.log(profile.threads.map(({ name }) => name));
  console.log(
    'hottest:',
    profile.threads.map((_, thread) => profile.hotFunctions(thread)[0].name),
  );
  mkdirSync('profiles', { recursive: true });
  await profile.write('profiles/workers.json');
}

/** Resolves to what the Worker sends. */
function inWorker(data) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function work() {
  const { name, token } = workerData;
  const module = Module.fromShared(token);
  const store = new Store(module.engine);
  const count = new Linker(module.engine).instantiate(store, module).getFunc(store, 'count');
  const run = () => count.call(store, 200_000_000n);
  const { result, profile } = profileGuest(store, run, { name, modules: [['counter', module]] });
  // `.jslb` is quick to read; the bytes move, without a copy.
  const bytes = await profile.write(undefined, { format: 'jslb' });
  parentPort.postMessage({ name, result, bytes }, [bytes.buffer]);
  store.dispose();
}

// Prints:
//   first counted to 200000000n
//   second counted to 200000000n
//   third counted to 200000000n
//   [ 'first', 'second', 'third' ]
//   hottest: [ 'count', 'count', 'count' ]
