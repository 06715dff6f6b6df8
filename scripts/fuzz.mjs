// Fuzzes the parsers of crate/symbols, each for so many seconds, from the guests of the tests on. Needs `cargo install
// cargo-fuzz`. What it finds lies in crate/symbols/fuzz/artifacts/: once mended, it goes to
// crate/symbols/tests/found/, which `npm run test:rust` reads.
//
//   node scripts/fuzz.mjs [seconds of each, 60] [target …]
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Largest guest to begin with, in bytes: a small one is tried more often. */
const LARGEST = 60_000;
/** In MiB, and in seconds for one input: more is a finding. */
const LIMITS = ['-rss_limit_mb=2048', '-timeout=20'];

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const symbols = path.join(root, 'crate', 'symbols');
const seeds = path.join(symbols, 'fuzz', 'corpus', 'guests');
const [seconds = '60', ...chosen] = process.argv.slice(2);
const known = readdirSync(path.join(symbols, 'fuzz', 'fuzz_targets')).map((file) =>
  path.basename(file, '.rs'),
);
const targets = chosen.length > 0 ? chosen : known;

mkdirSync(seeds, { recursive: true });
const guests = path.join(root, 'test', 'guests');
for (const file of readdirSync(guests, { recursive: true })) {
  const from = path.join(guests, file);
  if (file.endsWith('.wasm') && statSync(from).size <= LARGEST) {
    copyFileSync(from, path.join(seeds, file.replaceAll(path.sep, '-')));
  }
}

// What is read is safe Rust: panics, and checks of arithmetic, find what AddressSanitizer would, in a third of the time and
// with a stable Rust.
const common = ['--fuzz-dir', 'fuzz', '--sanitizer', 'none', '--release', '--debug-assertions'];
execFileSync('cargo', ['fuzz', 'build', ...common], { cwd: symbols, stdio: 'inherit' });
let failed = false;
for (const target of targets) {
  const corpus = path.join('fuzz', 'corpus', target);
  mkdirSync(path.join(symbols, corpus), { recursive: true });
  const { status } = spawnSync(
    'cargo',
    [
      ...['fuzz', 'run', ...common, target, corpus, seeds],
      ...['--', `-max_total_time=${seconds}`, ...LIMITS, '-print_final_stats=1'],
    ],
    { cwd: symbols, stdio: 'inherit' },
  );
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
