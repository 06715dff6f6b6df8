// Packs all that a release publishes into target/packages/, and checks it: the package of each platform, of npm/
// (scripts/prebuild.mjs); the compiler's, of wasm/ (scripts/build-wasm.mjs); the main one, of dist/, which names those of the
// platforms. Beside them lie lists of what is inside (SBOM), and the digests of all (SHA256SUMS).
//
//   node scripts/pack.mjs           needs the packages of all platforms, and cargo-cyclonedx
//   node scripts/pack.mjs --trial   on one machine: the package of its platform alone, of the addon in build/Release, which
//                                   may have what only tests need
//
// scripts/publish.mjs publishes what lies there.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { BUNDLED } from './bundled-packages.mjs';
import { checkMainFiles, npm, packIn, writeSums } from './packed.mjs';
import { machineOf, platformOf } from './platforms.mjs';
import { makePackage, platformName } from './prebuild.mjs';
import { sourcesOf } from './repository.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const isTrial = process.argv.includes('--trial');
const output = path.join(root, 'target', 'packages');
const main = read(path.join(root, 'package.json'));
const sources = sourcesOf(main, process.env);
const LICENSES = ['LICENSE', 'THIRD-PARTY.txt'];
/** What users can't do without; other files of the main package are of these kinds (`checkMainFiles`). */
const ENTRIES = [
  main.exports['.'].types,
  main.exports['.'].default,
  main.man,
  ...Object.values(main.bin),
];

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
if (isTrial) makePackage(path.join(root, 'build', 'Release', `${main.napi.binaryName}.node`));
const all = main.napi.targets.map(platformOf);
const platforms = isTrial ? all.filter(({ name }) => name === platformName()) : all;
for (const platform of platforms) packPlatform(platform);
packCompiler();
packMain();
await squeezeAll();
listNpm();
listCrates();
writeSums(output);
if (sources.repository === undefined) {
  console.log(
    'No manifest has a `repository`, without which npm takes no package with provenance: package.json names none, and this ' +
      'is no workflow of one on GitHub',
  );
}

/** The package of one platform: npm installs it by its manifest, and the loader finds it by its name. */
function packPlatform(platform) {
  const directory = path.join(root, 'npm', platform.name);
  const manifest = nameSources(path.join(directory, 'package.json'));
  const binary = `${main.napi.binaryName}.${platform.name}.node`;
  expectManifest(manifest, `${main.name}-${platform.name}`, {
    main: binary,
    os: [platform.os],
    cpu: [platform.cpu],
    libc: platform.libc && [platform.libc],
  });
  const bytes = readFileSync(path.join(directory, binary));
  expectEqual(`${binary} is for`, machineOf(bytes), `${platform.os} ${platform.cpu}`);
  const isForTests = bytes.includes('NativeOracle');
  if (isForTests && !isTrial) throw new Error(`${binary} has what only tests need`);
  packOthers(directory, manifest, [binary]);
}

function packCompiler() {
  const directory = path.join(root, 'wasm');
  const manifest = nameSources(path.join(directory, 'package.json'));
  const [name] = Object.keys(main.peerDependencies);
  expectManifest(manifest, name, { os: undefined, cpu: undefined, libc: undefined });
  expectEqual(
    'the compiler that the main package wants',
    main.peerDependencies[name],
    main.version,
  );
  packOthers(directory, manifest, ['compiler.wasm']);
}

/** Of a copy, whose manifest names the packages of the platforms: `npm ci` can't install those before they are published. */
function packMain() {
  const copy = path.join(output, 'main');
  const { filename } = packIn(root, output);
  mkdirSync(copy);
  execFileSync('tar', ['-xzf', path.join(output, filename), '-C', copy, '--strip-components=1']);
  const manifest = nameSources(path.join(copy, 'package.json'));
  manifest.optionalDependencies = Object.fromEntries(
    all.map(({ name }) => [`${main.name}-${name}`, main.version]),
  );
  write(path.join(copy, 'package.json'), manifest);
  expectManifest(manifest, main.name, { os: undefined, cpu: undefined, libc: undefined });
  const { files } = packIn(copy, output);
  checkMainFiles(files);
  const missing = [...ENTRIES, ...LICENSES, 'README.md']
    .map((file) => path.posix.normalize(file))
    .filter((file) => !files.includes(file));
  if (missing.length > 0)
    throw new Error(`expected the main package to have ${missing.join(', ')}`);
  rmSync(copy, { recursive: true });
  tell(filename, files);
}

/** Any package but the main one. */
function packOthers(directory, manifest, own) {
  const { filename, files } = packIn(directory, output);
  const expected = [...own, ...LICENSES, 'README.md', 'package.json'].sort();
  expectEqual(`the files of ${manifest.name}`, files, expected);
  for (const name of LICENSES) {
    if (!readFileSync(path.join(directory, name)).equals(readFileSync(path.join(root, name)))) {
      throw new Error(`expected ${name} of ${manifest.name} to be that of the main package`);
    }
  }
  tell(filename, files);
}

