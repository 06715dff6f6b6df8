// The inner loop: compiles lib/ whenever a file of it changes, and the addon, with what tests need, whenever Rust does.
// Ctrl-C ends it. Compiled this way the addon is slow: `npm run build:test` before benches.
//
//   npm run dev
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, watch } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Files are often written several at once. */
const SETTLES_MS = 200;

const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of children) child.kill();
    process.exit(0);
  });
}

const end = (status) => process.exit(status ?? 1);
run('scripts/build-bundle.mjs', '--watch').on('exit', end);
// Declarations, and what is wrong. What it knows goes with what it wrote: `npm run build:lib` removes both.
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const state = ['--incremental', '--tsBuildInfoFile', 'dist/.tsbuildinfo'];
run(tsc, '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput', ...state).on('exit', end);

const addon = task('addon', ['scripts/build-addon.mjs', '--oracle', '--quick'], () =>
  run('scripts/copy-declarations.mjs'),
);
const page = task('page', ['scripts/build-page.mjs']);
for (const crate of readdirSync('crate')) {
  for (const part of ['src', 'Cargo.toml']) {
    onChange(path.join('crate', crate, part), /\.(rs|toml)$/, addon);
  }
}
onChange('page', /\.(ts|html|css)$/, page);
// Cargo knows whether there is anything to do; of the page nobody does.
addon();
if (!existsSync('dist/page/page.html')) page();

function run(...args) {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  children.add(child);
  return child.on('exit', () => children.delete(child));
}

function onChange(where, pattern, then) {
  let timer;
  watch(where, { recursive: true }, (_, file) => {
    if (!pattern.test(file ?? '')) return;
    clearTimeout(timer);
    timer = setTimeout(then, SETTLES_MS);
  });
}

/** What runs a script, and once more when it is asked to meanwhile. */
function task(name, args, then) {
  let isRunning = false;
  let isStale = false;
  return function start() {
    isStale = isRunning;
    if (isRunning) return;
    isRunning = true;
    const begun = performance.now();
    run(...args).on('exit', (status) => {
      isRunning = false;
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.log(`${name}: ${status === 0 ? 'built' : 'failed'} in ${seconds} s`);
      if (status === 0) then?.();
      if (isStale) start();
    });
  };
}
