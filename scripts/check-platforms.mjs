// Compiles all that is native for platforms that no machine here runs, without linking it: each line that is for these alone
// is looked at by the compiler.
//
//   npm run check:platforms [TARGET…]
//
// Zig compiles what is C (scripts/install-zig.sh). Where Rust has no standard library for a target, that is compiled too, as
// for WebAssembly (scripts/wasm-toolchain.sh).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { standardLibrary } from './emulated.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const directory = path.join(root, 'target', 'platforms');
const zig = path.join(root, 'target', 'zig');

const given = process.argv.slice(2);
const targets =
  given.length > 0
    ? given
    : ['aarch64-apple-darwin', 'x86_64-apple-darwin', 'x86_64-pc-windows-gnu'];

if (!existsSync(path.join(zig, 'bin', 'cargo-zigbuild'))) {
  console.error('no cargo-zigbuild: scripts/install-zig.sh installs it');
  process.exit(1);
}
mkdirSync(directory, { recursive: true });
// napi-build wants one to link with, for which an empty one is enough where nothing is linked.
writeFileSync(path.join(directory, 'libnode.dll'), '');
const { status, stderr, error } = spawnSync(
  path.join(zig, 'bin', 'cargo-zigbuild'),
  [
    ...['check', '--locked', '-p', 'wasmtime-guest-profiler'],
    ...targets.flatMap((target) => ['--target', target]),
  ],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'inherit', 'pipe'],
    env: {
      ...process.env,
      ...standardLibrary(root, targets),
      PATH: `${path.join(zig, 'bin')}:${process.env.PATH}`,
      PYTHONPATH: zig,
      CARGO_ZIGBUILD_CACHE_DIR: path.join(directory, 'zig'),
      CARGO_TARGET_DIR: directory,
      CARGO_PROFILE_DEV_DEBUG: '0',
      LIBNODE_PATH: directory,
    },
  },
);
if (error) throw error;
process.stderr.write(stderr);
// What only these platforms have no use for is seen by nobody else.
const hasWarnings = /^warning: `wasmtime-guest-/m.test(stderr);
if (status === 0 && !hasWarnings) console.log(`compiles for ${targets.join(', ')}`);
process.exit(status !== 0 || hasWarnings ? 1 : 0);
