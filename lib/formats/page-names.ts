/** Names and paths as a page has them. */

import { shortName, shortPath } from './short-name.js';

/** Characters of one: a browser takes minutes to lay out a megabyte in one line. */
const LONGEST_NAME = 1000;

/** A name that a browser can lay out. */
export function pageName(name: string): string {
  return shortName(name, LONGEST_NAME);
}

/** A path that a browser can lay out. */
export function pagePath(path: string): string {
  return shortPath(path, LONGEST_NAME);
}
