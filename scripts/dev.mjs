// The inner loop: compiles lib/ whenever a file of it changes, and the addon, with what tests need, whenever Rust does.
// Ctrl-C ends it.
//
//   npm run dev
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
spawn(
  process.execPath,
  [tsc, '-p', 'tsconfig.build.json', '--watch', '--incremental', '--preserveWatchOutput'],
  { stdio: 'inherit' },
);

/** Files are often written several at once. */
const SETTLES_MS = 200;
let timer;
let isBuilding = false;
let isStale = false;
watch('crate', { recursive: true }, (_, file) => {
  if (!/\.(rs|toml)$/.test(file ?? '')) return;
  clearTimeout(timer);
  timer = setTimeout(build, SETTLES_MS);
});

function build() {
  isStale = isBuilding;
  if (isBuilding) return;
  isBuilding = true;
  const start = performance.now();
  // Only what changed is compiled again, which a release does not do.
  const env = { ...process.env, CARGO_INCREMENTAL: '1' };
  const builds = spawn(process.execPath, ['scripts/build-addon.mjs', '--oracle'], {
    stdio: 'inherit',
    env,
  });
  builds.on('exit', (status) => {
    isBuilding = false;
    console.log(
      `addon: ${status === 0 ? 'built' : 'failed'} in ${((performance.now() - start) / 1000).toFixed(0)} s`,
    );
    if (isStale) build();
  });
}
