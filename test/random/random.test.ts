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
  operations: number;
  reached: string[];
}

it('any calls, in any order, with any arguments', { timeout: 24 * 3_600_000 }, async () => {
  const total = { runs: 0, calls: 0, refusals: 0, samples: 0, walks: 0 };
  const reached = new Set<string>();
  let operations = 0;
  for (let seed = firstSeed; total.runs < runs; seed++) {
    const counted = await runChild<Counted>('test/random/child.ts', [seed, RUNS_OF_A_CHILD]);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counted[key];
    for (const name of counted.reached) reached.add(name);
    operations = counted.operations;
    expect(counted.different).toBe(0);
  }
  console.log(
    `random: ${total.runs} runs, ${total.calls} calls of ${reached.size} of ${operations} functions, ` +
      `${total.refusals} refused; ${total.samples} samples, ${total.walks} walks equal Wasmtime's`,
  );
  expect(reached.size / operations).toBeGreaterThan(0.75);
  expect(total.refusals).toBeGreaterThan(total.calls / 10);
  expect(total.calls - total.refusals).toBeGreaterThan(total.calls / 10);
  expect(total.walks).toBeGreaterThan(0);
});
