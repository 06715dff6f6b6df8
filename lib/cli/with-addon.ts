/** The commands that need the addon, in one file: to load several costs more than what is in them. */

export { compare } from './compare.js';
export { compile } from './compile.js';
export { run } from './run.js';
