/** How text that a guest or a file chose is written to a terminal. */

/**
 * Text without what would steer a terminal: control characters, and the marks that turn the direction of writing.
 * Line ends stay.
 */
export function printable(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
}

/** {@link printable} in one line: names come from the guest, and may have anything in them. */
export function oneLine(name: string): string {
  return printable(name).replaceAll('\n', '\ufffd');
}
