/** The commands that need the addon, but for `run`: a file of the bundle, since many would cost more than what is in them. */

export { compare } from './compare.js';
export { compile } from './compile.js';
