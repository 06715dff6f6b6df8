import { GuestProfiler, UpdateDeadline } from '../lib/index.js';
import { native } from '../lib/native.js';
import { Engine } from '../lib/runtime/engine.js';
import { Module } from '../lib/runtime/module.js';
import { Store } from '../lib/runtime/store.js';
import { cpuNs } from './support/clock.js';
import { inFreshProcess } from './support/fresh-process.js';
import { DepthGuest } from './support/guests.js';
import { type Bench, type Budget, oneIn, type Report, withSpread } from './support/report.js';
import { rounds } from './support/rounds.js';
import { byRound, spreadOf } from './support/spread.js';
import { atEachCheck, upstreamProfiler } from './support/upstream.js';

const DEPTHS = [5, 20, 50, 200, 1000] as const;

/** What native code holds weakly. */
const kept: unknown[] = [];

/** Ways to spend time at an epoch check; nanoseconds of each, by rounds. */
type Costs = Awaited<ReturnType<typeof costsAtDepth>>;

/**
 * Every check of the guest's epoch is made a sample, so that a run has thousands of them and the clock
 * is read twice a run only.
 */
export const sampleCost: Bench = {
  name: 'sample-cost',
  question: 'How long does the guest wait for one sample?',
  async run(budget) {
    const costs = new Map<number, Costs>();
    for (const depth of DEPTHS) {
      costs.set(depth, await inFreshProcess(import.meta.url, costsAtDepth, { depth, ...budget }));
    }
    return report(costs);
  },
};

/** Nanoseconds of CPU time per epoch check at `depth` frames. */
export async function costsAtDepth({ depth, quick }: Budget & { depth: number }) {
  const guest = new DepthGuest(depth);
  const { module } = guest;
  const count = quick ? 3 : 15;
  /** Milliseconds that a run shall take. */
  const runMs = quick ? 2 : 20;
  const ready = ({ run }: { run(depth: number, checks: number): void }) => {
    run(depth, 200);
    const roughNs = cpuNs(() => run(depth, 200)) / (200 + depth);
    const checks = Math.max(2 * depth, Math.ceil((runMs * 1e6) / roughNs));
    // The checks on the way down, of lower stacks, are in both.
    return () => (cpuNs(() => run(depth, checks)) - cpuNs(() => run(depth, 1))) / (checks - 1);
  };
  return rounds(count, {
    nothing: ready(native_('nothing')),
    upstream: ready(native_('upstream')),
    backtrace: ready(native_('backtrace')),
    recorder: ready(recorder()),
    walk: ready(walk()),
    jsNothing: ready(inJs(() => {})),
    js: ready(inJs((profiler, store) => profiler.sample(store, 0))),
  });

  function native_(work: 'nothing' | 'upstream' | 'backtrace') {
    const started = guest.start();
    atEachCheck(started.store, work === 'upstream' ? upstreamProfiler('guest', module) : work);
    return started;
  }

  /** As users have it. The guest waits for the drains of full rings too. */
  function recorder() {
    const started = guest.start();
    new GuestProfiler('guest', 1, [['guest', module]]).attach(started.store, {
      sampler: 'epoch',
      intervalMs: 1000,
    });
    atEachCheck(started.store, 'nothing');
    return started;
  }

  /** The recorder's native part, whose full rings are thrown away. */
  function walk() {
    const started = guest.start();
    const ring = new Uint32Array(2 ** 18);
    const drain = () => {};
    const recorder = new native.NativeRecorder([Module.code('m', module)], drain);
    recorder.setRing(ring.buffer);
    const engine = Engine.native('engine', module.engine);
    const ticker = native.NativeEpochTicker.startForRecorders(engine, 1000);
    recorder.attach(Store.native(started.store), ticker, false, false);
    kept.push(recorder, ticker, drain);
    atEachCheck(started.store, 'nothing');
    return started;
  }

  function inJs(work: (profiler: GuestProfiler, store: Store) => void) {
    const started = guest.start();
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    // A deadline that is always reached calls back at each check.
    const atNext = UpdateDeadline.continue(0);
    started.store.setEpochDeadline(0);
    started.store.epochDeadlineCallback((store) => {
      work(profiler, store);
      return atNext;
    });
    return started;
  }
}

function report(costs: ReadonlyMap<number, Costs>): Report {
  const beyond = (column: keyof Costs) => (cost: Costs) =>
    byRound(cost[column], cost.nothing, (whole, nothing) => whole - nothing);
  const whole = (column: keyof Costs) => (cost: Costs) => cost[column];
  const table = (title: string, pick: typeof beyond | typeof whole, notes: string[]) => ({
    title,
    columns: [
      'frames',
      'recorder',
      'of upstream’s',
      '`sample` in JS',
      'of upstream’s',
      'upstream',
      '`WasmBacktrace`',
    ],
    rows: [...costs].map(([depth, cost]) => {
      const upstream = pick('upstream')(cost);
      const times = (column: keyof Costs) => byRound(upstream, pick(column)(cost), (a, b) => a / b);
      return [
        String(depth),
        withSpread(pick('recorder')(cost)),
        oneIn(times('recorder')),
        withSpread(pick('js')(cost)),
        oneIn(times('js')),
        withSpread(upstream),
        withSpread(pick('backtrace')(cost)),
      ];
    }),
    notes,
  });
  const timesAt = (depth: number, column: keyof Costs, pick: typeof beyond) => {
    const cost = costs.get(depth) as Costs;
    return byRound(pick('upstream')(cost), pick(column)(cost), (a, b) => a / b);
  };
  const target = (promise: string, atLeast: number, times: number[]) => ({
    promise,
    measured: oneIn(times),
    holds: spreadOf(times).median >= atLeast,
  });
  return {
    tables: [
      table('Beyond the bare epoch callback: nanoseconds a sample', beyond, [
        'Nanoseconds of the thread’s CPU time, median (min–max) of the rounds; ratios are of one round each. An epoch callback in Rust that does nothing is subtracted. ' +
          'The recorder’s column holds its share of the drains, for which the guest waits when the ring is full.',
      ]),
      table('Whole: with the epoch check and the way to the callback and back', whole, []),
      {
        title: 'Where the time goes: nanoseconds',
        columns: [
          'frames',
          'bare callback in Rust',
          '+ walk and record',
          '+ drain into TypeScript',
          'bare callback in JS',
          '+ `sample`',
        ],
        rows: [...costs].map(([depth, cost]) => [
          String(depth),
          withSpread(cost.nothing),
          withSpread(beyond('walk')(cost)),
          withSpread(byRound(cost.recorder, cost.walk, (all, walk) => all - walk)),
          withSpread(cost.jsNothing),
          withSpread(byRound(cost.js, cost.jsNothing, (all, bare) => all - bare)),
        ]),
        notes: ['`+ sample` has its own share of the drains in it.'],
      },
    ],
    targets: [
      target(
        'recorder, 50 frames: at most 1/20 of upstream’s sample',
        20,
        timesAt(50, 'recorder', beyond),
      ),
      target('recorder, 1,000 frames: at most 1/30', 30, timesAt(1000, 'recorder', beyond)),
      target(
        '`sample` in a JS callback, whole, 50 frames: at most 1/4',
        4,
        timesAt(50, 'js', whole),
      ),
    ],
  };
}
