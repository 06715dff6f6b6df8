import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine, Module } from '../lib/index.js';
import { inFreshProcess } from './support/fresh-process.js';
import { type Bench, type Budget, digits, type Report } from './support/report.js';

/** Bytes of a module. */
const SIZE = 10_000_000;
const SIZE_OF_QUICK = 100_000;
/** What is promised: milliseconds above those of an idle loop. */
const PROMISED_MS = 20;

/** Milliseconds: of the loop at its worst, of the wall and of processors while it was watched. */
interface Delays {
  readonly what: string;
  readonly maxMs: number;
  readonly p99Ms: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

export const eventLoop: Bench = {
  name: 'event-loop',
  question: 'How long does compiling keep the event loop?',
  async run(budget) {
    return report(await inFreshProcess(import.meta.url, measure, budget));
  },
};

/** An idle loop, one module, and four at once. */
export async function measure({ quick }: Budget): Promise<Delays[]> {
  const engine = new Engine();
  // What is made once is made before.
  await Module.compileAsync(engine, '(module)');
  const bytes = largeModule(quick ? SIZE_OF_QUICK : SIZE);
  const compiled = (count: number) => () =>
    Promise.all(Array.from({ length: count }, () => Module.compileAsync(engine, bytes)));
  return [
    await watched('idle', () => sleep(quick ? 50 : 3000)),
    await watched('one module', compiled(1)),
    await watched('four modules at once', compiled(4)),
  ];
}

async function watched(what: string, run: () => Promise<unknown>): Promise<Delays> {
  const histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await sleep(20);
  histogram.reset();
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startMs;
  histogram.disable();
  return {
    what,
    maxMs: histogram.max / 1e6,
    p99Ms: histogram.percentile(99) / 1e6,
    wallMs,
    cpuMs: (user + system) / 1000,
  };
}

/** A binary of functions that add numbers up, of about `size` bytes. */
function largeModule(size: number): Uint8Array {
  const step = [0x20, 0, 0x20, 0, 0x6a, 0x21, 0];
  const code = [0, ...Array.from({ length: 100 }, () => step).flat(), 0x20, 0, 0x0b];
  const body = [...leb(code.length), ...code];
  const count = Math.ceil(size / (body.length + 1));
  const section = (id: number, bytes: Uint8Array) => [
    Uint8Array.of(id, ...leb(bytes.length)),
    bytes,
  ];
  const bodies = new Uint8Array(leb(count).length + count * body.length);
  bodies.set(leb(count));
  for (let i = 0; i < count; i++) bodies.set(body, leb(count).length + i * body.length);
  return Buffer.concat([
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    ...section(1, Uint8Array.of(1, 0x60, 1, 0x7f, 1, 0x7f)),
    ...section(3, Buffer.concat([Uint8Array.from(leb(count)), new Uint8Array(count)])),
    ...section(10, bodies),
  ]);
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

function report(delays: readonly Delays[]): Report {
  const above = (delays[1] as Delays).maxMs - (delays[0] as Delays).maxMs;
  return {
    tables: [
      {
        title: 'Delay of the event loop while 10 MB are compiled, in milliseconds',
        columns: ['', 'longest', '99th percentile', 'wall time', 'CPU time'],
        rows: delays.map(({ what, ...ms }) => [
          what,
          ...[ms.maxMs, ms.p99Ms, ms.wallMs, ms.cpuMs].map(digits),
        ]),
        notes: [
          'By `monitorEventLoopDelay`, which asks each millisecond. With `Module.compile` the delay is the wall time.',
        ],
      },
    ],
    targets: [
      {
        promise: `≤ ${PROMISED_MS} ms above idle`,
        measured: `${digits(above)} ms`,
        holds: above <= PROMISED_MS,
      },
    ],
  };
}
