// Compiles all that is native for platforms that no machine here runs, without linking it: each line that is for these alone
// is looked at by the compiler.
//
//   npm run check:platforms [TARGET…]
//
// Zig compiles what is C (scripts/install-zig.sh). Where Rust has no standard library for a target, that is compiled too, as
// for WebAssembly (scripts/wasm-toolchain.sh).
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const directory = path.join(root, 'target', 'platforms');
const zig = path.join(root, 'target', 'zig');

const given = process.argv.slice(2);
const targets = given.length > 0 ? given : ['aarch64-apple-darwin', 'x86_64-pc-windows-gnu'];

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
      ...standardLibrary(),
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

/** Variables of a Rust that has the targets' standard library, or its sources. */
function standardLibrary() {
  const hasAll = targets.every((target) => {
    const args = ['--print', 'target-libdir', '--target', target];
    return existsSync(execFileSync('rustc', args, { encoding: 'utf8' }).trim());
  });
  if (hasAll) return {};
  const lines = execFileSync(path.join(root, 'scripts', 'wasm-toolchain.sh'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [, compiler] = /^RUSTC=(.*)$/m.exec(lines) ?? [];
  if (compiler === undefined) {
    console.error(`Rust has no standard library: rustup target add ${targets.join(' ')}`);
    process.exit(1);
  }
  return { RUSTC: compiler, RUSTC_BOOTSTRAP: '1', CARGO_UNSTABLE_BUILD_STD: 'std,panic_unwind' };
}
