// What the modules of a crate use of one another, by their `crate::` paths, in `use` and elsewhere.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Modules as files relative to `root`, without extension, and those that each uses. `mod.rs` is its folder. */
export function rustImports(root) {
  const sources = new Map(
    readdirSync(root, { recursive: true })
      .filter((file) => file.endsWith('.rs') && file !== 'lib.rs')
      .map((file) => [
        file.replace(/(\/mod)?\.rs$/, ''),
        withoutComments(readFileSync(path.join(root, file), 'utf8')),
      ]),
  );
  const exported = new Map([...sources].map(([file, source]) => [file, exportsOf(file, source)]));
  const imports = new Map();
  for (const [file, source] of sources) {
    const targets = new Set();
    for (const used of paths(source, file)) {
      const target = resolve(used, sources, exported);
      if (target !== undefined && target !== file) targets.add(target);
    }
    imports.set(file, targets);
  }
  return imports;
}

function withoutComments(source) {
  return source.replace(/\/\/.*/g, '').replace(/\/\*[\s\S]*?\*\//g, '');
}

/** Each path that begins with `crate::` or `super::`, its braces expanded, as an array of names. */
function* paths(source, file) {
  for (const { 0: start, index } of source.matchAll(/\b(?:crate|super)::/g)) {
    // Of a test module inside of a file, `super` is the file itself.
    const base = start === 'crate::' ? [] : file.split('/').slice(0, -1);
    for (const tree of expand(source, index + start.length)) yield [...base, ...tree];
  }
}

/** The paths of a use tree that begins at `at`. */
function expand(source, at) {
  const name = /^\s*(\w+|\*)/.exec(source.slice(at, at + 200));
  if (name) {
    const end = at + name[0].length;
    if (!source.startsWith('::', end)) return [[name[1]]];
    return expand(source, end + 2).map((rest) => [name[1], ...rest]);
  }
  const opening = /^\s*\{/.exec(source.slice(at, at + 200));
  if (!opening) return [[]];
  const found = [];
  let depth = 0;
  for (let i = at + opening[0].length - 1; i < source.length; i++) {
    if (source[i] === '{') depth++;
    if (source[i] === '}' && --depth === 0) break;
    if (depth === 1 && (source[i] === '{' || source[i] === ','))
      found.push(...expand(source, i + 1));
  }
  return found;
}

/** Where a `mod.rs` has the names from that it passes on. */
function exportsOf(file, source) {
  const names = new Map();
  const globs = [];
  for (const { index, 0: start } of source.matchAll(/\bpub use /g)) {
    for (const tree of expand(source, index + start.length)) {
      const module = [file, ...tree.slice(0, -1)].join('/');
      if (tree.at(-1) === '*') globs.push(module);
      else names.set(tree.at(-1), module);
    }
  }
  return { names, globs };
}

/** The module that a path leads into, through what its folder passes on. */
function resolve(used, sources, exported) {
  for (let length = used.length; length > 0; length--) {
    const module = used.slice(0, length).join('/');
    if (!sources.has(module)) continue;
    const { names, globs } = exported.get(module);
    return names.get(used[length]) ?? (used[length] === undefined ? module : (globs[0] ?? module));
  }
  return undefined;
}
