import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Engine, FinishedProfile, GuestProfiler, Linker, Module, Store } from '../lib/index.js';
import { inFreshProcess } from './support/fresh-process.js';
import { buildLargeModule, forgetPeak, peakBytes } from './support/large-module.js';
import { type Bench, digits, mebibytes, type Report, type Target } from './support/report.js';

/** Of the functions, how many are there for one that is sampled. */
const STEP = 5;

type Way =
  | 'lines'
  | 'lines, precompiled'
  | 'names'
  | 'never sampled'
  | 'not listed'
  | 'without DWARF';

interface Cell {
  readonly file: string;
  readonly way: Way;
}

interface Measured {
  readonly addresses: number;
  readonly frames: number;
  readonly framesWithLine: number;
  /** Of all samples together, and what of the guest is between them. */
  readonly runMs: number;
  readonly finishMs: number;
  /** Beyond what the process had before the profile ended. */
  readonly growthBytes: number;
  readonly peakBytes: number;
}

export const symbolication: Bench = {
  name: 'symbolication',
  question: 'What do names, inline frames and lines of a large module cost?',
  async run({ quick }): Promise<Report> {
    const directory = mkdtempSync(path.join(tmpdir(), 'symbolication-'));
    try {
      const functions = quick ? 500 : 50_000;
      const { file, stripped } = await buildLargeModule(directory, functions);
      await inFreshProcess(import.meta.url, precompile, { file });
      const cells: Cell[] = [
        { file, way: 'lines' },
        { file, way: 'lines, precompiled' },
        { file, way: 'names' },
        { file, way: 'never sampled' },
        { file, way: 'not listed' },
        { file: stripped, way: 'without DWARF' },
      ];
      const measured = new Map<Way, Measured>();
      for (const cell of cells) {
        measured.set(cell.way, await inFreshProcess(import.meta.url, profileOf, cell));
      }
      const bytes = statSync(file).size;
      return {
        tables: [
          {
            title: `${functions.toLocaleString('en-US')} functions, ${mebibytes(bytes)} with DWARF`,
            columns: [
              'profile',
              'unique addresses',
              'frames',
              'with a line',
              'the guest’s run, ms',
              'end of the profile, ms',
              'memory more',
              'peak of the process',
            ],
            rows: [...measured].map(([way, cell]) => [
              way,
              cell.addresses.toLocaleString('en-US'),
              cell.frames.toLocaleString('en-US'),
              cell.framesWithLine.toLocaleString('en-US'),
              digits(cell.runMs),
              digits(cell.finishMs),
              mebibytes(cell.growthBytes),
              mebibytes(cell.peakBytes),
            ]),
            notes: [
              'A process for each row. Each sampled function asks for one sample, in a function that was inlined into it. ‘Names’ is `lines: false`; ‘never sampled’ lists the module in a profile of no sample, ‘not listed’ doesn’t list it either. ' +
                'The end of the profile is `finishProfile()`; memory more is its peak (VmHWM) above what the process had resident before. What the compiler has freed by then may be used again; ' +
                'a precompiled module needs no compiler, and its binary is read, and checked to be the module’s, at the end.',
            ],
          },
        ],
        targets: targets(bytes, measured),
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

function targets(bytes: number, measured: ReadonlyMap<Way, Measured>): Target[] {
  const lines = measured.get('lines') as Measured;
  const { peakBytes } = measured.get('lines, precompiled') as Measured;
  const finishMs = (way: Way) => (measured.get(way) as Measured).finishMs;
  const neverMs = Math.max(0, finishMs('never sampled') - finishMs('not listed'));
  return [
    {
      promise: 'at least 20 MB and 10,000 unique addresses, each with a line',
      measured: `${mebibytes(bytes)}, ${lines.addresses}`,
      holds: bytes >= 20e6 && lines.addresses >= 10_000 && lines.framesWithLine > lines.addresses,
    },
    {
      promise: 'in less than 2 s',
      measured: `${digits(lines.finishMs / 1000)} s`,
      holds: lines.finishMs < 2000,
    },
    {
      promise: 'in less than 500 MB, the whole process',
      measured: mebibytes(peakBytes),
      holds: peakBytes < 500e6,
    },
    {
      promise:
        'next to nothing for a module that is never sampled: less than 1 ms more than without it',
      measured: `${digits(neverMs)} ms`,
      holds: neverMs < 1,
    },
  ];
}

export function precompile({ file }: { file: string }): void {
  writeFileSync(`${file}.compiled`, new Engine().precompileModule(readFileSync(file)));
}

export function profileOf({ file, way }: Cell): Measured {
  const engine = new Engine();
  const isCompiled = way === 'lines, precompiled';
  const module = isCompiled
    ? Module.deserializeFile(engine, `${file}.compiled`)
    : Module.compile(engine, readFileSync(file));
  const store = new Store(engine);
  const symbols = isCompiled ? { wasm: file } : {};
  const options = { lines: way !== 'names' };
  const profiler = new GuestProfiler(
    'large',
    1,
    way === 'not listed' ? [] : [['large', module, symbols]],
    options,
  );
  const linker = new Linker(engine);
  linker.funcWrap('env', 'sample', { params: [], results: [] }, () => {
    if (way !== 'never sampled' && way !== 'not listed') profiler.sample(store, 0);
  });
  const run = linker.instantiate(store, module).getTypedFunc(store, 'run', {
    params: ['i32'],
    results: ['i32'],
  });
  const begun = performance.now();
  run.call(store, STEP);
  const runMs = performance.now() - begun;
  const before = process.memoryUsage.rss();
  forgetPeak();
  const start = performance.now();
  const finished = profiler.finishProfile();
  const finishMs = performance.now() - start;
  const peak = peakBytes();
  if (profiler.warnings.length > 0) throw new Error(profiler.warnings.join('; '));
  const { frames } = FinishedProfile.model(finished);
  return {
    addresses: new Set(frames.address.view()).size,
    frames: frames.length,
    framesWithLine: frames.line.view().filter((line) => line > 0).length,
    runMs,
    finishMs,
    growthBytes: peak - before,
    peakBytes: peak,
  };
}
