// Runs the tests of what is native under AddressSanitizer, and shows that it sees: mistakes that are planted in
// this build of the addon must each be reported. Linux only; needs Rust, and the runtime that gcc or clang has
// (Debian: libasan8, or libclang-rt-*-dev).
//
//   npm run test:asan                      all; SMITH_MODULES and RANDOM_RUNS for more of those
//   npm run test:asan -- test/runtime      some
//   ASAN_RUNTIME=/path/to/libasan.so       another runtime
//
// The addon goes to target/asan, beside the one that other tests use.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = path.join(root, 'target', 'asan');
const addonRoot = path.join(target, 'addon');
const reports = path.join(target, 'reports');

const TESTS = [
  ...['test/oracle', 'test/runtime'],
  ...['faults', 'smith', 'stacks', 'endings', 'lists'].map(
    (name) => `test/hostile/${name}.test.ts`,
  ),
  ...[
    'recorder',
    'trap-markers',
    'async',
    'workers',
    'host-calls',
    'components',
    'live-profiler',
    'signal-sampler',
    'signal-guests',
    'signal-hazards',
    'joined-callers',
  ].map((name) => `test/profiler/${name}.test.ts`),
  ...['test/random', 'test/soak'],
];

const LEFT_OUT = [
  // Freed memory is kept for a while.
  ...['memory does not grow', 'leave memory level'],
  // Frames on the stack are larger.
  ...['a hundred levels', 're-enters the guest as deep as asked'],
  // A tick is counted a moment before the epoch moves: in so slow a process, one of 30,000 samples falls in between.
  'suspended after each sample go/pipeline',
  // The sanitizer takes terabytes of it for itself.
  'with little address space',
];

/** Each planted mistake, and the words for it in a report. */
const MISTAKES = {
  'heap-past-end': /heap-buffer-overflow.*READ of size 8/s,
  'use-after-free': /heap-use-after-free.*READ of size 8/s,
  'stack-past-end': /stack-buffer-overflow.*READ of size 8/s,
  'ring-past-end': /heap-buffer-overflow.*WRITE of size 1/s,
};

const OPTIONS = {
  // Node itself ends with what it doesn't free.
  detect_leaks: 0,
  // These signals are Wasmtime's, for traps, and V8's.
  ...{ use_sigaltstack: 0, handle_segv: 0, handle_sigbus: 0, handle_sigill: 0, handle_sigfpe: 0 },
  // The self-check takes the places of its variables for bounds of the stack.
  detect_stack_use_after_return: 0,
  // Tests ask for more memory than there is.
  allocator_may_return_null: 1,
  log_path: path.join(reports, 'report'),
};

build();
const runtime = findRuntime();
const environment = {
  ...process.env,
  LD_PRELOAD: runtime,
  ASAN_OPTIONS: Object.entries(OPTIONS)
    .map(([key, value]) => `${key}=${value}`)
    .join(':'),
  // The library, and node-gyp-build, look there instead of in the package's directory.
  WASMTIME_GUEST_PROFILER_PREBUILD: addonRoot,
  SMITH_MODULES: process.env['SMITH_MODULES'] ?? '300',
  // Of what the host does in many more instructions, too.
  SMITH_STEPS: process.env['SMITH_STEPS'] ?? '200000',
  RANDOM_RUNS: process.env['RANDOM_RUNS'] ?? '500',
};
console.log(`AddressSanitizer's runtime: ${runtime}`);
checkLoaded();
const unseen = Object.entries(MISTAKES).filter(([mistake, expected]) => !sees(mistake, expected));
const { status, found } = test(process.argv.slice(2));
const planted = Object.keys(MISTAKES).length;
console.log(
  `asan: ${planted - unseen.length} of ${planted} planted mistakes reported; ${found.length} other reports`,
);
for (const file of found) console.log(readFileSync(file, 'utf8'));
process.exit(status === 0 && unseen.length === 0 && found.length === 0 ? 0 : 1);

