// One process of the random test of the API: `child.ts SEED RUNS TRACE`. The file TRACE has the calls of the
// run under way, each before it is made, so that a crash can be understood; at the end it prints what it
// counted.
import { ftruncateSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import * as lib from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { Choices } from './choices.js';
import { ENGINES, writeFiles } from './guests.js';
import { readSurface } from './surface.js';
import { World } from './world.js';

const [seed = '1', runs = '100', trace] = process.argv.slice(2);
const traceFile = trace === undefined ? undefined : openSync(trace, 'a');
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.chdir(mkdtempSync(join(tmpdir(), 'random-')));

// Summaries of benches go there.
const print = console.log;
console.log = () => {};

const surface = readSurface();
writeFiles();
const counted = { runs: 0, calls: 0, refusals: 0, profiles: 0, samples: 0, walks: 0, different: 0 };
const called = new Set<string>();
const succeeded = new Set<string>();

/** Another store's guest works, whatever was done to the others. */
const canary = makeCanary();

function makeCanary(): () => void {
  const [engine] = ENGINES as [lib.Engine];
  const store = new lib.Store(engine);
  store.setEpochDeadline(2 ** 40);
  const module = lib.Module.compile(
    engine,
    '(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))',
  );
  const func = new lib.Linker(engine).instantiate(store, module).getFunc(store, 'f');
  return () => {
    if (func.call(store, 41) !== 42) throw new Error('the canary is dead');
  };
}

const moves = fc.array(fc.array(fc.nat(), { minLength: 4, maxLength: 40, size: 'max' }), {
  minLength: 20,
  maxLength: 60,
  size: 'max',
});

/** Collects what breaks the rules, instead of ending at the first. */
const survey = process.env['RANDOM_SURVEY'] !== undefined;
const found = new Map<string, number>();

function note(failure: Error | undefined): void {
  const cause = failure?.cause as Error | undefined;
  if (failure === undefined) return;
  const place = /dist\/[^)]*/.exec(cause?.stack ?? '')?.[0] ?? '';
  const key = `${failure.message.split('\n')[0]} (${place})`;
  found.set(key, (found.get(key) ?? 0) + 1);
}

let report: string[] = [];
await fc.assert(
  fc.asyncProperty(
    fc.nat(),
    fc.array(fc.nat(), { maxLength: 60, size: 'max' }),
    moves,
    async (first, setup, moves) => {
      if (traceFile !== undefined) ftruncateSync(traceFile);
      native.checkWalks(true);
      const engine = ENGINES[first % ENGINES.length] as lib.Engine;
      report = [];
      const say = (line: string) => {
        report.push(line);
        if (traceFile !== undefined) writeSync(traceFile, `${line}\n`);
      };
      const world = new World(surface, engine, new Choices(setup), collect, say);
      for (const numbers of moves) {
        world.move(new Choices(numbers));
        if (world.failure && !survey) throw world.failure;
      }
      const profiles = await world.end();
      if (counted.runs % 20 === 19) collect();
      world.checkDisposed();
      if (survey) note(world.failure);
      else if (world.failure) throw world.failure;
      for (const profile of profiles) {
        const json = JSON.parse(Buffer.from(await profile.write()).toString());
        // A clock of the user's may say any time that is finite.
        if (Number.isFinite(json.meta.startTime)) json.meta.startTime = Date.now();
        assertProfileIntegrity(json);
        counted.samples += json.threads[0].samples.length;
        counted.profiles++;
      }
      const { walks, different, difference } = native.walkChecks();
      if (different > 0) throw new Error(`a walk differs from Wasmtime's: ${difference}`);
      canary();
      counted.runs++;
      counted.calls += world.calls;
      counted.refusals += world.refusals;
      counted.walks += walks;
      for (const name of world.called) called.add(name);
      for (const name of world.succeeded) succeeded.add(name);
    },
  ),
  {
    seed: Number(seed),
    numRuns: Number(runs),
    endOnFailure: process.env['RANDOM_SHRINK'] === undefined,
    reporter: (details) => {
      if (!details.failed) return;
      const error = details.errorInstance as Error | null;
      console.error(report.join('\n'));
      console.error(
        `seed ${details.seed}, path ${details.counterexamplePath}, run ${details.numRuns}`,
      );
      console.error(error?.stack, error?.cause);
      process.exit(1);
    },
  },
);
const functions = surface.map(({ name }) => name);
print(JSON.stringify({ ...counted, functions, called: [...called], succeeded: [...succeeded] }));
for (const [key, count] of [...found].sort(([, a], [, b]) => b - a)) print(count, key);
// Timers and calls that still wait are of no interest.
process.exit(0);
