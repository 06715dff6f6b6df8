// Packs the package and installs it into empty projects, as a stranger would: without the package for this platform, which
// builds from source, and with it; then uses it, with this Node and with those that are named.
//
//   node scripts/install-test.mjs [--prebuilt-only] [NODE…]
//
// With --prebuilt-only the package in npm/ is used (scripts/prebuild.mjs), and nothing is built.
// CARGO_TARGET_DIR, when it is set, spares the compilation of what it holds.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkMainFiles, npm, packIn } from './packed.mjs';
import { makePackage, platformName } from './prebuild.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(path.join(tmpdir(), 'install-test-'));
const args = process.argv.slice(2);
const isPrebuilt = args.includes('--prebuilt-only');
const others = args.filter((arg) => !arg.startsWith('--')).map((node) => path.resolve(node));
const nodes = [process.execPath, ...others];

/** What the README shows, and the command line. */
const USE = `
import { readFileSync } from 'node:fs';
import { Engine, GuestProfiler, Linker, Module, Store } from 'wasmtime-guest-profiler';
const engine = new Engine({ epochInterruption: true });
const module = Module.compile(engine, '(module (func (export "f") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))');
const store = new Store(engine);
store.setEpochDeadline(1);
const profiler = new GuestProfiler('installed', 1, [['installed', module]]);
profiler.attach(store, { everyEpoch: true });
const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
store.epochDeadlineCallback(() => { throw new Error('no deadline of ours'); });
store.setEpochDeadline(2 ** 40);
engine.incrementEpoch();
f.call(store, 1000);
await profiler.finish('profile.json');
const { threads } = JSON.parse(readFileSync('profile.json', 'utf8'));
if (threads[0].samples.length < 1) throw new Error('expected a sample');
console.log(process.version, threads[0].samples.length, 'sample');
`;

try {
  if (!isPrebuilt) buildFromSource();
  const tarballs = [pack(), packBinary()];
  const bytes = tarballs.reduce((sum, tarball) => sum + statSync(tarball).size, 0);
  console.log(`${(bytes / 1e6).toFixed(1)} MB to download`);
  const prebuilt = install('prebuilt', tarballs);
  if (existsSync(path.join(prebuilt, 'node_modules', 'wasmtime-guest-profiler', 'build'))) {
    throw new Error('expected the prebuilt binary to be used, got a build');
  }
  use('prebuilt', prebuilt);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Installs without a prebuilt binary; what that builds is the prebuilt one of what follows. */
function buildFromSource() {
  const source = install('source', [pack()]);
  const built = path.join(source, 'node_modules', 'wasmtime-guest-profiler', 'build', 'Release');
  if (!existsSync(built)) throw new Error('expected a build from source, got none');
  use('built from source', source);
  makePackage(path.join(built, 'wasmtime_guest_profiler.node'));
}

/** The tarball, which holds what users need and nothing else. */
function pack() {
  npm(root, 'run', 'build:lib');
  const { filename, files } = packIn(root, scratch);
  checkMainFiles(files);
  console.log(`packed ${files.length} files`);
  return path.join(scratch, filename);
}

/** The package for this platform. */
function packBinary() {
  const { filename } = packIn(path.join(root, 'npm', platformName()), scratch);
  return path.join(scratch, filename);
}

function install(name, tarballs) {
  const project = path.join(scratch, name);
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(path.join(project, 'use.mjs'), USE);
  const started = Date.now();
  const headers = path.join(path.dirname(path.dirname(process.execPath)), 'include', 'node');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--foreground-scripts', ...tarballs], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
    // node-gyp would fetch the headers of this Node, which is there.
    env: {
      ...process.env,
      ...(existsSync(headers) && { npm_config_nodedir: path.dirname(path.dirname(headers)) }),
    },
  });
  console.log(`installed ${name} in ${Math.round((Date.now() - started) / 1000)} s`);
  for (const tarball of tarballs) rmSync(tarball);
  return project;
}

function use(name, project) {
  for (const node of nodes) {
    const run = (...args) => execFileSync(node, args, { cwd: project, encoding: 'utf8' });
    const said = run('use.mjs').trim();
    const cli = path.join('node_modules', 'wasmtime-guest-profiler', 'dist', 'cli', 'main.cjs');
    const guest = path.join(root, 'test', 'guests', 'c', 'parser.wasm');
    run(cli, 'run', '--quiet', '-o', 'app.json', guest, '20');
    const top = run(cli, 'top', 'app.json');
    if (!top.includes('parse')) throw new Error(`expected the hottest functions, got ${top}`);
    console.log(`${name}: ${said}; run and top work`);
  }
  if (!readdirSync(project).includes('app.json')) throw new Error('expected a profile');
}
