import { Engine, GuestProfiler, Linker, Module, Store } from '../lib/index.js';
import { cpuNs } from './support/clock.js';
import { inFreshProcess } from './support/fresh-process.js';
import { type Bench, type Budget, digits, type Report, withSpread } from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound, spreadOf } from './support/spread.js';

/** Functions of the module that is listed. */
const FUNCTIONS = [1, 100, 10_000] as const;

/** Profilers that are made and kept, for what one takes. */
const KEPT = 2000;

/** What is promised for a module of one function, in microseconds. */
const PROMISED_US = 50;

/** Microseconds of each round. */
interface Costs {
  readonly functions: number;
  readonly bare: readonly number[];
  readonly signals: readonly number[];
  readonly epochs: readonly number[];
}

export const attach: Bench = {
  name: 'attach',
  question: 'What does a profiler for one request cost: made, attached, detached?',
  async run(budget) {
    const costs: Costs[] = [];
    for (const functions of FUNCTIONS) {
      costs.push(await inFreshProcess(import.meta.url, costOf, { ...budget, functions }));
    }
    return report(costs, await inFreshProcess(import.meta.url, bytesOfKept, budget));
  },
};

/** A store with a call in it, without a profiler and with one, in turn. */
export async function costOf({
  quick,
  functions,
}: Budget & { readonly functions: number }): Promise<Costs> {
  const calls = quick ? 20 : 500;
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, moduleOf(functions));
  const instances = new Linker(engine).instantiatePre(module);
  const each = (sampler: 'signal' | 'epoch' | undefined) =>
    cpuNs(() => {
      for (let i = 0; i < calls; i++) {
        using store = new Store(engine);
        store.setEpochDeadline(1_000_000);
        const run = instances.instantiate(store).getFunc(store, 'run');
        const recorder =
          sampler &&
          new GuestProfiler('request', 1, [['guest', module]]).attach(store, { sampler });
        run.call(store, i);
        recorder?.detach();
      }
    }) /
    calls /
    1000;
  const work = {
    bare: () => each(undefined),
    signals: () => each('signal'),
    epochs: () => each('epoch'),
  };
  return { functions, ...(await rounds(quick ? 2 : 15, work, 2)) };
}

/** Bytes that the process grows by for each profiler that is kept. */
export async function bytesOfKept({ quick }: Budget): Promise<number> {
  const engine = new Engine();
  const module = Module.compile(engine, moduleOf(1));
  const store = new Store(engine);
  const kept: GuestProfiler[] = [];
  const make = (count: number) => {
    for (let i = 0; i < count; i++) {
      const profiler = new GuestProfiler('request', 1, [['guest', module]]);
      profiler.sample(store, 0);
      kept.push(profiler);
    }
  };
  make(quick ? 1 : KEPT / 4);
  const before = process.memoryUsage.rss();
  make(quick ? 1 : KEPT);
  return Math.max(0, process.memoryUsage.rss() - before) / KEPT;
}

function moduleOf(functions: number): string {
  const others = Array.from(
    { length: functions - 1 },
    (_, i) => `(func (param i32) (drop (i32.const ${i})))`,
  );
  return `(module (func (export "run") (param i32) (result i32) (local.get 0)) ${others.join('\n')})`;
}

function report(costs: readonly Costs[], bytes: number): Report {
  const beyond = ({ bare }: Costs, with_: readonly number[]) =>
    byRound(with_, bare, (with_, bare) => with_ - bare);
  const [one] = costs as [Costs];
  const measured = spreadOf(beyond(one, one.signals));
  return {
    tables: [
      {
        title:
          'A profiler of its own for each call, in a store of its own: microseconds of CPU time',
        columns: ['functions', 'store and call', 'beyond it, by signals', 'by epochs'],
        rows: costs.map((cost) => [
          cost.functions.toLocaleString('en-US'),
          withSpread(cost.bare),
          withSpread(beyond(cost, cost.signals)),
          withSpread(beyond(cost, cost.epochs)),
        ]),
        notes: [
          'Of the JavaScript thread; median (min–max) of the rounds, the differences of one round each: made, attached, and detached after the call.',
          `A profiler with a sample takes ${digits(bytes / 1024)} KiB while it is kept.`,
        ],
      },
    ],
    targets: [
      {
        promise: `a module of one function, by signals: at most ${PROMISED_US} µs`,
        measured: withSpread(measured),
        holds: measured.median <= PROMISED_US,
      },
    ],
  };
}
