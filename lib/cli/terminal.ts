import { writeSync } from 'node:fs';
import pc from 'picocolors';

/**
 * Nothing here may touch `process.stdout` or `process.stderr` before a guest has ended: Node makes their
 * pipes non-blocking, which the guest, writing to the same ones, would see as errors.
 */

/** Writes to stdout or stderr; when no one reads it any more, that is no reason to crash. */
export function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  stream.write(text);
}

export function writeError(text: string): void {
  write(process.stderr, `${text}\n`);
}

/** Writes to stderr while a guest still runs, or is about to. */
export function writeNow(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // A terminal that is gone, or full for the moment: no such text is worth an end.
  }
}

/** How to emphasize text. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
}

export const PLAIN: Style = { bold: (text) => text, dim: (text) => text };

/** Emphasis for a terminal that has it, or where `FORCE_COLOR` asks for it; `NO_COLOR` asks for none. */
export function styleOf(stream: NodeJS.WriteStream): Style {
  // As Node reads it for terminals, where it comes before NO_COLOR.
  const forced = process.env['FORCE_COLOR'];
  if (forced !== undefined) return /^(?:|1|2|3|true)$/.test(forced) ? pc.createColors(true) : PLAIN;
  return stream.isTTY && stream.hasColors() ? pc.createColors(true) : PLAIN;
}

/** How text is laid out. */
export interface Layout {
  readonly style: Style;
  /** Columns in a line. */
  readonly width: number;
  /** Makes a link of `text`, if there is such a file; absent where there are no links. */
  readonly link?: (text: string, place: LinkedPlace) => string;
}

/** A file, and a line in it. */
export interface LinkedPlace {
  readonly file: string;
  readonly line?: string;
  /** Whether it is a file that this program has written. Others are looked for in one directory only. */
  readonly isOurs?: boolean;
}

/** What `file` or `file:line` names. */
export function placeIn(text: string): LinkedPlace {
  const [, file = '', line] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  return { file, ...(line !== undefined && { line }) };
}

/** The layout for a terminal; off one, lines are as long as they are. */
export function layoutOf(stream: NodeJS.WriteStream): Layout {
  const width = stream.isTTY ? stream.columns : Number.POSITIVE_INFINITY;
  return { style: styleOf(stream), width };
}
