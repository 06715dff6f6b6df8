// Runs tests in another version of Node, or in Bun or Deno: npm has all of them.
//
//   node scripts/test-runtime.mjs MAJOR|bun|deno [FILES and options of vitest]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { platformName } from './prebuild.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const exe = process.platform === 'win32' ? '.exe' : '';

const [name, ...given] = process.argv.slice(2);
const runtime = runtimeOf(name ?? '');
if (runtime === undefined) {
  console.error('expected a major version of Node, bun or deno: node scripts/test-runtime.mjs 24');
  process.exit(1);
}
const program = install(runtime);
console.log(execFileSync(program, ['--version'], { encoding: 'utf8' }).trim());
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const hasFiles = given.some((arg) => !arg.startsWith('-'));
const chosen = hasFiles ? given : [...runtime.files, ...given];
const args = [...runtime.options, vitest, 'run', ...chosen];
const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

/** The npm package of a runtime, the program in what it installs, how vitest is started in it, and tests that it passes. */
function runtimeOf(name) {
  if (/^\d+$/.test(name)) {
    const all = ['runtime', 'profiler', 'profile', 'formats'].map((room) => `test/${room}`);
    const hostile = ['symbols', 'random-symbols'].map((test) => `test/hostile/${test}.test.ts`);
    const files = ['test/native.test.ts', ...all, ...hostile];
    return { id: `node@${name}`, program: `node/bin/node${exe}`, options: [], files };
  }
  // What programs meet first; docs/bun-and-deno.md has what else was tried with these versions.
  const files = [
    ...tests('.', 'examples', 'native'),
    ...tests('cli', 'annotate', 'convert', 'diff', 'run', 'top-command'),
    ...tests('profiler', 'fuel-sampler', 'signal-sampler', 'workers'),
    ...tests('runtime', 'async', 'errors', 'exceptions', 'func', 'wasi-input', 'worker'),
  ];
  if (name === 'bun') {
    const own = `@oven/bun-${process.platform}-${process.arch}`;
    return {
      id: 'bun@1.4.5',
      program: `${own}/bin/bun${exe}`,
      options: ['--bun'],
      files: [
        ...files,
        ...tests('cli', 'run-signals'),
        ...tests('runtime', 'interrupt-handle', 'memory-view'),
      ],
    };
  }
  if (name === 'deno') {
    const own = platformName().replace('-gnu', '-glibc').replace('-msvc', '');
    const program = `@deno/${own}/deno${exe}`;
    return { id: 'deno@2.9.6', program, options: ['run', '-A'], files };
  }
  return undefined;
}

function tests(room, ...names) {
  return names.map((name) => path.posix.join('test', room, `${name}.test.ts`));
}

/** Installs it, unless it is there from the last time; the program's path. */
function install({ id, program }) {
  const directory = path.join(root, 'target', id.replace('@', '-'));
  const file = path.join(directory, 'node_modules', program);
  if (existsSync(file)) return file;
  mkdirSync(directory, { recursive: true });
  // A project of its own, so that npm leaves the one around it alone.
  writeFileSync(path.join(directory, 'package.json'), '{ "private": true }\n');
  // Node's program comes by an install script, the others by packages of their own.
  const scripts = id.startsWith('node@') ? [] : ['--ignore-scripts'];
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...scripts, id], {
    cwd: directory,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  return file;
}