function tell(filename, files) {
  console.log(`${filename}: ${files.length} files, ${megabytes(filename)} MB`);
}

function megabytes(filename) {
  return (statSync(path.join(output, filename)).size / 1e6).toFixed(2);
}

/**
 * Compresses all packages once more, with the crate zopfli: a twentieth less than npm's own compression, which all who
 * install it have to download. It takes two minutes for an addon: a trial leaves large packages as they are.
 */
async function squeezeAll() {
  const tools = path.join(root, 'target', 'zopfli');
  const install = ['install', '--quiet', '--locked', '--root', tools, 'zopfli@0.8.4'];
  execFileSync('cargo', install, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const packages = readdirSync(output).filter((name) => name.endsWith('.tgz'));
  const isChosen = (name) => !isTrial || statSync(path.join(output, name)).size < 2e6;
  await Promise.all(packages.filter(isChosen).map((name) => squeeze(tools, name)));
}

async function squeeze(tools, filename) {
  const packed = path.join(output, filename);
  const tar = `${packed}.tar`;
  const bytes = gunzipSync(readFileSync(packed));
  writeFileSync(tar, bytes);
  await promisify(execFile)(path.join(tools, 'bin', 'zopfli'), [tar]);
  rmSync(tar);
  if (!gunzipSync(readFileSync(`${tar}.gz`)).equals(bytes)) {
    throw new Error(`expected ${filename} to hold the same, compressed by zopfli`);
  }
  renameSync(`${tar}.gz`, packed);
  console.log(`${filename}: ${megabytes(filename)} MB by zopfli`);
}

/** Has a manifest say where its sources are. */
function nameSources(file) {
  const manifest = { ...read(file), ...sources };
  write(file, manifest);
  return manifest;
}

/** What all manifests have in common, and what else is expected of this one. */
function expectManifest(manifest, name, others) {
  const { version, license, engines } = main;
  for (const [key, value] of Object.entries({
    name,
    version,
    license,
    engines,
    ...sources,
    ...others,
  })) {
    expectEqual(`${key} of ${name}`, manifest[key], value);
  }
}

/** What npm installs with the main package, and what of it is in our own files. */
function listNpm() {
  const { packages } = read(path.join(root, 'package-lock.json'));
  const isInside = new Set(
    Object.entries(packages)
      .filter(([place, { dev, peer }]) => BUNDLED.test(place) || (place !== '' && !dev && !peer))
      .map(([place, { version }]) => `${place.replace(/^.*node_modules\//, '')}@${version}`),
  );
  const list = JSON.parse(npm(root, 'sbom', '--sbom-format', 'cyclonedx'));
  list.components = list.components.filter((component) => isInside.delete(component['bom-ref']));
  if (isInside.size > 0) throw new Error(`npm sbom has no ${[...isInside].join(', ')}`);
  const [own] = list.dependencies;
  const listed = new Set([own.ref, ...list.components.map((component) => component['bom-ref'])]);
  list.dependencies = list.dependencies
    .filter(({ ref }) => listed.has(ref))
    .map(({ ref, dependsOn }) => ({
      ref,
      dependsOn: dependsOn.filter((other) => listed.has(other)),
    }));
  // It takes the directory's name.
  list.metadata.component.name = main.name;
  write(path.join(output, 'sbom-npm.cdx.json'), list);
  console.log(`sbom-npm.cdx.json: ${list.components.length} packages`);
}

/** The crates of the addon. */
function listCrates() {
  const name = 'sbom-cargo.cdx';
  const { status } = spawnSync('cargo', ['cyclonedx', '--version'], { stdio: 'ignore' });
  if (status !== 0) {
    if (isTrial) return console.log('sbom-cargo.cdx.json: left out, there is no cargo-cyclonedx');
    throw new Error('expected cargo-cyclonedx: cargo install cargo-cyclonedx');
  }
  const manifest = path.join('crate', 'addon', 'Cargo.toml');
  const args = ['--manifest-path', manifest, '--format', 'json', '--override-filename', name];
  execFileSync('cargo', ['cyclonedx', ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const file = path.join(output, `${name}.json`);
  // One in each crate of the workspace; the addon's has all.
  for (const crate of readdirSync(path.join(root, 'crate'))) {
    const written = path.join(root, 'crate', crate, `${name}.json`);
    if (!existsSync(written)) continue;
    if (crate === 'addon') renameSync(written, file);
    else rmSync(written);
  }
  const { components } = read(file);
  if (!components.some((component) => component.name === 'wasmtime')) {
    throw new Error(`expected ${name}.json to name wasmtime`);
  }
  console.log(`${name}.json: ${components.length} crates`);
}

function expectEqual(what, got, expected) {
  const [a, b] = [got, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`expected ${what} ${b}, got ${a}`);
}

function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function write(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
