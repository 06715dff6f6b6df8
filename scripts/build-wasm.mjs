// Builds Wasmtime's compiler as WebAssembly into wasm/, an npm package of its own: for machines without the addon, and for
// profiles of other machines.
//
//   node scripts/build-wasm.mjs
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = 'wasm32-wasip1';

const toolchain = execFileSync(path.join(root, 'scripts', 'wasm-toolchain.sh'), {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const { status, error } = spawnSync(
  'cargo',
  [
    ...['build', '--profile', 'wasm', '--locked', '--target', target],
    ...['--manifest-path', path.join('crate', 'compiler', 'Cargo.toml')],
    ...['--target-dir', 'target'],
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...Object.fromEntries(toolchain.trim().split('\n').filter(Boolean).map(variable)),
      // What of Node-API's implementation is linked into the module; the rest is JavaScript.
      EMNAPI_LINK_DIR: path.join(root, 'node_modules', 'emnapi', 'lib', target),
    },
  },
);
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);

const file = path.join(root, 'wasm', 'compiler.wasm');
mkdirSync(path.dirname(file), { recursive: true });
const built = 'wasmtime_guest_profiler_compiler.wasm';
copyFileSync(path.join(root, 'target', target, 'wasm', built), file);
writePackage(path.dirname(file));
console.log(`${path.relative(root, file)}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MB`);

/** `NAME=value`, in two parts. */
function variable(line) {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

/** Of the main package's version, which looks for it by that. */
function writePackage(directory) {
  const main = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const manifest = {
    name: 'wasmtime-guest-profiler-compiler',
    version: main.version,
    description: `Wasmtime's compiler in WebAssembly, for annotate and view of ${main.name}`,
    license: main.license,
    files: ['compiler.wasm', 'THIRD-PARTY.txt'],
    engines: main.engines,
  };
  writeFileSync(path.join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    path.join(directory, 'README.md'),
    `# ${manifest.name}\n\n${manifest.description}: install it beside ${main.name}, where the native addon can't be built, ` +
      'or to see the instructions of a profile that was taken on another machine.\n',
  );
  for (const name of ['LICENSE', 'THIRD-PARTY.txt']) {
    copyFileSync(path.join(root, name), path.join(directory, name));
  }
}
