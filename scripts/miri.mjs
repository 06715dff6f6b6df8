// Runs under Miri what of the crates runs without native code: what threads and handlers share in the sampler, its records,
// what it reads of instructions; names and places of symbols; Go's stacks. Some ten minutes.
//
//   rustup toolchain install nightly --component miri
//   npm run test:miri                  with RUSTUP_TOOLCHAIN=… another toolchain that has it
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Of the sampler's own tests; the others compile guests. */
const SAMPLER = [
  'own_time',
  'joined',
  'leaf_',
  'published',
  'ring::',
  'source::tests',
  'stream::tests',
];

const RUNS = [
  ['-p', 'wasmtime-guest-go'],
  ['-p', 'wasmtime-guest-symbols', '--features', 'debug-info', '--lib'],
  ['-p', 'wasmtime-guest-sampler', '--lib', '--', ...SAMPLER, '--skip', 'functions_are_checked'],
  ['-p', 'wasmtime-guest-sampler', '--test', 'records'],
];

const env = {
  RUSTUP_TOOLCHAIN: 'nightly',
  // Few: each takes a thousand times as long.
  PROPTEST_CASES: '8',
  ...process.env,
  // Proptest reads files. Addresses become pointers where Wasmtime's words say what lies where.
  MIRIFLAGS: '-Zmiri-disable-isolation -Zmiri-permissive-provenance',
};

const found = spawnSync('cargo', ['miri', '--version'], { env, encoding: 'utf8' });
if (found.status !== 0) {
  console.error(found.stderr || String(found.error));
  console.error(
    'Miri is a component of nightly Rust: rustup toolchain install nightly --component miri',
  );
  process.exit(1);
}
for (const run of RUNS) {
  console.log(`== cargo miri test ${run.join(' ')}`);
  const { status } = spawnSync('cargo', ['miri', 'test', '--locked', ...run], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}
