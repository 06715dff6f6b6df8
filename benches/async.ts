import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Engine, Linker, Module, Store, threadCpuTime } from '../lib/index.js';
import { native } from '../lib/native.js';
import { Func as FuncClass } from '../lib/runtime/func.js';
import { Store as StoreClass } from '../lib/runtime/store.js';
import { inFreshProcess } from './support/fresh-process.js';
import { benchGuestFile } from './support/guests.js';
import { type Bench, type Budget, type Report, type Target, withSpread } from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound, spreadOf } from './support/spread.js';
import { v8 } from './support/v8-wasm.js';

const TYPE = { params: ['i32', 'i32'], results: ['i32'] } as const;

type Measured = Awaited<ReturnType<typeof measureAsync>>;

export const asyncCalls: Bench = {
  name: 'async',
  question: 'What does an asynchronous call cost beside a synchronous one, and an await within it?',
  async run(budget) {
    const measured = await inFreshProcess(import.meta.url, measureAsync, budget);
    const jspi = existsSync(NODE_WITH_JSPI)
      ? await inFreshProcess(
          import.meta.url,
          measureAwaits,
          budget,
          ['--experimental-wasm-jspi'],
          NODE_WITH_JSPI,
        )
      : undefined;
    return report(measured, jspi);
  },
};

/** Where `scripts/test-node.mjs 24` puts it. */
const NODE_WITH_JSPI = fileURLToPath(
  new URL('../target/node-24/node_modules/node/bin/node', import.meta.url),
);

/** Nanoseconds of a host function that returns a promise, ours and by JSPI, in one process. */
export async function measureAwaits({ quick }: Budget) {
  const calls = quick ? 100 : 20_000;
  const file = benchGuestFile('calls.wasm');
  const fn = async (a: number, b: number) => (a + b) | 0;
  const engine = new Engine();
  const store = new Store(engine);
  const linker = new Linker(engine).funcWrapAsync('env', 'add', TYPE, (_, a, b) => fn(a, b));
  const instance = await linker.instantiateAsync(store, Module.fromFile(engine, file));
  const ours = instance.getFunc(store, 'call_host');
  if (v8.Suspending === undefined || v8.promising === undefined) throw new Error('no JSPI');
  const module = new v8.Module(new Uint8Array(readFileSync(file)));
  const node = new v8.Instance(module, { env: { add: new v8.Suspending(fn) as never } });
  const jspi = v8.promising(node.exports['call_host']);
  const each = async (run: () => Promise<unknown>): Promise<number> => {
    const before = threadCpuTime();
    await run();
    return ((threadCpuTime() - before) * 1e6) / calls;
  };
  const measured = await rounds(
    quick ? 2 : 15,
    { ours: () => each(() => ours.callAsync(store, calls)), jspi: () => each(() => jspi(calls)) },
    1,
  );
  return { ...measured, version: process.version };
}

