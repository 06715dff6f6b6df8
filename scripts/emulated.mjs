// What test-arm64.mjs and test-windows.mjs have in common: another machine's tests, by an emulator of it.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { countTests } from './rust-tests.mjs';

/** The package of the addon, and the crate that walks stacks. */
const ADDON = 'wasmtime-guest-profiler';
const SAMPLER = 'wasmtime-guest-sampler';

/**
 * Runs Cargo for another machine.
 *
 * @param {{ root: string, cargo: string, profile: string, target: string, env: NodeJS.ProcessEnv }} machine
 * @param {string[]} args
 */
function cargo({ root, cargo, profile, target, env }, command, ...args) {
  const { status, stdout, error } = spawnSync(
    cargo,
    [command, '--locked', '--profile', profile, '--target', target, ...args],
    {
      cwd: root,
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 28,
    },
  );
  if (error) throw error;
  return { isDone: status === 0, stdout };
}

const TESTS = ['test', '-p', SAMPLER, '--features', 'broken', '--lib', '--tests'];

/** Compiles the tests of the crate that walks stacks. */
function buildTests(machine) {
  return cargo(machine, ...TESTS, '--no-run').isDone;
}

/**
 * Runs them, with Wasmtime's own profiler beside them. Where `report` names a file, the numbers of tests are written there, under
 * the names that Vitest's reports have.
 */
export function runTests(machine, report) {
  const { isDone, stdout } = cargo(machine, ...TESTS, '--no-fail-fast', '--', '--nocapture');
  process.stdout.write(stdout);
  const counted = countTests(stdout);
  if (report) writeFileSync(report, JSON.stringify(counted));
  // A run in which nothing was found is none.
  return isDone && counted.numPassedTests > 0;
}

/**
 * Does what a script's first argument says: `--build` compiles the crate's tests, `--node` runs tests in JavaScript, nothing runs the
 * crate's tests. Ends the process.
 *
 * @param {{ testCrate(): boolean, testJavaScript(files: string[]): boolean }} tests
 */
export function runMode(machine, { testCrate, testJavaScript }) {
  const [mode, ...files] = process.argv.slice(2);
  const test = () => (mode === '--node' ? testJavaScript(files) : testCrate());
  process.exit((mode === '--build' ? buildTests(machine) : test()) ? 0 : 1);
}

/**
 * Builds the addon as the tests in JavaScript want it.
 *
 * @param {string} library the file that Cargo makes
 * @returns {string | undefined} the directory that it is in under its own name; undefined where it can't be built
 */
export function buildAddon(machine, library) {
  if (!cargo(machine, 'build', '-p', ADDON, '--features', 'oracle').isDone) return undefined;
  const { env, profile, target } = machine;
  const addon = path.join(env.CARGO_TARGET_DIR, 'addon');
  mkdirSync(addon, { recursive: true });
  copyFileSync(
    path.join(env.CARGO_TARGET_DIR, target, profile, library),
    path.join(addon, 'wasmtime_guest_profiler.node'),
  );
  return addon;
}

/** A package with the version that `name` has in the project: what that wants for another machine. */
export function sameVersion(root, own, name) {
  const file = path.join(root, 'node_modules', name, 'package.json');
  return `${own}@${JSON.parse(readFileSync(file, 'utf8')).version}`;
}

/**
 * Installs npm packages for another machine in a directory of their own, unless `file` is there from the last time.
 *
 * @param {string} directory
 * @param {string} file
 * @param {string[]} packages
 */
export function installFor(directory, file, packages) {
  if (existsSync(file)) return;
  mkdirSync(directory, { recursive: true });
  // A project of its own, so that npm leaves the one around it alone.
  writeFileSync(path.join(directory, 'package.json'), '{ "private": true }\n');
  execFileSync(
    'npm',
    ['install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', ...packages],
    { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] },
  );
}

/** Whether a Rust has a target's standard library. */
export function hasStandardLibrary(rustc, target) {
  const args = ['--print', 'target-libdir', '--target', target];
  const { stdout, status } = spawnSync(rustc, args, { encoding: 'utf8' });
  return status === 0 && existsSync(stdout.trim());
}

/**
 * Variables of a Rust that has the targets' standard library, or its sources; none where the installed one has it.
 *
 * @param {string} root
 * @param {string[]} targets
 */
export function standardLibrary(root, targets) {
  if (targets.every((target) => hasStandardLibrary('rustc', target))) return {};
  const lines = execFileSync(path.join(root, 'scripts', 'wasm-toolchain.sh'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [, compiler] = /^RUSTC=(.*)$/m.exec(lines) ?? [];
  if (compiler === undefined) {
    throw new Error(`Rust has no standard library: rustup target add ${targets.join(' ')}`);
  }
  return { RUSTC: compiler, RUSTC_BOOTSTRAP: '1', CARGO_UNSTABLE_BUILD_STD: 'std,panic_unwind' };
}
