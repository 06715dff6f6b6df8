// Random modules, in processes of their own.
//
//   SMITH_MODULES=10000 SMITH_SEED=5000 npx vitest run test/hostile/smith.test.ts    many, and others
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { HAS_SIGNALS } from '../profiler/signals-support.js';
import { countInChildren } from '../support/child-process.js';

const modules = Number(process.env['SMITH_MODULES'] ?? 300);
/** Instructions of each that are stepped through, at most. */
const steps = Number(process.env['SMITH_STEPS'] ?? 20_000);
const seeds = { first: Number(process.env['SMITH_SEED'] ?? 1), count: modules, ofAChild: 150 };

it('random modules: each sample equals upstream’s, each step’s walk is right', {
  timeout: 24 * 3_600_000,
}, async () => {
  const manifest = fileURLToPath(new URL('../smith/Cargo.toml', import.meta.url));
  execFileSync('cargo', ['build', '--release', '--locked', '--quiet', '--manifest-path', manifest]);
  const args = [HAS_SIGNALS ? steps : 0];
  const total = await countInChildren('test/hostile/smith-child.ts', seeds, args, ['deepest']);
  console.log(`smith: ${JSON.stringify(total)}`);
  const {
    refused = 0,
    samples = 0,
    traps = 0,
    stopped = 0,
    walks = 0,
    startups = 0,
    stepped = 0,
  } = total;
  expect(refused).toBeLessThan(modules / 4);
  expect(samples).toBeGreaterThan(modules * 10);
  expect(walks).toBeGreaterThan(samples);
  expect(startups).toBeGreaterThan(modules);
  if (HAS_SIGNALS) expect(stepped).toBeGreaterThan(modules * 10);
  expect(traps).toBeGreaterThan(0);
  expect(stopped).toBeGreaterThan(0);
});
