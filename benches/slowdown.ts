import { GuestProfiler, type Sampler, type Store } from '../lib/index.js';
import { native } from '../lib/native.js';
import { inFreshProcess } from './support/fresh-process.js';
import { Program, type RunTime } from './support/guests.js';
import { type Bench, type Budget, percent, type Report, type Target } from './support/report.js';
import { shuffled } from './support/rounds.js';
import { medianInterval, spreadOf } from './support/spread.js';
import { atEachTick, upstreamProfiler } from './support/upstream.js';

/** Samples a second. */
const RATES = [100, 1000, 10_000] as const;
type Rate = (typeof RATES)[number];

/**
 * How a run goes. `again` is `bare`, with epochs and no profiler, once more: half of the baseline of those with epochs.
 * Signals sample code without epochs, whose baseline is `off` and `off again`.
 */
type Way =
  | 'off'
  | 'off again'
  | 'bare'
  | 'again'
  | `signal ${Rate}`
  | 'idle 10000'
  | `recorder ${Rate}`
  | `upstream ${Rate}`;
const WAYS: readonly Way[] = [
  'off',
  'off again',
  'bare',
  'again',
  ...RATES.flatMap((rate): Way[] => [`signal ${rate}`, `recorder ${rate}`, `upstream ${rate}`]),
  'idle 10000',
];

/** The programs, with an argument for some 150 ms. */
const PROGRAMS = [
  ['c/parser.wasm', '15'],
  ['go/pipeline.wasm', '350'],
] as const;

type Times = Record<Way, RunTime[]>;

export const slowdown: Bench = {
  name: 'slowdown',
  question: 'How much slower is a guest that is being profiled?',
  async run({ quick }) {
    const times = new Map<string, Times>();
    for (const [program, argument] of quick ? PROGRAMS.slice(0, 1) : PROGRAMS) {
      const params = { program, argument, quick };
      times.set(program, await inFreshProcess(import.meta.url, timesOfWays, params));
    }
    return report(times);
  },
};

/** One compiled program, so that its code lies at the same addresses in all rounds. */
export function timesOfWays(params: Budget & { program: string; argument: string }): Times {
  const withEpochs = new Program(params.program);
  const without = new Program(params.program, false);
  const { module } = withEpochs;
  const times = Object.fromEntries(WAYS.map((way) => [way, []])) as unknown as Times;
  const count = params.quick ? 2 : 60;
  for (let round = -1; round < count; round++) {
    for (const way of shuffled(WAYS, round)) {
      const time = run(way);
      // The first round warms up.
      if (round >= 0) times[way].push(time);
    }
  }
  return times;

  function run(way: Way): RunTime {
    const [sampler, rate] = way.split(' ') as [string, string | undefined];
    if (way === 'off' || way === 'off again') return without.run(params.argument);
    if (rate === undefined) return withEpochs.run(params.argument);
    const intervalMs = 1000 / Number(rate);
    if (sampler === 'upstream') return upstream(intervalMs);
    if (sampler === 'idle') return idle(intervalMs);
    return sampler === 'signal'
      ? recorded(without, 'signal', intervalMs)
      : recorded(withEpochs, 'epoch', intervalMs);
  }

  function recorded(program: Program, sampler: Sampler, intervalMs: number): RunTime {
    const profiler = new GuestProfiler('guest', intervalMs, [['guest', program.module]]);
    return program.run(params.argument, (store: Store) => profiler.attach(store, { sampler }));
  }

  /** Signals that come as often, and find nothing to do. */
  function idle(intervalMs: number): RunTime {
    native.idleSignals(true);
    try {
      return recorded(without, 'signal', intervalMs);
    } finally {
      native.idleSignals(false);
    }
  }

  function upstream(intervalMs: number): RunTime {
    const profiler = upstreamProfiler('guest', module, intervalMs);
    using _ticker = module.engine.startEpochTicker(intervalMs);
    return withEpochs.run(params.argument, (store) => atEachTick(store, profiler));
  }
}

/** How much longer a way takes than the mean of `others`, by rounds. */
function beyond(times: Times, way: Way, others: readonly Way[], clock: keyof RunTime): number[] {
  return times[way].map((time, round) => {
    const baseline = others.map((other) => (times[other][round] as RunTime)[clock]);
    return time[clock] / (baseline.reduce((sum, ms) => sum + ms) / others.length) - 1;
  });
}

const BASELINE: readonly Way[] = ['bare', 'again'];
const OFF: readonly Way[] = ['off', 'off again'];

/** `median (low to high)`, an interval of 95 % around it. */
function resolved(values: readonly number[]): string {
  const { low, high } = medianInterval(values);
  return `${percent(spreadOf(values).median)} (${percent(low)} to ${percent(high)})`;
}

function report(times: ReadonlyMap<string, Times>): Report {
  const rows: string[][] = [];
  const targets: Target[] = [];
  for (const [program, ways] of times) {
    const bareMs = spreadOf(ways.bare.map(({ cpuMs }) => cpuMs)).median.toFixed(0);
    const row = (name: string, way: Way, others = BASELINE) => {
      const clocks = ['cpuMs', 'wallMs'] as const;
      const cells = clocks.map((clock) => resolved(beyond(ways, way, others, clock)));
      rows.push([program, name, ...cells]);
    };
    row('epoch checks, no profiler, beyond a guest without', 'bare', OFF);
    for (const rate of RATES) {
      const name = `signals, ${rate.toLocaleString('en-US')} Hz, beyond a guest without epoch checks`;
      row(name, `signal ${rate}`, OFF);
    }
    row('the same with a handler that does nothing: what signals cost', 'idle 10000', OFF);
    row('a guest without epoch checks once more', 'off again', ['off']);
    row(`the same once more (${bareMs} ms)`, 'again', ['bare']);
    for (const rate of RATES) {
      row(`recorder, ${rate.toLocaleString('en-US')} Hz`, `recorder ${rate}`);
      row(`upstream in Rust, ${rate.toLocaleString('en-US')} Hz`, `upstream ${rate}`);
    }
    for (const [rate, atMost] of [
      [1000, 0.01],
      [10_000, 0.05],
    ] as const) {
      const measured = beyond(ways, `signal ${rate}`, OFF, 'cpuMs');
      targets.push({
        promise: `slowdown of ${program} by signals at ${rate / 1000} kHz: at most ${percent(atMost, 1)}`,
        measured: resolved(measured),
        holds: spreadOf(measured).median <= atMost,
      });
    }
    for (const [rate, atMost] of [
      [1000, 0.005],
      [10_000, 0.03],
    ] as const) {
      const measured = beyond(ways, `recorder ${rate}`, BASELINE, 'cpuMs');
      targets.push({
        promise: `slowdown of ${program} at ${rate / 1000} kHz: at most ${percent(atMost, 1)}`,
        measured: resolved(measured),
        holds: spreadOf(measured).median <= atMost,
      });
    }
  }
  return {
    tables: [
      {
        title: 'Time beyond the same guest without a profiler, with epoch checks unless it says so',
        columns: ['guest', '', 'CPU of its thread', 'wall'],
        rows,
        notes: [
          'Median of the rounds’ differences, in brackets an interval of 95 % around it. ' +
            'The first row of a guest is what epoch checks themselves cost. ‘Once more’ shows how far two equal runs are apart.',
        ],
      },
    ],
    targets,
  };
}
