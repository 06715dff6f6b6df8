import { setTimeout as sleep } from 'node:timers/promises';
import { Engine, GuestProfiler, threadCpuTime } from '../lib/index.js';
import { processCpuMs } from './support/clock.js';
import { inFreshProcess } from './support/fresh-process.js';
import { DepthGuest } from './support/guests.js';
import { type Bench, type Budget, digits, percent } from './support/report.js';

/** Milliseconds. */
const INTERVALS = [0.05, 0.1, 1, 10, 1000] as const;

/** Of one ticker. */
interface Kept {
  readonly intervalMs: number;
  readonly elapsedMs: number;
  readonly ticks: number;
  readonly missed: number;
  /** Of the ticker's thread and what else isn't the guest's. */
  readonly cpuMs: number;
}

export const ticker: Bench = {
  name: 'ticker',
  question: 'Does a ticker keep its rate, and what does it cost?',
  async run(budget) {
    const idle = await inFreshProcess(import.meta.url, whileIdle, budget);
    const busy = await inFreshProcess(import.meta.url, whileGuestSpins, budget);
    const restingCpuMs = await inFreshProcess(import.meta.url, cpuOfRestingRecorder, budget);
    const row = (state: string, { intervalMs, elapsedMs, ticks, missed, cpuMs }: Kept) => {
      const due = Math.floor(elapsedMs / intervalMs);
      // Few ticks drown in what else Node's threads do.
      const perTick = ticks >= 500 ? `${digits((1000 * cpuMs) / ticks)} µs` : '–';
      return [
        intervalMs < 1 ? `${1000 * intervalMs} µs` : `${intervalMs} ms`,
        state,
        // Of the intervals that have passed whole.
        due > 0 ? digits((1000 * ticks) / (due * intervalMs)) : '–',
        digits(1000 / intervalMs),
        due > 0 ? percent(ticks / due - 1) : '–',
        `${missed} of ${due}`,
        perTick,
      ];
    };
    return {
      tables: [
        {
          title: 'Ticks a second',
          columns: ['interval', 'JS thread', 'had', 'asked', 'off by', 'missed', 'CPU a tick'],
          rows: INTERVALS.flatMap((_, i) => [
            row('idle', idle[i] as Kept),
            row('runs a guest', busy[i] as Kept),
          ]),
          notes: [
            `A recorder whose guest has returned uses ${digits(restingCpuMs)} ms of CPU a second, the whole process.`,
          ],
        },
      ],
    };
  },
};

export async function whileIdle({ quick }: Budget): Promise<Kept[]> {
  const kept: Kept[] = [];
  const engine = new Engine({ epochInterruption: true });
  for (const intervalMs of INTERVALS) kept.push(await watch(engine, intervalMs, quick, sleep));
  return kept;
}

export async function whileGuestSpins({ quick }: Budget): Promise<Kept[]> {
  const guest = new DepthGuest(1);
  const { run } = guest.start();
  const kept: Kept[] = [];
  for (const intervalMs of INTERVALS) {
    const spin = async (ms: number) => {
      const end = performance.now() + ms;
      while (performance.now() < end) run(1, 1_000_000);
    };
    kept.push(await watch(guest.module.engine, intervalMs, quick, spin));
  }
  return kept;
}

async function watch(
  engine: Engine,
  intervalMs: number,
  quick: boolean,
  pass: (ms: number) => Promise<unknown>,
): Promise<Kept> {
  const passMs = quick ? 100 : Math.max(1000, 4.5 * intervalMs);
  using ticker = engine.startEpochTicker(intervalMs);
  // The thread starts.
  await pass(20);
  const cpu = processCpuMs() - threadCpuTime();
  const before = read();
  await pass(passMs);
  const after = read();
  return {
    intervalMs,
    elapsedMs: after.atMs - before.atMs,
    ticks: after.ticks - before.ticks,
    missed: after.missed - before.missed,
    cpuMs: processCpuMs() - threadCpuTime() - cpu,
  };

  function read() {
    return { atMs: performance.now(), ticks: ticker.ticks, missed: ticker.missedTicks };
  }
}

/** Milliseconds of CPU a second, some time after the guest has returned. */
export async function cpuOfRestingRecorder({ quick }: Budget): Promise<number> {
  const guest = new DepthGuest(1);
  const { store, run } = guest.start();
  using _recorder = new GuestProfiler('guest', 0.05, [['guest', guest.module]]).attach(store, {
    sampler: 'epoch',
  });
  run(1, 1_000_000);
  await sleep(300);
  const seconds = quick ? 0.2 : 2;
  const start = processCpuMs();
  await sleep(1000 * seconds);
  return (processCpuMs() - start) / seconds;
}
