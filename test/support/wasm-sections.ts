/** Bytes before the first section. */
const HEADER = 8;

/** A binary module without names, debug information, and whatever else Wasmtime doesn't need. */
export function withoutCustomSections(wasm: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [wasm.subarray(0, HEADER)];
  for (let at = HEADER; at < wasm.length; ) {
    const start = at;
    const isCustom = wasm[at++] === 0;
    let size = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = wasm[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
    }
    at += size;
    if (!isCustom) kept.push(wasm.subarray(start, at));
  }
  return Buffer.concat(kept);
}
