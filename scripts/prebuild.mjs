// Builds the addon for this machine, as it is published, into the npm package for this platform: npm/linux-x64-gnu and the
// like. The napi-rs CLI names these packages and says in their manifests where npm installs them. CI runs it on each platform.
//
//   node scripts/prebuild.mjs
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** What the napi-rs CLI calls this platform: one binary for all versions of Node, one for each libc. */
export function platformName() {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32') return `${name}-msvc`;
  if (process.platform !== 'linux') return name;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return `${name}-${glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`;
}

/** Makes a package of the addon at `file`; its directory. */
export function makePackage(file) {
  const napi = path.join('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');
  // Those of all platforms, of which one is to be published from here.
  const all = path.join('target', 'npm');
  const args = [napi, 'create-npm-dirs', '--npm-dir', all];
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const directory = path.join(root, 'npm', platformName());
  cpSync(path.join(root, all, platformName()), directory, { recursive: true });
  const manifest = path.join(directory, 'package.json');
  const about = JSON.parse(readFileSync(manifest, 'utf8'));
  // The licences of what is linked.
  about.files.push('LICENSE', 'THIRD-PARTY.txt');
  writeFileSync(manifest, `${JSON.stringify(about, null, 2)}\n`);
  for (const name of ['LICENSE', 'THIRD-PARTY.txt']) {
    copyFileSync(path.join(root, name), path.join(directory, name));
  }
  copyFileSync(file, path.join(directory, about.main));
  return directory;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  execFileSync(process.execPath, ['scripts/build-addon.mjs', '--dist'], {
    cwd: root,
    stdio: 'inherit',
  });
  const directory = makePackage(
    path.join(root, 'build', 'Release', 'wasmtime_guest_profiler.node'),
  );
  console.log(path.relative(root, directory));
}
