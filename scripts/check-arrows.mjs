// Fails when a file imports from a room that its own may not use, by `arrows/rooms.json`, when rooms use one another in a
// circle, or when files do. A room is a folder of `lib/` or of `crate/*/src`, or a file by itself.
//
// Files in a circle: none in lib/, not even of types alone, but for the public classes of lib/runtime, which name each
// other as Wasmtime's do; of three at most in Rust, where the data of a store, what is lent of it and what waits in it
// name each other. What a file of lib/ uses while it is loaded may not import it: see `arrows/loading.mjs`.
//
//   node scripts/check-arrows.mjs
import { readdirSync, readFileSync } from 'node:fs';
import { circles, forbidden, roomGraph, roomOf } from './arrows/graph.mjs';
import { loadedTooLate } from './arrows/loading.mjs';
import { rustImports } from './arrows/rust.mjs';
import { typescriptImports } from './arrows/typescript.mjs';

const rooms = JSON.parse(readFileSync(new URL('arrows/rooms.json', import.meta.url), 'utf8'));
const crates = readdirSync('crate').map((crate) => `crate/${crate}/src`);

let faults = 0;
check('lib', typescriptImports('lib'), 1);
for (const { from, to } of loadedTooLate('lib')) {
  report(`lib: ${from} uses ${to} while it is loaded, which imports it`);
}
for (const crate of crates) check(crate, rustImports(crate), 3);
if (faults > 0) process.exit(1);

function check(house, imports, largest) {
  const allowed = rooms[house] ?? {};
  const isApi = (file) => house === 'lib' && roomOf(file, allowed) === 'runtime';
  for (const { from, to } of rooms[house] === undefined ? [] : forbidden(imports, allowed)) {
    report(`${house}: ${from} may not import ${to}`);
  }
  for (const circle of circles(roomGraph(allowed))) {
    report(`${house}: rooms in a circle: ${circle.sort().join(', ')}`);
  }
  const found = circles(imports).filter((circle) => !circle.every(isApi));
  for (const circle of found.filter(({ length }) => length > largest)) {
    report(`${house}: a circle of ${circle.length} files: ${circle.sort().join(', ')}`);
  }
  const most = Math.max(1, ...found.map(({ length }) => length));
  console.log(`${house}: ${imports.size} files, largest circle ${most}`);
}

function report(fault) {
  console.error(fault);
  faults++;
}
