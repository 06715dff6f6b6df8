// Builds the addon for this machine and puts it where node-gyp-build looks in the published package:
// prebuilds/<platform>-<arch>/wasmtime-guest-profiler.napi[.glibc|.musl].node. CI runs it on each platform.
//
//   node scripts/prebuild.mjs
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The file's name tells node-gyp-build for whom it is: one binary for all versions of Node, one for each libc. */
export function binaryName() {
  if (process.platform !== 'linux') return 'wasmtime-guest-profiler.napi.node';
  const { glibcVersionRuntime } = process.report.getReport().header;
  return `wasmtime-guest-profiler.napi.${glibcVersionRuntime === undefined ? 'musl' : 'glibc'}.node`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  execFileSync(process.execPath, ['scripts/build-addon.mjs'], { cwd: root, stdio: 'inherit' });
  const directory = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, binaryName());
  copyFileSync(path.join(root, 'build', 'Release', 'wasmtime_guest_profiler.node'), file);
  console.log(path.relative(root, file));
}
