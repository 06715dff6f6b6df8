// How often a comparison is wrong about equal programs, and how often it finds a function that became 5 % slower:
//
//   npm run build:test && node --import ./benches/support/typescript.mjs benches/comparisons.ts
//
// takes an hour and more for 200 equal pairs and 30 planted changes; --equal and --planted say how many comparisons of each
// kind, --guest of which guest alone, --load how many processes run besides, and --save FILE keeps what was measured, a
// line of JSON for each comparison.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { seededRandom } from '../lib/cli/seeded-random.js';
import {
  Engine,
  GuestProfiler,
  Linker,
  Module,
  Store,
  WasiConfig,
  WasiExit,
} from '../lib/index.js';
import { diffProfiles, type ProfileDiff } from '../lib/profile/diff.js';
import { matchFunctions } from '../lib/profile/match-functions.js';
import { mergeRuns } from '../lib/profile/merge.js';
import type { Profile } from '../lib/profile/profile.js';
import { weighRuns } from '../lib/profile/run-weights.js';
import { runsOf } from '../lib/profile/runs.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import { guestFile } from './support/guests.js';
import { circumstances } from './support/machine.js';
import { withDelay } from './support/planted.js';
import { markdown } from './support/report.js';

/** Runs of each side of a comparison. */
const RUNS = 10;
/** Milliseconds between samples. */
const INTERVAL_MS = 0.1;
/** What the function that is to be slower then takes more. */
const PLANTED = 0.05;

interface Subject {
  readonly guest: string;
  /** For some 60 ms, and for some 800 ms. */
  readonly short: string;
  readonly long: string;
  /** The function that is to become slower, as the binary has it, and how it is shown. */
  readonly name: string;
  readonly shown: string;
  /** What each call of it counts down before it does its work. */
  readonly rounds: number;
}

const SUBJECTS: readonly Subject[] = [
  {
    ...{ guest: 'c/parser-names.wasm', short: '7', long: '40' },
    ...{ name: 'tree_insert', shown: 'tree_insert', rounds: 110 },
  },
  {
    ...{ guest: 'cpp/raytracer.wasm', short: '256', long: '1024' },
    name: '_ZNK5scene3Box5meetsERKN8geometry3RayEd',
    ...{ shown: 'scene::Box::meets(geometry::Ray const&, double) const', rounds: 20 },
  },
  {
    ...{ guest: 'go/pipeline.wasm', short: '60', long: '300' },
    ...{ name: 'main.__node_.insert', shown: 'main.(*node).insert', rounds: 460 },
  },
];

/** As `compare` has them. */
const SLICE_MS = 3;
const engine = new Engine({ epochInterruption: true });
const linker = new Linker(engine).addWasi();

/** A run's profile; another run may have its turn at each tick. */
async function record(module: Module, argument: string, seed: number): Promise<Profile> {
  using store = new Store(engine);
  const random = seededRandom(seed);
  store.setWasi(new WasiConfig({ args: ['guest', argument], stdout: 'null', random }));
  const profiler = new GuestProfiler('guest', INTERVAL_MS, [['guest', module]]);
  profiler.attach(store, { sampler: 'signal' });
  store.setEpochDeadline(1);
  store.epochDeadlineAsyncYieldAndUpdate(1);
  try {
    const instance = await linker.instantiateAsync(store, module);
    await instance.getFunc(store, '_start').callAsync(store);
  } catch (error) {
    if (!(error instanceof WasiExit && error.exitCode === 0)) throw error;
  }
  return GuestProfiler.end(profiler);
}

/** Of the random numbers that both runs of a pair have. */
let lastSeed = 0;

/** Pairs of runs at the same time, after one that doesn't count. */
async function compared(before: Module, after: Module, argument: string, runs: number) {
  const profiles: [Profile[], Profile[]] = [[], []];
  using _ticker = engine.startEpochTicker(SLICE_MS);
  for (let round = -1; round < runs; round++) {
    const isTurned = round % 2 === 0;
    const seed = ++lastSeed;
    const modules = isTurned ? [after, before] : [before, after];
    const pair = await Promise.all(modules.map((module) => record(module, argument, seed)));
    if (isTurned) pair.reverse();
    if (round < 0) continue;
    for (const [side, profile] of pair.entries()) profiles[side]?.push(profile);
  }
  const [old, recent] = profiles.map((runs) => {
    const profile = mergeRuns(runs);
    return { profile, threads: profile.threads };
  });
  if (old === undefined || recent === undefined) throw new Error('expected two sides');
  return { old, recent };
}

type Compared = Awaited<ReturnType<typeof compared>>;

