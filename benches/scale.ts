import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GuestProfiler, type Module, type Store } from '../lib/index.js';
import { assertProfileIntegrity } from '../test/support/profile-integrity.js';
import { peakRssBytes } from './support/clock.js';
import { inFreshProcess } from './support/fresh-process.js';
import { DepthGuest, Program } from './support/guests.js';
import { scanJson } from './support/json-scan.js';
import { type Bench, digits, mebibytes, type Report, type Target } from './support/report.js';
import { atEachCheck, upstreamProfiler } from './support/upstream.js';

/** A recording of some size. Every epoch check is a sample. */
interface Case {
  readonly samples: number;
  /** `depth`: stacks of 5 to 95 frames, few different ones. `go`: 150,000 different ones and more. */
  readonly guest: 'depth' | 'go';
  readonly sampler: 'recorder' | 'upstream';
}

interface Recorded {
  readonly seconds: number;
  readonly heldBytes: number;
  readonly peakBytes: number;
  readonly finishSeconds: number;
  readonly peakAtEndBytes: number;
  readonly fileBytes: number;
}

interface Checked {
  readonly samples: number;
  /** How the file was found whole. */
  readonly how: string;
}

/** Texts that the Go guest counts, and its epoch checks a text, roughly. */
const CHECKS_PER_TEXT = 152_000;

export const scale: Bench = {
  name: 'scale',
  question: 'What do millions of samples need, in memory, time and file?',
  async run({ quick }) {
    const [few, many] = quick ? [50_000, 200_000] : [1e6, 1e7];
    const cases: Case[] = [
      { guest: 'depth', samples: few, sampler: 'recorder' },
      { guest: 'depth', samples: few, sampler: 'upstream' },
      { guest: 'depth', samples: many, sampler: 'recorder' },
      { guest: 'go', samples: few, sampler: 'recorder' },
      { guest: 'go', samples: few, sampler: 'upstream' },
      { guest: 'go', samples: many, sampler: 'recorder' },
      { guest: 'go', samples: many, sampler: 'upstream' },
    ];
    const rows: string[][] = [];
    const targets: Target[] = [];
    for (const each of quick ? cases.slice(0, 4) : cases) {
      const file = path.join(tmpdir(), `scale-${process.pid}.json`);
      try {
        const recorded = await inFreshProcess(import.meta.url, record, { ...each, file });
        const full = each.samples === few && each.sampler === 'recorder';
        const checked = await inFreshProcess(import.meta.url, check, { file, full });
        rows.push(row(each, recorded, checked));
        if (each.samples === many && each.sampler === 'recorder') {
          targets.push(...targetsOf(each, recorded, checked));
        }
      } finally {
        rmSync(file, { force: true });
      }
    }
    return report(rows, targets);
  },
};

/** Records and finishes, in a process of its own whose RSS it may tell. */
export async function record({ file, ...each }: Case & { file: string }): Promise<Recorded> {
  const guest = each.guest === 'depth' ? deep(each.samples) : pipeline(each.samples);
  const heldBefore = process.memoryUsage().arrayBuffers;
  const start = performance.now();
  const finish = each.sampler === 'recorder' ? recorder() : upstream();
  const seconds = (performance.now() - start) / 1000;
  const heldBytes = process.memoryUsage().arrayBuffers - heldBefore;
  const peakBytes = peakRssBytes();
  const finishStart = performance.now();
  await finish();
  return {
    seconds,
    heldBytes,
    peakBytes,
    finishSeconds: (performance.now() - finishStart) / 1000,
    peakAtEndBytes: peakRssBytes(),
    fileBytes: statSync(file).size,
  };

  function recorder() {
    const profiler = new GuestProfiler('guest', 1, [['guest', guest.module]]);
    guest.run((store) => {
      profiler.attach(store, { sampler: 'epoch', intervalMs: 1000 });
      atEachCheck(store, 'nothing');
    });
    return () => profiler.finish(file);
  }

  function upstream() {
    const profiler = upstreamProfiler('guest', guest.module);
    guest.run((store) => atEachCheck(store, profiler));
    return () => writeFileSync(file, profiler.finish());
  }
}

interface Guest {
  readonly module: Module;
  run(prepare: (store: Store) => void): void;
}

function deep(samples: number): Guest {
  const guest = new DepthGuest(95);
  return {
    module: guest.module,
    run(prepare) {
      const { store, run } = guest.start();
      prepare(store);
      const turns = 1000;
      for (let taken = 0, call = 0; taken < samples; call++) {
        // 37 is coprime to 91: all depths, in no order.
        const depth = 5 + ((call * 37) % 91);
        run(depth, turns);
        taken += depth + turns;
      }
    },
  };
}

function pipeline(samples: number): Guest {
  const program = new Program('go/pipeline.wasm');
  const texts = Math.max(1, Math.ceil(samples / CHECKS_PER_TEXT));
  return { module: program.module, run: (prepare) => program.run(String(texts), prepare) };
}

/** Whether the file is whole; by the tests' own checks of every index of every table, if `full`. */
export async function check({ file, full }: { file: string; full: boolean }): Promise<Checked> {
  const { whole, longest } = await scanJson(file);
  if (!whole) throw new Error(`${file} is not whole`);
  if (!full) return { samples: longest, how: 'JSON closed' };
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  assertProfileIntegrity(profile);
  return { samples: profile.threads[0].samples.length, how: 'every index checked' };
}

function row({ guest, sampler }: Case, recorded: Recorded, checked: Checked): string[] {
  const name = guest === 'depth' ? 'depth.wat, 5 to 95 frames' : 'go/pipeline.wasm';
  return [
    `${name}, ${sampler}`,
    checked.samples.toLocaleString('en-US'),
    `${digits(recorded.seconds)} s`,
    sampler === 'recorder' ? digits(recorded.heldBytes / checked.samples) : '–',
    mebibytes(recorded.peakBytes),
    `${digits(recorded.finishSeconds)} s`,
    mebibytes(recorded.peakAtEndBytes),
    mebibytes(recorded.fileBytes),
    checked.how,
  ];
}

function report(rows: string[][], targets: Target[]): Report {
  return {
    tables: [
      {
        title: 'Recordings of millions of samples',
        columns: [
          'guest and sampler',
          'samples',
          'recorded in',
          'bytes held a sample',
          'peak RSS so far',
          'finished in',
          'peak RSS in all',
          'file',
          'file is whole',
        ],
        rows,
        notes: [
          'One process each. Bytes held: growth of all typed arrays while recording, the stack table among them. RSS is that of the whole process, Node, Wasmtime and the compiled guest included.',
        ],
      },
    ],
    targets,
  };
}

function targetsOf({ guest }: Case, recorded: Recorded, { samples }: Checked): Target[] {
  const what = `${(samples / 1e6).toFixed(1)} M samples (${guest})`;
  const held = recorded.heldBytes / samples;
  return [
    {
      promise: `${what}: finish under 1 GiB of RSS, file whole`,
      measured: mebibytes(recorded.peakAtEndBytes),
      holds: recorded.peakAtEndBytes < 2 ** 30,
    },
    {
      promise: `${what}: at most 24 bytes a sample and the stack table`,
      measured: `${digits(held)}, the stack table included`,
      holds: held <= 24,
    },
  ];
}
