/** Names of functions by their index. */
export type SymbolMap = ReadonlyMap<number, string>;

/**
 * Names in a file that emscripten writes for `--emit-symbol-map`, and Binaryen for `--symbolmap`: a line
 * `index:name` for each function, imported ones first. What is no such line is left out.
 */
export function parseSymbolMap(text: string): SymbolMap {
  const names = new Map<number, string>();
  for (const [, index, name] of text.matchAll(/^(\d{1,10}):(.+?)\r?$/gm)) {
    if (name !== undefined) names.set(Number(index), unescaped(name));
  }
  return names;
}

/** Binaryen writes bytes that no identifier of the text format may have as a backslash and two digits. */
function unescaped(name: string): string {
  if (!name.includes('\\')) return name;
  const bytes = Buffer.from(name).toString('latin1');
  const plain = bytes.replace(/\\([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1').toString();
}
