// Writes THIRD-PARTY.txt: the licences of every crate that is linked into the addon or into the compiler in
// WebAssembly, and of what is bundled into the page or linked from npm. The other npm packages are installed beside this one, with licences of their own.
//
//   node scripts/third-party.mjs           writes it
//   node scripts/third-party.mjs --check   fails when it is not as it would be written
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLED } from './bundled-packages.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const output = path.join(root, 'THIRD-PARTY.txt');
const LICENSE_FILE = /^(licen[cs]e|copying|notice|unlicense)/i;
/** Comes with the Rust that builds the compiler, without a file that says so. */
const WASI_LIBC =
  'compiler.wasm also has parts of wasi-libc (Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT), and in it of musl\n' +
  '(MIT), cloudlibc (BSD-2-Clause) and dlmalloc (CC0-1.0): their texts are at https://github.com/WebAssembly/wasi-libc.';

const packages = [...crates(), ...bundled()].sort((a, b) => (a.id < b.id ? -1 : 1));
const text = document();
if (process.argv.includes('--check')) {
  if (readFileSync(output, 'utf8') !== text) {
    console.error('THIRD-PARTY.txt is stale: run node scripts/third-party.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(output, text);
}

/** What a release links, on any of the platforms; neither test features nor what only builds. */
function crates() {
  const tree = execFileSync(
    'cargo',
    [
      'tree',
      '--workspace',
      '--locked',
      '--prefix',
      'none',
      '--edges',
      'normal',
      '--target',
      'all',
      '--format',
      '{p}',
    ],
    { cwd: root, encoding: 'utf8' },
  );
  const linked = new Set(
    [...tree.matchAll(/^(\S+) v(\S+)/gm)].map(([, name, version]) => `${name} ${version}`),
  );
  const metadata = JSON.parse(
    execFileSync('cargo', ['metadata', '--locked', '--format-version', '1'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    }),
  );
  return metadata.packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} ${version}`))
    .map(({ name, version, license, license_file, manifest_path }) => ({
      id: `${name} ${version}`,
      license: license ?? license_file,
      texts: textsIn(path.dirname(manifest_path)),
    }));
}

function bundled() {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages)
    .filter(([place]) => BUNDLED.test(place))
    .map(([place, { version, license }]) => ({
      id: `${place.slice('node_modules/'.length)} ${version} (npm)`,
      license,
      texts: textsIn(path.join(root, place)),
    }));
}

function textsIn(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENSE_FILE.test(entry.name))
    .map(({ name }) => readFileSync(path.join(directory, name), 'utf8').replace(/\r/g, '').trim())
    .sort();
}

/** A list, and then each text once, with those that it belongs to. */
function document() {
  const unlicensed = packages.filter(({ license }) => license == null);
  if (unlicensed.length > 0) throw new Error(`no licence: ${unlicensed.map(({ id }) => id)}`);
  const owners = new Map();
  for (const { id, texts } of packages) {
    for (const license of texts) owners.set(license, [...(owners.get(license) ?? []), id]);
  }
  const line = '-'.repeat(78);
  return [
    'Third-party software in wasmtime-guest-profiler. Written by scripts/third-party.mjs.',
    packages.map(({ id, license }) => `${id}: ${license}`).join('\n'),
    WASI_LIBC,
    ...[...owners].map(([license, ids]) => `${line}\n${ids.join(', ')}\n${line}\n\n${license}`),
    '',
  ].join('\n\n');
}
