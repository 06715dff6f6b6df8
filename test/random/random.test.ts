// The random test of the API, in processes of their own: a crash fails one of them.
//
//   RANDOM_RUNS=100000 RANDOM_SEED=7 npx vitest run test/random    hours, and other moves
import { expect, it } from 'vitest';
import { runChild } from '../support/child-process.js';

/** Random moves that are made with one process. */
const RUNS_OF_A_CHILD = 250;
const runs = Number(process.env['RANDOM_RUNS'] ?? 500);
const firstSeed = Number(process.env['RANDOM_SEED'] ?? 1);

interface Counted {
  runs: number;
  calls: number;
  refusals: number;
  samples: number;
  walks: number;
  different: number;
  /** All that there are. */
  functions: string[];
  called: string[];
  succeeded: string[];
}

it('any calls, in any order, with any arguments', { timeout: 24 * 3_600_000 }, async () => {
  const total = { runs: 0, calls: 0, refusals: 0, samples: 0, walks: 0 };
  const called = new Set<string>();
  const succeeded = new Set<string>();
  let functions: string[] = [];
  for (let seed = firstSeed; total.runs < runs; seed++) {
    const counted = await runChild<Counted>('test/random/child.ts', [seed, RUNS_OF_A_CHILD]);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counted[key];
    for (const name of counted.called) called.add(name);
    for (const name of counted.succeeded) succeeded.add(name);
    functions = counted.functions;
    expect(counted.different).toBe(0);
  }
  console.log(
    `random: ${total.runs} runs, ${total.calls} calls of ${called.size} of ${functions.length} functions, ` +
      `${total.refusals} refused, and ${succeeded.size} functions did what they do; ${total.samples} samples, ${total.walks} walks equal Wasmtime's`,
  );
  expect(functions.length).toBeGreaterThan(200);
  expect(functions.filter((name) => !called.has(name))).toEqual([]);
  // Few are asked only for what they must refuse.
  expect(succeeded.size).toBeGreaterThan(functions.length * 0.95);
  expect(total.refusals).toBeGreaterThan(total.calls / 10);
  expect(total.calls - total.refusals).toBeGreaterThan(total.calls / 10);
  expect(total.walks).toBeGreaterThan(0);
});
