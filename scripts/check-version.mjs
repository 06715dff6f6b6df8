// Fails unless a tag, package.json (twice: the compiler's package has the same), Cargo.toml and CHANGELOG.md are of one version.
//
//   node scripts/check-version.mjs [v1.2.3]
import { readFileSync } from 'node:fs';

const read = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const { version, peerDependencies } = JSON.parse(read('package.json'));
const compiler = peerDependencies['wasmtime-guest-profiler-compiler'];
const [tag = `v${version}`] = process.argv.slice(2);
const crate = /^version = "(.*)"$/m.exec(read('Cargo.toml'))?.[1];
const isTold = read('CHANGELOG.md').includes(`\n## ${version}`);
if (tag !== `v${version}` || crate !== version || compiler !== version || !isTold) {
  console.error(
    `tag ${tag}, package ${version}, crate ${crate}, compiler ${compiler}, in the changelog: ${isTold}`,
  );
  process.exit(1);
}
