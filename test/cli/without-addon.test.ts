import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guest, MAIN } from './command.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'without-addon-'));
  // The package as it is where no prebuilt binary fits and none was built.
  cpSync(join(ROOT, 'dist'), join(directory, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const args = ['run', '-q', '-o', 'app.json', guest('c/parser.wasm'), '10'];
  execFileSync(process.execPath, [MAIN, ...args], { cwd: directory });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function cli(...args: string[]) {
  const main = join(directory, 'dist', 'cli', 'main.cjs');
  return spawnSync(process.execPath, [main, ...args], { cwd: directory, encoding: 'utf8' });
}

it.each([
  [['top', 'app.json']],
  [['diff', 'app.json', 'app.json']],
  [['convert', 'app.json', 'app.pb.gz']],
  [['convert', '--format', 'folded', 'app.json', '-']],
  [['--help']],
  [['run', '--help']],
])('%j works without the addon', (args) => {
  const { status, stderr } = cli(...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('run says that there is none', () => {
  const { status, stderr } = cli('run', guest('c/parser.wasm'));
  expect(status).toBe(1);
  // No stack trace: what is missing, and what to do.
  expect(stderr).toMatch(
    /^error: no native build was found in .*: wasmtime-guest-profiler-(linux|darwin|win32)-.* is not installed /,
  );
  for (const way of ['pnpm approve-builds', 'bun pm trust', '--ignore-scripts', 'rustup.rs']) {
    expect(stderr).toContain(way);
  }
  expect(stderr.trim().split('\n')).toHaveLength(3);
});

it('annotate says what compiles without it', () => {
  const { status, stderr } = cli('annotate', 'app.json', guest('c/parser.wasm'));
  expect(status).toBe(1);
  expect(stderr).toContain('and annotate with `npm install wasmtime-guest-profiler-compiler`');
});

it('annotate refuses a compiler of another version', () => {
  const compiler = join(directory, 'compiler', 'node_modules', 'wasmtime-guest-profiler-compiler');
  mkdirSync(compiler, { recursive: true });
  for (const file of ['dist', 'package.json']) {
    cpSync(join(directory, file), join(directory, 'compiler', file), { recursive: true });
  }
  writeFileSync(join(compiler, 'package.json'), '{ "version": "0.0.9" }');
  writeFileSync(join(compiler, 'compiler.wasm'), '');
  const main = join(directory, 'compiler', 'dist', 'cli', 'main.cjs');
  const args = [main, 'annotate', 'app.json', guest('c/parser.wasm')];
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: directory,
    encoding: 'utf8',
  });
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  expect(status).toBe(1);
  expect(stderr).toContain('wasmtime-guest-profiler-compiler is of version 0.0.9');
  expect(stderr).toContain(`npm install wasmtime-guest-profiler-compiler@${version}`);
});
