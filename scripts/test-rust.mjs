// Runs the tests of the crates, which need no Node, for the same machine and with the same features as the addon, so
// that what was compiled for it is used again; and what threads share in the sampler, in all orders (`crate/sampler/loom`).
//
//   node scripts/test-rust.mjs
//
// With RUST_JSON=FILE the numbers of tests are written there, under the names that Vitest's reports have.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { countTests, randomModules } from './rust-tests.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const env = { ...process.env, ...randomModules(root) };
const triple = /^host: (.*)$/m.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1];

/** What cargo printed, and whether all passed. */
function test(...args) {
  const { status, stdout, error } = spawnSync(
    'cargo',
    ['test', '--release', '--locked', '--no-fail-fast', ...args],
    { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 },
  );
  if (error) throw error;
  process.stdout.write(stdout);
  return { isPassed: status === 0, stdout };
}

const runs = [
  test(
    ...['--target', triple, '--workspace', '--exclude', 'wasmtime-guest-profiler-compiler'],
    ...['--features', 'wasmtime-guest-profiler/oracle'],
  ),
  test('--manifest-path', 'crate/sampler/loom/Cargo.toml'),
];
const stdout = runs.map((run) => run.stdout).join('');

const report = countTests(stdout);
if (process.env.RUST_JSON) writeFileSync(process.env.RUST_JSON, JSON.stringify(report));
// A run in which nothing was found is none.
process.exit(runs.every(({ isPassed }) => isPassed) && report.numPassedTests > 0 ? 0 : 1);