function build() {
  const triple = /^host: (.*)$/m.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1];
  // With --target, build scripts and macros are not instrumented.
  const args = ['build', '--release', '--locked', '--features', 'asan', '--target', triple];
  run(
    'cargo',
    [...args, '--manifest-path', path.join('crate', 'addon', 'Cargo.toml'), '--target-dir', target],
    {
      // The option is of nightly compilers, but the compiler that is there knows it.
      RUSTC_BOOTSTRAP: '1',
      RUSTFLAGS: '-Zsanitizer=address -Cforce-frame-pointers=yes',
      CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
      CARGO_PROFILE_RELEASE_STRIP: 'none',
    },
  );
  const release = path.join(addonRoot, 'build', 'Release');
  mkdirSync(release, { recursive: true });
  copyFileSync(
    path.join(target, triple, 'release', 'libwasmtime_guest_profiler.so'),
    path.join(release, 'wasmtime_guest_profiler.node'),
  );
  // Some tests run the built library; the random modules' maker is no part of what is tested.
  run('npm', ['run', 'build:lib']);
  const smith = path.join('test', 'smith', 'Cargo.toml');
  run('cargo', ['build', '--release', '--locked', '--quiet', '--manifest-path', smith]);
}

function run(command, args, env = {}) {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } };
  const { status, error } = spawnSync(command, args, options);
  if (error) fail(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** The shared runtime: Rust's own is for executables only. */
function findRuntime() {
  const compilers = [
    ['gcc', 'libasan.so'],
    ['clang', `libclang_rt.asan-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so`],
  ];
  const found = compilers.map(([compiler, library]) => {
    const { stdout } = spawnSync(compiler, [`-print-file-name=${library}`], { encoding: 'utf8' });
    return stdout?.trim() ?? '';
  });
  const runtime = [process.env['ASAN_RUNTIME'] ?? '', ...found].find(
    (file) => path.isAbsolute(file) && existsSync(file),
  );
  return runtime ? realpathSync(runtime) : fail('no shared runtime of AddressSanitizer was found');
}

/** The tests must be of the addon that was built here. */
function checkLoaded() {
  const script = `
    await import(${JSON.stringify(path.join(root, 'dist', 'index.js'))});
    console.log(process.report.getReport().sharedObjects.join('\\n'));`;
  const args = ['--input-type=module', '-e', script];
  const loaded = execFileSync(process.execPath, args, { env: environment, encoding: 'utf8' });
  const addons = loaded.split('\n').filter((file) => file.endsWith('.node'));
  const expected = path.join(addonRoot, 'build', 'Release', 'wasmtime_guest_profiler.node');
  if (addons.join() !== expected) fail(`the library loads ${addons} instead of ${expected}`);
}

/** Whether a process that makes that mistake is ended with a report of it. */
function sees(mistake, expected) {
  forget();
  const script = `
    const native = require('node-gyp-build')(${JSON.stringify(root)});
    native.plant(${JSON.stringify(mistake)}, new Uint8Array(new ArrayBuffer(4096)));
    console.log('lived');`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], {
    cwd: root,
    env: environment,
    encoding: 'utf8',
  });
  const texts = reported().map((file) => readFileSync(file, 'utf8'));
  const isSeen = !stdout.includes('lived') && texts.length === 1 && expected.test(texts[0]);
  console.log(`${isSeen ? 'reported' : 'NOT REPORTED'}: ${mistake}`);
  if (!isSeen) console.log(stdout, texts.join('\n'));
  return isSeen;
}

function test(files) {
  forget();
  // Vitest passes over what is not there.
  const missing = TESTS.filter((file) => !existsSync(path.join(root, file)));
  if (missing.length > 0) fail(`expected tests, got none: ${missing.join(', ')}`);
  const vitest = path.join('node_modules', 'vitest', 'vitest.mjs');
  // All is slower, and some tests look at the clock; a report counts, whatever a second try does.
  const patience = ['--testTimeout=1200000', '--hookTimeout=1200000', '--retry=2'];
  const names = ['--testNamePattern', `^(?!.*(?:${LEFT_OUT.join('|')}))`];
  const args = [vitest, 'run', ...patience, ...names, ...(files.length > 0 ? files : TESTS)];
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    env: environment,
    stdio: 'inherit',
  });
  return { status, found: reported() };
}

function forget() {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
}

/** A file for each process that was ended by a report. */
function reported() {
  return readdirSync(reports).map((file) => path.join(reports, file));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
