// Publishes what scripts/pack.mjs has packed, once its digests are checked: the main package last, since it names the others.
// What a run before this one has published already is left out.
//
//   node scripts/publish.mjs [--dry-run]
//
// Needs npm alone: no code of a dependency runs beside the token.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const directory = process.env.PACKAGES ?? path.join(root, 'target', 'packages');
const dryRun = process.argv.includes('--dry-run') ? ['--dry-run'] : [];

const packages = checkedFiles()
  .filter((file) => file.endsWith('.tgz'))
  .map((file) => ({ file: path.join(directory, file), ...manifestIn(file) }))
  .sort((a, b) => namesOthers(a) - namesOthers(b));
if (packages.length === 0) throw new Error(`expected packages in ${directory}, got none`);
checkProvenance();
for (const { name, version, file } of packages) publish(`${name}@${version}`, file);

/** The files that SHA256SUMS names, which are as it says. */
function checkedFiles() {
  const sums = readFileSync(path.join(directory, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
  return sums.map((line) => {
    const [digest, file] = line.split('  ');
    if (digestOf('sha256', 'hex', path.join(directory, file)) !== digest) {
      throw new Error(`${file} is not what was packed`);
    }
    return file;
  });
}

function manifestIn(file) {
  const text = execFileSync('tar', ['-xzOf', path.join(directory, file), 'package/package.json']);
  return JSON.parse(text);
}

function namesOthers({ optionalDependencies }) {
  return optionalDependencies === undefined ? 0 : 1;
}

/** The registry compares a package's `repository` with the one that it was built in, and refuses another or none. */
function checkProvenance() {
  const without = packages.filter(({ repository }) => repository === undefined);
  if (without.length === 0) return;
  const names = without.map(({ name }) => name).join(', ');
  const message = `no provenance is possible: package.json of ${names} has no \`repository\``;
  if (dryRun.length === 0 && process.env.NPM_CONFIG_PROVENANCE === 'true') throw new Error(message);
  console.log(message);
}

function publish(id, file) {
  const published = publishedIntegrity(id);
  const integrity = `sha512-${digestOf('sha512', 'base64', file)}`;
  if (published === integrity) return console.log(`${id}: published already`);
  if (published !== undefined) throw new Error(`another ${id} was published`);
  const args = ['publish', file, '--access', 'public', '--loglevel', 'warn', ...dryRun];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${id}: npm publish failed`);
  console.log(`${id}: ${dryRun.length > 0 ? 'would be published' : 'published'}`);
}

/** The digest that the registry has of a package; undefined where it has none. */
function publishedIntegrity(id) {
  const { stdout } = spawnSync('npm', ['view', '--json', id, 'dist.integrity'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // A version that isn't there of a package that is: nothing at all.
  const answer = JSON.parse(stdout || '""');
  if (answer === '' || answer.error?.code === 'E404') return undefined;
  if (typeof answer === 'string') return answer;
  throw new Error(`${id}: ${stdout}`);
}

function digestOf(algorithm, encoding, file) {
  return createHash(algorithm).update(readFileSync(file)).digest(encoding);
}
