// Runs the tests of the crates, which need no Node, for the same machine and with the same features as the addon, so
// that what was compiled for it is used again.
//
//   node scripts/test-rust.mjs
//
// With RUST_JSON=FILE the numbers of tests are written there, under the names that Vitest's reports have.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const triple = /^host: (.*)$/m.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1];
const args = ['test', '--release', '--locked', '--target', triple, '--no-fail-fast'];
const { status, stdout, error } = spawnSync(
  'cargo',
  [
    ...args,
    ...['--workspace', '--exclude', 'wasmtime-guest-profiler-compiler'],
    ...['--features', 'wasmtime-guest-profiler/oracle'],
  ],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 },
);
if (error) throw error;
process.stdout.write(stdout);

const sum = (pattern) =>
  [...stdout.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
const report = {
  numPassedTests: sum(/^test result: .*?(\d+) passed/gm),
  numFailedTests: sum(/^test result: .*?(\d+) failed/gm),
  testResults: [],
};
if (process.env.RUST_JSON) writeFileSync(process.env.RUST_JSON, JSON.stringify(report));
// A run in which nothing was found is none.
process.exit(status === 0 && report.numPassedTests > 0 ? 0 : (status ?? 1) || 1);