/** Nanoseconds of a call, by rounds. */
export async function measureAsync({ quick }: Budget) {
  const calls = quick ? 100 : 20_000;
  const engine = new Engine();
  const module = Module.fromFile(engine, benchGuestFile('calls.wasm'));
  const start = async (linker: Linker) => {
    const store = new Store(engine);
    const instance = await linker.instantiateAsync(store, module);
    return {
      store,
      add: instance.getFunc(store, 'add'),
      host: instance.getFunc(store, 'call_host'),
    };
  };
  const sync = await start(new Linker(engine).funcWrap('env', 'add', TYPE, (_, a, b) => a + b));
  const awaiting = (fn: (a: number, b: number) => number | Promise<number>) =>
    start(new Linker(engine).funcWrapAsync('env', 'add', TYPE, (_, a, b) => fn(a, b)));
  const value = await awaiting((a, b) => a + b);
  const promise = await awaiting(async (a, b) => a + b);
  let reads = 0;
  const reading = await start(
    new Linker(engine).funcWrapAsync('env', 'add', TYPE, async (caller, a, b) => {
      await undefined;
      for (let i = 0; i < reads; i++) caller.getExport('none');
      return a + b;
    }),
  );

  const each = async (count: number, run: () => unknown): Promise<number> => {
    const before = threadCpuTime();
    await run();
    return ((threadCpuTime() - before) * 1e6) / count;
  };
  const host = (guest: typeof sync) => each(calls, () => guest.host.callAsync(guest.store, calls));
  return await rounds(
    quick ? 2 : 15,
    {
      call: () =>
        each(calls, () => {
          for (let i = 0; i < calls; i++) sync.add.call(sync.store, i, 1);
        }),
      callAsync: () =>
        each(calls, async () => {
          for (let i = 0; i < calls; i++) await sync.add.callAsync(sync.store, i, 1);
        }),
      callWaiting: () =>
        each(calls, async () => {
          for (let i = 0; i < calls; i++) await value.add.callAsync(value.store, i, 1);
        }),
      rust: () =>
        native.benchCallAsync(StoreClass.native(sync.store), FuncClass.native(sync.add), calls),
      hostSync: () => each(calls, () => sync.host.call(sync.store, calls)),
      hostOnFiber: () => host(sync),
      hostValue: () => host(value),
      hostPromise: () => host(promise),
      hostVisits: async () => {
        reads = 0;
        const none = await host(reading);
        reads = 10;
        return ((await host(reading)) - none) / reads;
      },
    },
    1,
  );
}

function target(promise: string, ours: number[], peer: number[], limit: number): Target {
  const ratios = byRound(ours, peer, (mine, theirs) => mine / theirs);
  return { promise, measured: withSpread(ratios), holds: spreadOf(ratios).median <= limit };
}

function report(
  measured: Measured,
  awaits: Awaited<ReturnType<typeof measureAwaits>> | undefined,
): Report {
  const row = (name: string, ours: number[], peer: number[]) => [
    name,
    withSpread(ours),
    withSpread(byRound(ours, peer, (mine, theirs) => mine / theirs)),
  ];
  const { call, hostSync } = measured;
  return {
    tables: [
      {
        title: 'Into the guest: nanoseconds a call',
        columns: ['call', 'ns', 'times `Func.call`'],
        rows: [
          row('`Func.call`', call, call),
          row('`await Func.callAsync`, the guest never waits', measured.callAsync, call),
          row('the same in a store that has async host functions', measured.callWaiting, call),
          row('Wasmtime’s own `call_async`, in Rust', measured.rust, call),
        ],
      },
      {
        title: 'Out of the guest: nanoseconds a call of a host function',
        columns: ['host', 'ns', 'times the first'],
        rows: [
          row('`Linker.funcWrap`, in a synchronous call', hostSync, hostSync),
          row(
            'the same in an asynchronous one: to the main stack and back',
            measured.hostOnFiber,
            hostSync,
          ),
          row('`Linker.funcWrapAsync`, which returns a number', measured.hostValue, hostSync),
          row('`Linker.funcWrapAsync`, which returns a promise', measured.hostPromise, hostSync),
          row('a use of the caller after an `await`', measured.hostVisits, hostSync),
        ],
        notes: [
          'CPU time of the thread, median (min–max) of rounds; no epoch checks. Wasmtime keeps the last fiber’s stack for the next call. A call of a store where nothing may suspend the guest needs no fiber.',
        ],
      },
      ...(awaits === undefined
        ? []
        : [
            {
              title: `An \`await\` of a promise, beside JSPI (Node ${awaits.version.slice(1)}): nanoseconds`,
              columns: ['host', 'ns', 'times JSPI'],
              rows: [
                row('`Linker.funcWrapAsync`, an async function', awaits.ours, awaits.jspi),
                row('`WebAssembly.Suspending`, the same', awaits.jspi, awaits.jspi),
              ],
            },
          ]),
    ],
    targets: [
      target(
        'a call that never waits: at most 3 times the synchronous one',
        measured.callAsync,
        call,
        3,
      ),
    ],
  };
}
