import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GuestProfiler } from '../lib/index.js';
import { processCpuMs } from './support/clock.js';
import { inFreshProcess } from './support/fresh-process.js';
import { Program } from './support/guests.js';
import {
  type Bench,
  digits,
  oneIn,
  type Report,
  type Table,
  type Target,
  withSpread,
} from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound, spreadOf } from './support/spread.js';
import {
  atEachCheck,
  atEachTick,
  atEachTickWithCpu,
  upstreamProfiler,
} from './support/upstream.js';

/** Who samples: nobody is the baseline, with all else the same. */
type Sampler = 'nobody' | 'recorder' | 'upstream';

/** A program, and how often it is sampled. */
interface Case {
  readonly program: string;
  /** Of the program: it sets the amount of work. */
  readonly argument: string;
  /** Runs of each kind in a process; all samples of a kind go into one profile. */
  readonly runs: number;
  /**
   * `check`: each epoch check is a sample, and nobody reads the CPU clock, which costs more than all
   * else of a sample. A number: milliseconds between ticks; both read it.
   */
  readonly every: 'check' | number;
}

/** Of one profile, by one process. */
interface Cost {
  /** Microseconds of CPU a sample: beyond nobody's while the guest ran, and afterwards for the file. */
  readonly inGuest: number;
  readonly finish: number;
  readonly samples: number;
  readonly fileBytes: number;
}

type Costs = Record<'recorder' | 'upstream', Cost[]>;

/** Milliseconds between two ticks: the fastest, for many samples, since each costs so little. */
const TICK_MS = 0.05;

export const totalCost: Bench = {
  name: 'total-cost',
  question: 'What does a sample cost in all, from the stack walk to its place in a finished file?',
  async run({ quick }) {
    const ticks = { every: TICK_MS, runs: quick ? 2 : 25 };
    const checks = { every: 'check', runs: quick ? 1 : 25 } as const;
    const cases: Case[] = [
      { program: 'go/pipeline.wasm', argument: '1', ...checks },
      { program: 'c/parser.wasm', argument: '1', ...checks },
      { program: 'go/pipeline.wasm', argument: quick ? '50' : '300', ...ticks },
      { program: 'c/parser.wasm', argument: quick ? '4' : '12', ...ticks },
    ];
    const rows: string[][] = [];
    const targets: Target[] = [];
    for (const each of quick ? cases.slice(1, 3) : cases) {
      const costs: Costs = { recorder: [], upstream: [] };
      for (let round = 0; round < (quick ? 1 : 5); round++) {
        const { recorder, upstream } = await inFreshProcess(import.meta.url, costsOf, each);
        costs.recorder.push(recorder);
        costs.upstream.push(upstream);
      }
      rows.push(row(each, costs));
      if (each === cases[0]) targets.push(target(costs));
    }
    return report(rows, targets);
  },
};

/** Samples the same program by turns with ours, upstream's and none, then finishes both profiles. */
export async function costsOf(each: Case): Promise<Record<'recorder' | 'upstream', Cost>> {
  const { argument, every, runs } = each;
  const program = new Program(each.program);
  const { module } = program;
  const profiler = new GuestProfiler('guest', TICK_MS, [['guest', module]]);
  const upstream = upstreamProfiler('guest', module, TICK_MS);
  const run = (sampler: Sampler): number => {
    // The recorder ticks itself.
    const ticker =
      every !== 'check' && sampler !== 'recorder'
        ? module.engine.startEpochTicker(every)
        : undefined;
    const start = processCpuMs();
    program.run(argument, (store) => {
      if (sampler === 'recorder') {
        profiler.attach(store, { sampler: 'epoch', intervalMs: every === 'check' ? 1000 : every });
      }
      if (every === 'check') atEachCheck(store, sampler === 'upstream' ? upstream : 'nothing');
      else if (sampler === 'upstream') atEachTickWithCpu(store, upstream);
      else if (sampler === 'nobody') atEachTick(store, 'nothing');
    });
    const ms = processCpuMs() - start;
    ticker?.dispose();
    return ms;
  };
  program.run(argument);
  const guestMs = await rounds(runs, {
    nobody: () => run('nobody'),
    recorder: () => run('recorder'),
    upstream: () => run('upstream'),
  });
  const beyond = (sampler: 'recorder' | 'upstream') =>
    spreadOf(byRound(guestMs[sampler], guestMs.nobody, (all, bare) => all - bare)).median * runs;
  return {
    recorder: await costOf(beyond('recorder'), (file) => profiler.finish(file)),
    upstream: await costOf(beyond('upstream'), (file) => writeFileSync(file, upstream.finish())),
  };
}

async function costOf(guestMs: number, finish: (file: string) => unknown): Promise<Cost> {
  const file = path.join(tmpdir(), `total-cost-${process.pid}.json`);
  const start = processCpuMs();
  await finish(file);
  const finishMs = processCpuMs() - start;
  const text = readFileSync(file);
  rmSync(file);
  const samples: number = JSON.parse(text.toString()).threads[0].samples.length;
  if (!(samples > 0)) throw new Error('the profile has no sample');
  return {
    inGuest: (1000 * guestMs) / samples,
    finish: (1000 * finishMs) / samples,
    samples,
    fileBytes: text.length,
  };
}

const total = ({ inGuest, finish }: Cost) => inGuest + finish;

function times({ recorder, upstream }: Costs): number[] {
  return byRound(upstream.map(total), recorder.map(total), (theirs, ours) => theirs / ours);
}

function row({ program, every }: Case, costs: Costs): string[] {
  const both = (pick: (cost: Cost) => number) =>
    [withSpread(costs.recorder.map(pick)), withSpread(costs.upstream.map(pick))] as const;
  const median = (sampler: keyof Costs, pick: (cost: Cost) => number) =>
    digits(spreadOf(costs[sampler].map(pick)).median);
  const bytes = ({ fileBytes, samples }: Cost) => fileBytes / samples;
  return [
    `${program}, ${every === 'check' ? 'every check' : `every ${1000 * every} µs`}`,
    ...both(total),
    oneIn(times(costs)),
    ...both(({ inGuest }) => inGuest),
    ...both(({ finish }) => finish),
    median('recorder', ({ samples }) => samples),
    `${median('recorder', bytes)}, ${median('upstream', bytes)}`,
  ];
}

function report(rows: string[][], targets: Target[]): Report {
  const table: Table = {
    title: 'Microseconds of CPU a sample, all threads of the process',
    columns: [
      'guest',
      'recorder',
      'upstream',
      'of upstream’s',
      'recorder, while the guest runs',
      'upstream',
      'recorder, finish',
      'upstream',
      'samples',
      'bytes of file a sample, both',
    ],
    rows,
    notes: [
      'While the guest runs: what the same guest costs with the same ticks and no sampling is subtracted, the median of runs by turns in one process. ' +
        'Finish: from the call to the written file. Median (min–max) of processes. At each tick both read the thread’s CPU clock for the delta, a system call; at each check neither does, and what is left is walk, drain, interning and serialization. Upstream is called from Rust.',
    ],
  };
  return { tables: [table], targets };
}

function target(costs: Costs): Target {
  return {
    promise: 'total CPU a sample, Go guest: at most 1/4 of upstream’s sample and finish',
    measured: oneIn(times(costs)),
    holds: spreadOf(times(costs)).median >= 4,
  };
}
