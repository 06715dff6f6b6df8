// Tarballs of npm packages: how they are made, and what may be in the main package's. Of pack.mjs and
// install-test.mjs.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SUMS = 'SHA256SUMS';

/** Packs a directory, as it stands, into a tarball in `destination`; its name and the files in it. */
export function packIn(directory, destination) {
  const packed = npm(
    directory,
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    destination,
  );
  const { filename, files } = JSON.parse(packed)[0];
  return { filename, files: files.map((file) => file.path).sort() };
}

/** What an npm command prints. */
export function npm(cwd, ...args) {
  return execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
    // npm is a script there.
    shell: process.platform === 'win32',
  });
}

/** @throws Error unless the main package holds what users need and nothing else. */
export function checkMainFiles(files) {
  for (const file of files) {
    const isNeeded =
      /^(dist|crate\/[a-z]+\/src)\//.test(file) ||
      /^(package\.json|README\.md|LICENSE|SECURITY\.md|CHANGELOG\.md|THIRD-PARTY\.txt)$/.test(
        file,
      ) ||
      /^(binding\.gyp|Cargo\.(toml|lock)|crate\/[a-z]+\/(Cargo\.toml|build\.rs|README\.md)|scripts\/(build-addon|install)\.mjs)$/.test(
        file,
      );
    if (!isNeeded || /\.map$|\.test\./.test(file)) {
      throw new Error(`expected nothing but what users need, got ${file}`);
    }
  }
}

/** Writes SHA256SUMS of all files of a directory, as `sha256sum --check` reads it. */
export function writeSums(directory) {
  const lines = readdirSync(directory)
    .filter((name) => name !== SUMS)
    .sort()
    .map((name) => {
      const digest = createHash('sha256').update(readFileSync(path.join(directory, name)));
      return `${digest.digest('hex')}  ${name}\n`;
    });
  writeFileSync(path.join(directory, SUMS), lines.join(''));
}
