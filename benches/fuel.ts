// What do samples by fuel cost, and how far are they from where the time goes? The measure are samples by signals of the
// same guest without fuel, which are as far from `perf` as chance has it (`truth`).
import { GuestProfiler, type RecorderOptions, type Store } from '../lib/index.js';
import { listedCode } from '../lib/profiler/named-module.js';
import {
  type Counts,
  countsOf,
  expectedVariation,
  share,
  totalVariation,
} from './support/counts.js';
import { inFreshProcess } from './support/fresh-process.js';
import { Program } from './support/guests.js';
import {
  type Bench,
  type Budget,
  digits,
  percent,
  type Report,
  type Table,
  withSpread,
} from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound } from './support/spread.js';
import { forCpuTime } from './support/truth-guests.js';

/** Guests, with what they do for some 100 ms. */
const GUESTS = [
  ['C', 'c/parser.wasm', '10'],
  ['C++', 'cpp/raytracer.wasm', '400'],
  ['Go', 'go/pipeline.wasm', '300'],
] as const;
/** Units of fuel between samples. */
const FINE = 10_000;
const COARSE = 100_000;
const FUEL = 2n ** 60n;
/** Milliseconds between samples by time, for the shares of functions. */
const INTERVAL_MS = 0.25;

interface Cell extends Budget {
  readonly file: string;
  readonly argument: string;
}

/** Milliseconds of CPU time of a run, by round. */
interface Costs {
  readonly bare: readonly number[];
  readonly signals: readonly number[];
  readonly counted: readonly number[];
  readonly coarse: readonly number[];
  readonly fine: readonly number[];
}

/** One guest's costs, its fuel, and what samples of each kind saw of it. */
interface Measured {
  readonly costs: Costs;
  /** Units that a run uses. */
  readonly fuel: number;
  readonly time: Counts;
  readonly timeAgain: Counts;
  /** At epoch checks, which are where fuel is checked too. */
  readonly epochs: Counts;
  readonly fine: Counts;
  readonly coarse: Counts;
  readonly names: ReadonlyMap<number, string>;
}

/** Runs one guest without fuel and with it. */
export async function measure({ file, argument, quick }: Cell): Promise<Measured> {
  const bare = new Program(file, {});
  const fuelled = new Program(file, { consumeFuel: true });
  const profilerOf = (program: Program, intervalMs: number) =>
    new GuestProfiler('guest', intervalMs, [['guest', program.module]], { lines: false });
  const run = (program: Program, options?: RecorderOptions) =>
    program.run(argument, (store) => {
      if (program === fuelled) store.setFuel(FUEL);
      if (options !== undefined) profilerOf(program, 1).attach(store, options);
    }).cpuMs;
  const work = {
    bare: () => run(bare),
    signals: () => run(bare, { sampler: 'signal' }),
    counted: () => run(fuelled),
    coarse: () => run(fuelled, { everyFuel: COARSE }),
    fine: () => run(fuelled, { everyFuel: FINE }),
  };
  const costs = await rounds(quick ? 1 : 9, work, 1);
  const byTime = (program: Program, sampler: 'signal' | 'epoch') => {
    const profiler = profilerOf(program, INTERVAL_MS);
    const attach = (store: Store) => void profiler.attach(store, { sampler });
    forCpuTime(quick ? 100 : 2500, () => program.run(argument, attach));
    return countsOf(profiler, program.module);
  };
  const byFuel = (everyFuel: number) => {
    const profiler = profilerOf(fuelled, 1);
    fuelled.run(argument, (store) => {
      store.setFuel(FUEL);
      profiler.attach(store, { everyFuel });
    });
    return countsOf(profiler, fuelled.module);
  };
  const epochs = new Program(file, { epochInterruption: true });
  return {
    costs,
    fuel: fuelOf(fuelled, argument),
    time: await byTime(bare, 'signal'),
    timeAgain: await byTime(bare, 'signal'),
    epochs: await byTime(epochs, 'epoch'),
    fine: await byFuel(FINE),
    coarse: await byFuel(COARSE),
    names: namesOf(bare),
  };
}

