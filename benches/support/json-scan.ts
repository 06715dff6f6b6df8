import { createReadStream } from 'node:fs';

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = [0x7b, 0x5b];
const CLOSING = [0x7d, 0x5d];

/** What a scan of a profile's bytes found. */
export interface Scanned {
  /** Whether every brace and bracket is closed, in order, and nothing comes after. */
  readonly whole: boolean;
  /** The longest array of the file. */
  readonly longest: number;
}

/**
 * Reads a file of JSON in pieces, however large: `JSON.parse` needs it whole, in a string that V8 limits to
 * 512 MiB.
 */
export async function scanJson(file: string): Promise<Scanned> {
  /** Opening bytes that wait for their closing ones, and the commas since. */
  const open: number[] = [];
  const commas: number[] = [];
  let longest = 0;
  let ended = false;
  let whole = true;
  let inString = false;
  let escaped = false;
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    const bytes = chunk as Uint8Array;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        continue;
      }
      if (ended) whole = false;
      if (byte === COMMA) commas[commas.length - 1] = (commas.at(-1) ?? 0) + 1;
      else if (byte === QUOTE) inString = true;
      else if (OPENING.includes(byte)) {
        open.push(byte);
        commas.push(0);
      } else if (CLOSING.includes(byte)) {
        if (open.pop() !== OPENING[CLOSING.indexOf(byte)]) whole = false;
        longest = Math.max(longest, (commas.pop() ?? 0) + 1);
        ended = open.length === 0;
      }
    }
  }
  return { whole: whole && ended, longest };
}
