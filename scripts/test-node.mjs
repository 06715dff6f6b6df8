// Runs tests with another version of Node, which the npm package `node` has.
//
//   node scripts/test-node.mjs MAJOR [FILES and options of vitest]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const FILES = [
  'test/native.test.ts',
  'test/runtime',
  'test/profiler',
  'test/profile',
  'test/formats',
  'test/hostile/symbols.test.ts',
  'test/hostile/random-symbols.test.ts',
];
const [major, ...files] = process.argv.slice(2);
if (!/^\d+$/.test(major ?? '')) {
  console.error('expected a major version of Node, as in: node scripts/test-node.mjs 24');
  process.exit(1);
}

const node = installNode(major);
console.log(execFileSync(node, ['--version'], { encoding: 'utf8' }).trim());
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = files.length > 0 ? files : FILES;
const { status } = spawnSync(node, [vitest, 'run', ...args], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

/** The newest Node of that major version; it stays for the next time. */
function installNode(major) {
  const directory = path.join(root, 'target', `node-${major}`);
  const bin = path.join(directory, 'node_modules', 'node', 'bin');
  const program = path.join(bin, process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(program)) {
    mkdirSync(directory, { recursive: true });
    // A project of its own, so that npm leaves the one around it alone.
    writeFileSync(path.join(directory, 'package.json'), '{ "private": true }\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', `node@${major}`], {
      cwd: directory,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    });
  }
  return program;
}
