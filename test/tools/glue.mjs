// Uses real packages, whose glue code was written for JavaScript's own WebAssembly, with the one or the other; prints what
// they return.
import { createRequire } from 'node:module';
import { Engine, Store, toWebAssembly } from '../../dist/index.js';

if (process.argv[2] === 'ours') globalThis.WebAssembly = toWebAssembly(new Store(new Engine()));
// With it emscripten's older glue takes Node for a browser.
delete globalThis.fetch;
const require = createRequire(import.meta.url);

/** wasm-bindgen's: keeps views, and makes new ones when these have no bytes any more. */
function oxc() {
  const { parseSync } = require('@oxc-parser/wasm');
  return [1, 1000, 10_000].map((count) => {
    const { program } = parseSync('let a = 1;\n'.repeat(count), {});
    return [program.body.length, program.body.at(-1).end];
  });
}

/** Emscripten's. */
async function argon2() {
  const { hash } = require('argon2-browser');
  const { encoded } = await hash({ pass: 'pass', salt: 'some salt', time: 1, mem: 32_768 });
  return encoded;
}

console.log(JSON.stringify({ oxc: oxc(), argon2: await argon2() }));
