/** Bytes before the first section. */
const HEADER = 8;

/** @internal Copies of the contents of a module's custom sections of that name, as `WebAssembly` has them. */
export function customSections(bytes: Uint8Array, name: string): ArrayBuffer[] {
  const found: ArrayBuffer[] = [];
  let at = HEADER;
  const size = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const isCustom = bytes[at++] === 0;
    const length = size();
    const end = at + length;
    if (isCustom) {
      const nameLength = size();
      const start = at + nameLength;
      if (new TextDecoder().decode(bytes.subarray(at, start)) === name) {
        found.push(bytes.slice(start, end).buffer);
      }
    }
    at = end;
  }
  return found;
}
