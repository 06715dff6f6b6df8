/** All chunks of a writer as text. */
export function textOf(chunks: Iterable<Uint8Array>): string {
  return Buffer.concat([...chunks]).toString();
}

/** All chunks of a writer as parsed JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect.
export function jsonOf(chunks: Iterable<Uint8Array>): any {
  return JSON.parse(textOf(chunks));
}
