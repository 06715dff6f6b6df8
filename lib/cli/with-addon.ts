/** What needs the addon, in one file: to load several costs more than what is in them. */

export { compare } from './compare.js';
export { compile } from './compile.js';
export { compileHere } from './compile-here.js';
export { precompiledCode } from './precompiled-code.js';
export { run } from './run.js';
