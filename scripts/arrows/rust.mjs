// What the modules of a crate use of one another, by their paths, in `use` and elsewhere: each as far as the module that
// declares it, through all that others pass on (`pub use`). Who passes something on doesn't use it.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The root module. */
const ROOT = 'lib';

/** Modules as files relative to `root`, without extension, and those that each uses. `mod.rs` is its folder. */
export function rustImports(root) {
  const files = readdirSync(root, { recursive: true }).filter((file) => file.endsWith('.rs'));
  const modules = new Map(
    files.map((file) => {
      const source = readFileSync(path.join(root, file), 'utf8');
      const name = file.replaceAll(path.sep, '/').replace(/(\/mod)?\.rs$/, '');
      return [name, parse(name, withoutText(source))];
    }),
  );
  for (const module of modules.values()) module.scope = scopeOf(module, modules);
  return new Map(
    [...modules].map(([name, module]) => {
      const used = [...usedPaths(module, modules)];
      const targets = new Set(used.flatMap((names) => [...declaredIn(names, modules)]));
      targets.delete(name);
      return [name, targets];
    }),
  );
}

/** Source without comments, and with nothing in its strings and characters. */
function withoutText(source) {
  return source.replace(
    /\/\/.*|\/\*[\s\S]*?\*\/|r(#+)"[\s\S]*?"\1|r?"(?:\\[\s\S]|[^"\\])*"|'(?:\\.[^']*|[^'\\])'/g,
    (text) => (text.startsWith('/') ? '' : '""'),
  );
}

/** A module: its path from the root on, its use declarations, and where others stand within its file. */
function parse(name, source) {
  const uses = [...source.matchAll(/\b(pub(?:\(.*?\))? )?use /g)].map(
    ({ index, 0: start, 1: visibility }) => ({
      start: index,
      end: source.indexOf(';', index),
      trees: expand(source, index + start.length),
      isPassedOn: visibility !== undefined,
    }),
  );
  const inner = [...source.matchAll(/\bmod \w+ \{/g)].map(({ index, 0: start }) => ({
    start: index,
    end: endOfBlock(source, index + start.length),
  }));
  return { path: name === ROOT ? [] : name.split('/'), source, uses, inner };
}

function endOfBlock(source, at) {
  let depth = 1;
  let i = at;
  for (; i < source.length && depth > 0; i++) {
    if (source[i] === '{') depth++;
    if (source[i] === '}') depth--;
  }
  return i;
}

/** The paths of a use tree that begins at `at`, its braces expanded, and the name that each has from there on. */
function expand(source, at) {
  const name = /^\s*(\w+|\*)(?:\s+as\s+(\w+))?/.exec(source.slice(at, at + 200));
  if (name) {
    const end = at + name[0].length;
    if (!source.startsWith('::', end)) return [{ names: [name[1]], alias: name[2] ?? name[1] }];
    return expand(source, end + 2).map(({ names, alias }) =>
      names[0] === 'self'
        ? { names: [name[1]], alias: alias === 'self' ? name[1] : alias }
        : { names: [name[1], ...names], alias },
    );
  }
  const opening = /^\s*\{/.exec(source.slice(at, at + 200));
  if (!opening) return [{ names: [], alias: '' }];
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

/** Names in a module for what another of the crate declares: several paths for one where platforms differ. */
function scopeOf(module, modules) {
  const names = new Map();
  const globs = [];
  for (const { start, trees } of module.uses) {
    for (const tree of trees) {
      const target = fromRoot(tree.names, start, module, modules);
      if (target === undefined) continue;
      if (tree.alias === '*') globs.push(target.slice(0, -1));
      else names.set(tree.alias, [...(names.get(tree.alias) ?? []), target]);
    }
  }
  return { names, globs };
}

/** The paths of the crate's that a module uses, from the root on. */
function* usedPaths(module, modules) {
  const { source, uses } = module;
  for (const { index } of source.matchAll(/(?<![\w:])\w+::/g)) {
    if (uses.some(({ start, end }) => index > start && index < end)) continue;
    for (const { names } of expand(source, index)) {
      const target = fromRoot(names, index, module, modules);
      if (target !== undefined) yield target;
    }
  }
  for (const { start, trees, isPassedOn } of uses) {
    for (const { names } of trees) {
      const isOfFolder = !['crate', 'super'].includes(names[0]);
      const target = fromRoot(names, start, module, modules);
      if (target !== undefined && !(isPassedOn && isOfFolder)) yield target;
    }
  }
}

/** A path that stands at `at` of a module, from the root on; undefined for one that leads out of the crate. */
function fromRoot(names, at, module, modules) {
  if (names[0] === 'crate') return names.slice(1);
  if (module.scope?.names.has(names[0])) return [...module.path, ...names];
  let rest = names[0] === 'self' ? names.slice(1) : names;
  let base = module.path;
  // Each module within the file is one more that `super` leads out of.
  let depth = module.inner.filter(({ start, end }) => at > start && at < end).length;
  for (; rest[0] === 'super'; rest = rest.slice(1)) {
    if (depth === 0) base = base.slice(0, -1);
    else depth--;
  }
  if (depth > 0) return undefined;
  const isOurs = rest !== names || modules.has([...base, rest[0]].join('/'));
  return isOurs ? [...base, ...rest] : undefined;
}

/** The modules that declare what a path leads to. */
function* declaredIn(names, modules, seen = new Set()) {
  if (seen.has(names.join('::'))) return;
  seen.add(names.join('::'));
  let length = names.length;
  while (length > 0 && !modules.has(names.slice(0, length).join('/'))) length--;
  const file = names.slice(0, length).join('/') || ROOT;
  const module = modules.get(file);
  const [name, ...rest] = names.slice(length);
  if (name === undefined) {
    // A folder is no more than the way to what is used of it.
    const isFolder = file === ROOT || [...modules.keys()].some((key) => key.startsWith(`${file}/`));
    if (!isFolder) yield file;
    return;
  }
  const { globs } = module.scope;
  const sources = globs.filter((glob) => declares(modules.get(glob.join('/')), name));
  const targets =
    module.scope.names.get(name) ??
    (declares(module, name) ? [] : sources.map((glob) => [...glob, name]));
  if (targets.length === 0) yield file;
  for (const target of targets) yield* declaredIn([...target, ...rest], modules, seen);
}

function declares(module, name) {
  const item = new RegExp(`\\b(?:fn|struct|enum|union|trait|type|const|static) ${name}\\b`);
  return module !== undefined && (item.test(module.source) || module.scope.names.has(name));
}