/** What each function weighed in each run. */
function rowsOf({ old, recent }: Compared, weight: Weight) {
  const matched = matchFunctions(old.profile, recent.profile);
  const sides = (
    [
      [old, 'before'],
      [recent, 'after'],
    ] as const
  ).map(([{ profile, threads }, side]) => {
    const weights = weighRuns(profile, runsOf(profile, threads), matched, side, weight);
    return { side, self: weights.self };
  });
  return matched.map(({ before: [was], after: [is] }, row) => ({
    name:
      is !== undefined
        ? recent.profile.strings.get(recent.profile.funcs.name.get(is))
        : old.profile.strings.get(old.profile.funcs.name.get(was ?? 0)),
    ...Object.fromEntries(sides.map(({ side, self }) => [side, [...(self[row] ?? [])]])),
  }));
}

/** The binary whose function does what it did, and that whose function takes {@link PLANTED} more. */
async function planted({ guest, name, shown, rounds, long }: Subject) {
  const wasm = readFileSync(guestFile(guest));
  const compile = (rounds: number) => Module.compile(engine, withDelay(wasm, name, rounds));
  const [once, twice] = [compile(rounds), compile(2 * rounds)];
  // Beside all else, which is the same in both.
  const [before, after] = beside(await compared(once, twice, long, 6), shown);
  const more = Math.max(1, Math.round((PLANTED * before * rounds) / (after - before)));
  const expected = (more * (after - before)) / rounds / before;
  console.error(
    `${guest}: ${rounds} and ${rounds + more} rounds, ${(100 * expected).toFixed(2)}% more`,
  );
  return { before: once, after: compile(rounds + more), expected };
}

function beside({ old, recent }: Compared, shown: string): [number, number] {
  const diff = diffProfiles(old, recent, 'samples');
  const sum = (side: 'before' | 'after') => {
    const own = diff.functions.find(({ name }) => name === shown)?.self[side] ?? 0;
    return own / (diff.functions.reduce((sum, { self }) => sum + self[side], 0) - own);
  };
  return [sum('before'), sum('after')];
}

const { values } = parseArgs({
  options: {
    equal: { type: 'string', default: '200' },
    planted: { type: 'string', default: '30' },
    save: { type: 'string' },
    load: { type: 'string', default: '0' },
    guest: { type: 'string', default: '' },
  },
});

const subjects = SUBJECTS.filter(({ guest }) => guest.includes(values.guest));
if (subjects.length === 0) throw new Error(`no guest is called ${values.guest}`);

/** Names of functions that a comparison calls significant. */
function significant(diff: ProfileDiff): string[] {
  return diff.functions
    .filter(({ self }) => self.verdict === 'significant')
    .map(({ name }) => name);
}

function save(kind: string, guest: string, pair: Compared, told: unknown): void {
  if (values.save === undefined) return;
  const weights = { cpu: rowsOf(pair, 'cpu'), samples: rowsOf(pair, 'samples') };
  appendFileSync(values.save, `${JSON.stringify({ kind, guest, told, ...weights })}\n`);
}

async function measured(): Promise<void> {
  const rows: string[][] = [];
  const started = circumstances();
  for (const subject of subjects) {
    const { guest, short, long, shown } = subject;
    const equal = Math.round(Number(values.equal) / subjects.length);
    const module = Module.fromFile(engine, guestFile(guest));
    let wrong = 0;
    for (let i = 0; i < equal; i++) {
      const pair = await compared(module, module, short, RUNS);
      const diff = diffProfiles(pair.old, pair.recent, 'cpu');
      const told = significant(diff);
      if (told.length > 0 || diff.whole.verdict === 'significant') wrong++;
      save('equal', guest, pair, told);
      console.error(`${guest} equal ${i + 1}: ${wrong} wrong`);
    }
    const count = Math.round(Number(values.planted) / subjects.length);
    const { before, after, expected } =
      count > 0 ? await planted(subject) : { before: module, after: module, expected: 0 };
    let found = 0;
    let others = 0;
    for (let i = 0; i < count; i++) {
      const pair = await compared(before, after, long, RUNS);
      const told = significant(diffProfiles(pair.old, pair.recent, 'cpu'));
      if (told.includes(shown)) found++;
      if (told.some((name) => name !== shown)) others++;
      save('planted', guest, pair, { told, expected, shown });
      console.error(`${guest} planted ${i + 1}: ${found} found, ${others} with others`);
    }
    rows.push([
      guest,
      `${wrong} of ${equal}`,
      `${found} of ${count}`,
      `${others}`,
      `${(100 * expected).toFixed(1)}%`,
    ]);
  }
  console.log(
    markdown({
      title: `Comparisons of ${RUNS} pairs of runs`,
      columns: [
        'guest',
        'equal, called different',
        'planted, found',
        'others called different',
        'planted',
      ],
      rows,
      notes: [started],
    }),
  );
}

/** Processes that compute, so that the machine is busy. */
const load: ChildProcess[] = Array.from({ length: Number(values.load) }, () =>
  spawn(process.execPath, [
    '-e',
    'for (;;) JSON.parse(JSON.stringify(Array(5000).fill({ a: [1, 2] })))',
  ]),
);
try {
  await measured();
} finally {
  for (const child of load) child.kill('SIGKILL');
}
