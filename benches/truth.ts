// How far are samples from where the guest really is? `perf`, which interrupts by the processor's own timer, is the
// measure: Debian has it as linux-perf. Code is compared with the same code: with epoch checks or without.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GuestProfiler, type Sampler } from '../lib/index.js';
import {
  add,
  type Counts,
  counted,
  countsOf,
  expectedVariation,
  indexByOffset,
  share,
  totalVariation,
} from './support/counts.js';
import { inFreshProcess } from './support/fresh-process.js';
import { type Bench, digits, percent, type Report, type Table } from './support/report.js';
import { forCpuTime, truthGuest, truthGuests } from './support/truth-guests.js';

/** Where addresses of the kernel begin. */
const KERNEL = 2 ** 63;

/** Samples a second, of all who sample. */
const RATE = 4000;

interface Cell {
  readonly language: string;
  readonly sampler: Sampler;
  /** Of CPU time. */
  readonly ms: number;
}

/** Of the recorder's samples, those whose newest frame is the guest's own. */
export function recorded({ language, sampler, ms }: Cell): Promise<Counts> {
  const { module, run } = truthGuest(language, sampler === 'epoch', 'none');
  run(() => {});
  const intervalMs = 1000 / RATE;
  const profiler = new GuestProfiler('guest', intervalMs, [['guest', module]], { lines: false });
  forCpuTime(ms, () => run((store) => profiler.attach(store, { sampler })));
  return countsOf(profiler, module);
}

/** What `perf` sees of the guest's functions while nobody else samples, and their names. */
function byPerf({ language, sampler, ms }: Cell): Counts & { names: Map<number, string> } {
  const folder = mkdtempSync(join(tmpdir(), 'truth-'));
  try {
    const data = join(folder, 'perf.data');
    const loader = fileURLToPath(new URL('./support/typescript.mjs', import.meta.url));
    const child = fileURLToPath(new URL('./support/truth-child.ts', import.meta.url));
    // What the kernel does for an instruction, as to give memory that is touched first, is time of that instruction.
    const what = ['-e', 'cpu-clock', '-g', '--user-callchains'];
    const record = ['record', '-q', ...what, '-F', String(RATE), '-o', data, '--'];
    const node = [process.execPath, '--import', loader, child, language, sampler, String(ms)];
    const { status, stdout, stderr } = spawnSync('perf', [...record, ...node], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`perf failed: ${stderr}`);
    const map = JSON.parse(stdout) as { map: string };
    const { module } = truthGuest(language, sampler === 'epoch', 'none');
    const functions = functionsOf(readFileSync(map.map, 'utf8'), indexByOffset(module));
    rmSync(map.map);
    const script = execFileSync('perf', ['script', '-i', data, '-F', 'ip'], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    const byFunction = new Map<number, number>();
    for (const sample of script.split(/\n\s*\n/)) {
      const at = sample
        .split('\n')
        .map((line) => Number.parseInt(line.trim(), 16))
        .find((at) => at < KERNEL);
      if (at === undefined) continue;
      const row = functions.findLastIndex(({ start }) => start <= at);
      const found = functions[row];
      if (found !== undefined && at < found.end) add(byFunction, found.index);
    }
    const names = new Map(functions.map(({ index, name }) => [index, name]));
    return { ...counted(byFunction), names };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface CodeOfFunction {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly index: number;
}

/** What of a map for perf is a function of the guest, in order. */
function functionsOf(map: string, indices: ReadonlyMap<number, number>): CodeOfFunction[] {
  const entries = map
    .split('\n')
    .map((line) => /^(0x[0-9a-f]+) ([0-9a-f]+) (.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, start, length, name]) => ({
      start: Number(start),
      end: Number(start) + Number.parseInt(length as string, 16),
      name: (name as string).replace(/^wasm\[0\]::function\[(\d+)\]$/, 'wasm-function[$1]'),
    }))
    .sort((a, b) => a.start - b.start);
  // Wasmtime's other code is there too, such as this package's own check of itself.
  const starts = new Set(entries.map(({ start }) => start));
  const offsets = [...indices.keys()];
  const base = [...starts]
    .map((start) => start - Math.min(...offsets))
    .find((base) => offsets.every((offset) => starts.has(base + offset)));
  if (base === undefined) throw new Error('the map for perf is of other code');
  const functions = entries.flatMap((entry) => {
    const index = indices.get(entry.start - base);
    return index === undefined ? [] : [{ ...entry, index }];
  });
  return functions;
}

export const truth: Bench = {
  name: 'truth',
  question: 'How far are samples from where the guest really is?',
  async run({ quick }): Promise<Report> {
    const ms = quick ? 300 : 3000;
    const rows: string[][] = [];
    const tables: Table[] = [];
    for (const language of truthGuests()) {
      const cell = (sampler: Sampler): Cell => ({ language, sampler, ms });
      const perf = byPerf(cell('signal'));
      const again = byPerf(cell('signal'));
      const signal = await inFreshProcess(import.meta.url, recorded, cell('signal'));
      const perfOfEpochs = byPerf(cell('epoch'));
      const epoch = await inFreshProcess(import.meta.url, recorded, cell('epoch'));
      const row = (name: string, truth: Counts, other: Counts) => {
        const [variation, expected] = [
          totalVariation(truth, other),
          expectedVariation(truth, other),
        ];
        const numbers = [percent(variation, 1), percent(expected, 1), digits(variation / expected)];
        rows.push([language, name, other.samples.toLocaleString('en-US'), ...numbers]);
      };
      row('`perf` once more', perf, again);
      row('signals', perf, signal);
      row('epochs', perfOfEpochs, epoch);
      tables.push(hottest(language, perf, perf.names, [signal, perfOfEpochs, epoch]));
    }
    return {
      tables: [
        {
          title: 'Total variation over functions to `perf`',
          columns: ['guest', 'sampled by', 'samples', 'total variation', 'by chance', 'ratio'],
          rows,
          notes: [
            '‘By chance’ is what two equal samplers would differ by, from the number of samples. Epochs are compared with ' +
              '`perf` on the same code, with its epoch checks. `perf record -e cpu-clock --user-callchains`; only samples in the ' +
              'guest’s own functions count, since `perf` doesn’t tell who called the host.',
          ],
        },
        ...tables,
      ],
    };
  },
};

function hottest(
  language: string,
  perf: Counts,
  names: ReadonlyMap<number, string>,
  [signal, perfOfEpochs, epoch]: readonly [Counts, Counts, Counts] | Counts[],
): Table {
  const hot = [...perf.byFunction].sort((a, b) => b[1] - a[1]).slice(0, 10);
  return {
    title: `The ten hottest functions of the guest in ${language}`,
    columns: ['function', '`perf`', 'signals', '`perf`, with epoch checks', 'epochs'],
    rows: hot.map(([key]) => {
      const all = [perf, signal as Counts, perfOfEpochs as Counts, epoch as Counts];
      return [names.get(key) ?? '', ...all.map((counts) => percent(share(counts, key), 1))];
    }),
  };
}