function fuelOf(program: Program, argument: string): number {
  let left = () => FUEL;
  // A store ends with its run, and has been looked at before by the last call of the host.
  program.run(argument, (store) => {
    store.setFuel(FUEL);
    let last = FUEL;
    store.callHook(() => {
      last = store.getFuel();
    });
    left = () => last;
  });
  return Number(FUEL - left());
}

function namesOf({ module }: Program): Map<number, string> {
  const [listed] = listedCode([['guest', module]]);
  const indices = listed?.code.functions().index ?? new Uint32Array();
  const names = listed?.code.functionNames(Uint32Array.from(indices), false) ?? [];
  return new Map(Array.from(indices, (index, row) => [index, names[row] ?? `function ${index}`]));
}

export const fuel: Bench = {
  name: 'fuel',
  question: 'What do samples by fuel cost, and how far are they from where the time goes?',
  async run(budget): Promise<Report> {
    const measured: [string, Measured][] = [];
    for (const [language, file, argument] of GUESTS) {
      measured.push([
        language,
        await inFreshProcess(import.meta.url, measure, { ...budget, file, argument }),
      ]);
    }
    return {
      tables: [
        costTable(measured),
        biasTable(measured),
        ...measured.map(([language, guest]) => hottest(language, guest)),
      ],
    };
  },
};

function costTable(measured: readonly [string, Measured][]): Table {
  const ratio = (of: readonly number[], to: readonly number[]) =>
    withSpread(byRound(of, to, (a, b) => a / b));
  return {
    title: 'CPU time of a run, and how many times as long it takes',
    columns: [
      ...['guest', 'ms', 'by signals, 1 ms', 'fuel counted', 'each 100,000', 'each 10,000'],
      ...['samples', 'µs a sample'],
    ],
    rows: measured.map(([language, { costs, fine }]) => {
      const { bare, counted } = costs;
      const each = byRound(
        costs.fine,
        counted,
        (all, none) => ((all - none) * 1000) / fine.samples,
      );
      return [
        ...[language, withSpread(bare), ratio(costs.signals, bare), ratio(counted, bare)],
        ...[ratio(costs.coarse, bare), ratio(costs.fine, bare)],
        ...[fine.samples.toLocaleString('en-US'), withSpread(each)],
      ];
    }),
    notes: ['Samples, and what each takes beyond counting: of those each 10,000.'],
  };
}

function biasTable(measured: readonly [string, Measured][]): Table {
  return {
    title: 'How far from samples by signals: total variation over functions',
    columns: ['guest', 'sampled', 'samples', 'total variation', 'by chance', 'fuel nobody has'],
    rows: measured.flatMap(([language, { time, fuel, ...others }]) => {
      const row = (name: string, other: Counts, every?: number) => [
        ...[language, name, other.samples.toLocaleString('en-US')],
        percent(totalVariation(time, other), 1),
        percent(expectedVariation(time, other), 1),
        every === undefined ? '' : percent(1 - (other.samples * every) / fuel),
      ];
      return [
        row('by signals, again', others.timeAgain),
        row('by time, at epoch checks', others.epochs),
        row('each 100,000', others.coarse, COARSE),
        row('each 10,000', others.fine, FINE),
      ];
    }),
    notes: [
      'The share of samples that would have to be moved; ‘by chance’ is what two samplers by time would differ by, from the ' +
        'number of their samples.',
    ],
  };
}

function hottest(language: string, { names, time, epochs, fine }: Measured): Table {
  const ratio = (index: number) => {
    const part = share(time, index);
    return part > 0 ? `× ${digits(share(fine, index) / part)}` : '';
  };
  const shown = [...time.byFunction].sort((a, b) => b[1] - a[1]).slice(0, 6);
  return {
    title: `The hottest functions of the guest in ${language}`,
    columns: ['function', 'of the time', 'at epoch checks', 'of the fuel', 'fuel beside time'],
    rows: shown.map(([index]) => [
      `\`${names.get(index)}\``,
      ...[time, epochs, fine].map((counts) => percent(share(counts, index), 1)),
      ratio(index),
    ]),
  };
}
