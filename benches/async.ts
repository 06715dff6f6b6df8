import { readFileSync } from 'node:fs';
import { Engine, Linker, Module, Store, threadCpuTime } from '../lib/index.js';
import { native } from '../lib/native.js';
import { Func as FuncClass } from '../lib/runtime/func.js';
import { Module as ModuleClass } from '../lib/runtime/module.js';
import { Store as StoreClass } from '../lib/runtime/store.js';
import { floors } from './support/floors.js';
import { inFreshProcess } from './support/fresh-process.js';
import { benchGuestFile } from './support/guests.js';
import { HOW_TO_INSTALL_NODE_24, NODE_WITH_JSPI, startJspi } from './support/jspi.js';
import {
  atMost,
  type Bench,
  type Budget,
  type Report,
  rowBeside,
  withSpread,
} from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound, spreadOf } from './support/spread.js';

const TYPE = { params: ['i32', 'i32'], results: ['i32'] } as const;

type Measured = Awaited<ReturnType<typeof measureAsync>>;

export const asyncCalls: Bench = {
  name: 'async',
  question: 'What does an asynchronous call cost beside a synchronous one, and an await within it?',
  async run(budget) {
    const { node, options } = NODE_WITH_JSPI ?? {};
    return report(await inFreshProcess(import.meta.url, measureAsync, budget, options, node));
  },
};

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
  const jspi = startJspi(readFileSync(benchGuestFile('calls.wasm')), async (a, b) => a + b);
  const nothing = async (a: number, b: number) => a + b;
  const add = (a: number, b: number) => (a + b) | 0;
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
  const measured = await rounds(
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
      callOnFiber: () =>
        each(calls, async () => {
          for (let i = 0; i < calls; i++) await value.add.callAsync(value.store, i, 1);
        }),
      promise: () =>
        each(calls, async () => {
          for (let i = 0; i < calls; i++) await nothing(i, 1);
        }),
      rust: () =>
        native.benchCallAsync(StoreClass.native(sync.store), FuncClass.native(sync.add), calls),
      hostSync: () => each(calls, () => sync.host.call(sync.store, calls)),
      hostOnFiber: () => host(sync),
      hostValue: () => host(value),
      hostPromise: () => host(promise),
      awaitInRust: () => native.benchAwait(ModuleClass.native('module', module), calls),
      crossings: () =>
        each(calls, () => {
          floors.callBack(add, calls);
          for (let i = 0; i < calls; i++) floors.add(i, 1);
        }),
      hostVisits: async () => {
        reads = 0;
        const none = await host(reading);
        reads = 10;
        return ((await host(reading)) - none) / reads;
      },
      jspi:
        jspi &&
        (() =>
          each(calls, async () => {
            for (let i = 0; i < calls; i++) await jspi.add(i, 1);
          })),
      jspiHost: jspi && (() => each(calls, () => jspi.callHost(calls))),
    },
    1,
  );
  return { measured, node: process.version };
}

function report({ measured, node }: Measured): Report {
  const { call, hostSync, jspi, jspiHost } = measured;
  const theirs = [measured.awaitInRust, measured.crossings, measured.promise];
  const ours = theirs.reduce(
    (left, row) => byRound(left, row, (whole, part) => whole - part),
    measured.hostPromise,
  );
  const unlessNotRun = (name: string, row: number[] | undefined, beside: number[]) =>
    row ? rowBeside(name, row, beside) : [name, 'not run', 'not run'];
  return {
    tables: [
      {
        title: 'Into the guest: nanoseconds a call',
        columns: ['call', 'ns', 'times `Func.call`'],
        rows: [
          rowBeside('`Func.call`', call, call),
          rowBeside('`await Func.callAsync`, the guest never waits', measured.callAsync, call),
          rowBeside(
            'the same in a store that has async functions: on a fiber',
            measured.callOnFiber,
            call,
          ),
          rowBeside('of which Wasmtime’s own `call_async`, in Rust', measured.rust, call),
          rowBeside('`await` of an `async` function of JavaScript’s', measured.promise, call),
          unlessNotRun('JSPI: `await` of a function that is `promising`', jspi, call),
        ],
      },
      {
        title: 'Out of the guest: nanoseconds a call of a host function',
        columns: ['host', 'ns', 'times the first'],
        rows: [
          rowBeside('`Linker.funcWrap`, in a synchronous call', hostSync, hostSync),
          rowBeside(
            'the same in an asynchronous one: to the main stack and back',
            measured.hostOnFiber,
            hostSync,
          ),
          rowBeside('`Linker.funcWrapAsync`, which returns a number', measured.hostValue, hostSync),
          rowBeside(
            '`Linker.funcWrapAsync`, which returns a promise',
            measured.hostPromise,
            hostSync,
          ),
          rowBeside(
            'of which Wasmtime’s own, in Rust: a host function that waits once',
            measured.awaitInRust,
            hostSync,
          ),
          rowBeside(
            '… Node-API’s: a call of a function, and one into native code',
            measured.crossings,
            hostSync,
          ),
          rowBeside('… `await` of an `async` function of JavaScript’s', measured.promise, hostSync),
          unlessNotRun('JSPI: an `async` function that is `Suspending`', jspiHost, hostSync),
          rowBeside('a use of the caller after an `await`', measured.hostVisits, hostSync),
        ],
        notes: [
          `In Node ${node}; JSPI is V8’s own WebAssembly.`,
          ...(jspi ? [] : [HOW_TO_INSTALL_NODE_24]),
          'CPU time of the thread, median (min–max) of rounds; no epoch checks. Wasmtime keeps the last fiber’s stack for the next call.',
        ],
      },
    ],
    targets: [
      atMost(
        'an asynchronous call whose guest never waits: at most 3 times `Func.call`',
        measured.callAsync,
        call,
        3,
      ),
      {
        promise:
          'an awaited host function, without Wasmtime’s await, Node-API’s two calls and JavaScript’s `await`: at most 1 µs',
        measured: `${withSpread(ours)} ns`,
        holds: spreadOf(ours).median <= 1000,
      },
    ],
  };
}
