// Packages from npm whose glue code was written for JavaScript's own WebAssembly, with `toWebAssembly` in its place.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TOOLS } from './project.js';

const run = (how: 'ours' | 'node') =>
  JSON.parse(execFileSync(process.execPath, [join(TOOLS, 'glue.mjs'), how], { encoding: 'utf8' }));

it('wasm-bindgen’s and emscripten’s glue code returns what it does with Node’s own', () => {
  const found = run('ours');
  expect(found).toEqual(run('node'));
  expect(found.oxc).toEqual([1, 1000, 10_000].map((count) => [count, 11 * count - 1]));
  expect(found.argon2).toMatch(/^\$argon2d\$v=19\$m=32768,t=1/);
});
