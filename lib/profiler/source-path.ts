/** Prefixes of source paths, and what a profile shows in their place. */
export type PathPrefixMap = Readonly<Record<string, string>>;

/**
 * How a source file is called in a profile. The longest prefix in `map` that ends at a directory is
 * replaced. A path under none of them that tells of a machine's directories, as absolute ones do, keeps
 * only the file's name, and leading `..` are dropped: profiles are passed on.
 */
export function shownPath(path: string, map: PathPrefixMap): string {
  let longest: string | undefined;
  for (const prefix of Object.keys(map)) {
    if (isUnder(path, prefix) && prefix.length > (longest?.length ?? -1)) longest = prefix;
  }
  if (longest !== undefined) return (map[longest] ?? '') + path.slice(longest.length);
  const parts = path.split(/[/\\]/);
  const isAbsolute = parts[0] === '' || /^[a-z]:/i.test(path) || parts[0] === '~';
  const own = parts.filter((part) => part !== '..' && part !== '.');
  return isAbsolute ? (own.at(-1) ?? '') : own.join('/');
}

/** Whether a path has `prefix`, and that ends where a directory does. */
export function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path[prefix.length];
  return next === undefined || /[/\\]|^$/.test(next) || /[/\\]$/.test(prefix) || prefix === '';
}
