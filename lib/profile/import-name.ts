/** An import's whole name: `wasi_snapshot_preview1.fd_write`, or in WIT's way `wasi:cli/exit@0.2.0#exit`. */
export function importName(module: string, name: string): string {
  // What a component's world imports by itself, and what it imports from an interface.
  if (module === '$root') return name;
  return `${module}${module.includes(':') ? '#' : '.'}${name}`;
}
