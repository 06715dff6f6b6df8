// Hours of recording: 1,000 stores in 8 Workers of one engine, sampled at 10 kHz, with recorders that come and
// go, and stores too. Memory must be level, no record may be lost and no thread left behind.
//
//   npm run soak -- --minutes 60
//   npm run soak -- --minutes 60 --sampler epoch
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Engine, Module } from '../../lib/index.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    workers: { type: 'string', default: '8' },
    stores: { type: 'string', default: '1000' },
    sampler: { type: 'string', default: 'signal' },
  },
});
const durationMs = Number(values.minutes) * 60_000;
const workers = Number(values.workers);
const stores = Number(values.stores);
const { sampler } = values;

// Code that signals sample needs no epoch checks.
const engine = new Engine({ epochInterruption: sampler === 'epoch' });
const module = Module.compile(
  engine,
  `(module
    (import "env" "host" (func $host))
    (memory 1)
    (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 31)))
    (func (export "run") (param i32)
      (loop $again
        (i32.store (i32.const 0) (call $leaf (local.get 0)))
        (if (i32.eqz (i32.and (local.get 0) (i32.const 0x3fff))) (then (call $host)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0)))))`,
);

/** Threads of the process: of Linux only, elsewhere 0. */
function threads(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/^Threads:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

// The one thread that keeps time for the whole process stays, once it was needed.
engine.startEpochTicker(1).dispose();
const threadsBefore = threads();
const hooks = new URL('../../benches/support/typescript.mjs', import.meta.url).href;
const all = Array.from({ length: workers }, (_, i) => {
  return new Worker(new URL('./soak-worker.ts', import.meta.url), {
    execArgv: ['--import', hooks],
    workerData: {
      module: module.share(),
      stores: Math.ceil(stores / workers),
      seed: i + 1,
      sampler,
    },
  });
});
await Promise.all(all.map((worker) => once(worker, 'message')));
const rss: number[] = [];
const timer = setInterval(() => rss.push(process.memoryUsage.rss()), 500);
const untilMs = Date.now() + durationMs;
const counted = await Promise.all(
  all.map(async (worker) => {
    const exit = once(worker, 'exit');
    worker.postMessage(untilMs);
    const [message] = (await once(worker, 'message')) as [Record<string, number>];
    await exit;
    return message;
  }),
);
clearInterval(timer);
const total: Record<string, number> = {};
for (const one of counted) {
  for (const [key, value] of Object.entries(one)) total[key] = (total[key] ?? 0) + value;
}
// Threads of Wasmtime's and ours end by themselves when nobody needs them any more.
for (let i = 0; i < 100 && threads() > threadsBefore; i++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
/** The highest of the second quarter, when all are warm, and of the last one. */
const highest = (from: number, to: number) =>
  Math.max(...rss.slice(Math.floor(rss.length * from), Math.ceil(rss.length * to)));
const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
console.log(
  JSON.stringify({
    minutes: durationMs / 60_000,
    sampler,
    ...total,
    rssBefore: megabytes(highest(0.25, 0.5)),
    rssAfter: megabytes(highest(0.75, 1)),
    threadsBefore,
    threadsAfter: threads(),
  }),
);
