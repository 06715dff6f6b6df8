import { readFileSync } from 'node:fs';
import { measure } from 'mitata';
import { Engine, Linker, Module, Store } from '../lib/index.js';
import { native } from '../lib/native.js';
import { Engine as EngineClass } from '../lib/runtime/engine.js';
import { Module as ModuleClass } from '../lib/runtime/module.js';
import { floors } from './support/floors.js';
import { inFreshProcess } from './support/fresh-process.js';
import { benchGuestFile } from './support/guests.js';
import { atMost, type Bench, type Budget, type Report, rowBeside } from './support/report.js';
import { rounds } from './support/rounds.js';
import { v8 } from './support/v8-wasm.js';
import { HOW_TO_INSTALL, WasmtimePy } from './support/wasmtime-py.js';

const TYPE = { params: ['i32', 'i32'], results: ['i32'] } as const;
/** Calls that a guest, or Rust, makes in one go. */
const HOST_CALLS = 20_000;

type Measured = Awaited<ReturnType<typeof measureCalls>>;

export const calls: Bench = {
  name: 'calls',
  question: 'What does a call of (i32, i32) → i32 cost, into the guest and out of it?',
  async run(budget) {
    return report(await inFreshProcess(import.meta.url, measureCalls, budget));
  },
};

/** Nanoseconds of a call, by rounds. */
export async function measureCalls({ quick }: Budget) {
  const file = benchGuestFile('calls.wasm');
  const python = WasmtimePy.start();
  const add = (a: number, b: number): number => (a + b) | 0;

  const engine = new Engine();
  const store = new Store(engine);
  const module = Module.fromFile(engine, file);
  const linker = new Linker(engine).funcWrap('env', 'add', TYPE, (_caller, a, b) => add(a, b));
  const instance = linker.instantiate(store, module);
  const func = instance.getFunc(store, 'add');
  const typed = func.typed(TYPE);
  const callHost = instance.getFunc(store, 'call_host');

  const bytes = new Uint8Array(readFileSync(file));
  const node = new v8.Instance(new v8.Module(bytes), { env: { add } });
  const nodeAdd = node.exports['add'] as typeof add;
  const nodeCallHost = node.exports['call_host'] as (n: number) => number;

  const nativeModule = ModuleClass.native('module', module);
  const epochTicker = native.NativeEpochTicker.start(EngineClass.native('engine', engine), 60_000);
  let i = 0;
  const one = async (call: () => unknown): Promise<number> => {
    const stats = await measure(call, { min_cpu_time: (quick ? 2 : 60) * 1e6, warmup_samples: 1 });
    return stats.p50;
  };
  const many = async (call: () => unknown): Promise<number> => (await one(call)) / HOST_CALLS;
  await python?.ask({ do: 'open', path: file });
  const work = {
    bare: () => one(() => epochTicker.ticks()),
    floorIn: () => one(() => floors.add(i++ | 0, 1)),
    floorOut: () => many(() => floors.callBack(add, HOST_CALLS)),
    bareRust: () => native.benchCall(nativeModule, false, HOST_CALLS),
    hookedRust: () => native.benchCall(nativeModule, true, HOST_CALLS),
    func: () => one(() => func.call(store, i++ | 0, 1)),
    typed: () => one(() => typed.call(store, i++ | 0, 1)),
    nodeIn: () => one(() => nodeAdd(i++ | 0, 1)),
    pythonIn: () => python?.ask({ do: 'call', count: quick ? 1000 : HOST_CALLS }) ?? 0,
    host: () => many(() => callHost.call(store, HOST_CALLS)),
    nodeOut: () => many(() => nodeCallHost(HOST_CALLS)),
    pythonOut: () => python?.ask({ do: 'call_host', count: quick ? 1000 : HOST_CALLS }) ?? 0,
  };
  const measured = await rounds(quick ? 2 : 15, work, 1);
  epochTicker.stop();
  await python?.end();
  return { ...measured, hasPython: python !== undefined };
}

function report(measured: Measured): Report {
  const { hasPython } = measured;
  const into = (name: string, ours: number[]) =>
    rowBeside(name, ours, measured.floorIn, measured.nodeIn);
  const out = (name: string, ours: number[]) =>
    rowBeside(name, ours, measured.floorOut, measured.nodeOut);
  const notRun = ['wasmtime-py', 'not run', 'not run', 'not run'];
  return {
    tables: [
      {
        title: 'Into the guest: nanoseconds a call',
        columns: ['call', 'ns', 'times the floor', 'times Node’s `WebAssembly`'],
        rows: [
          into('`Func.call`', measured.func),
          into('`TypedFunc.call`', measured.typed),
          into('the floor: a function of Node-API that adds two integers', measured.floorIn),
          into('of which Wasmtime’s own call, in Rust', measured.bareRust),
          into('… with a call hook that does nothing', measured.hookedRust),
          into('Node’s own `WebAssembly`', measured.nodeIn),
          hasPython ? into('wasmtime-py', measured.pythonIn) : notRun,
          into('an ordinary method of the addon, through napi-rs', measured.bare),
        ],
      },
      {
        title: 'Out of the guest: nanoseconds a call of a host function',
        columns: ['host', 'ns', 'times the floor', 'times Node’s `WebAssembly`'],
        rows: [
          out('`Linker.funcWrap`', measured.host),
          out('the floor: Node-API calls a function with two integers', measured.floorOut),
          out('Node’s own `WebAssembly`', measured.nodeOut),
          hasPython ? out('wasmtime-py', measured.pythonOut) : notRun,
        ],
        notes: [
          'No epoch checks. Median (min–max) of rounds. The floors are plain functions of Node-API, as one writes them in C, in the same process and rounds; a call out has a handle scope of its own, as a guest that makes millions needs it. V8 compiles the guest itself, so that its calls need no crossing from one runtime into another. Where the time goes: [below](#where-the-time-of-a-call-goes).',
          ...(hasPython ? [] : [HOW_TO_INSTALL]),
        ],
      },
    ],
    targets: [
      atMost(
        'a call into the guest: at most 2.2 times the floor',
        measured.func,
        measured.floorIn,
        2.2,
      ),
      atMost('a host function: at most 1.3 times the floor', measured.host, measured.floorOut, 1.3),
    ],
  };
}
