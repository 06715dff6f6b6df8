import { isAbsolute, relative, sep } from 'node:path';

/** Whether an absolute path is below a directory, or is the directory. */
export function isInside(directory: string, path: string): boolean {
  const inside = relative(directory, path);
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}
