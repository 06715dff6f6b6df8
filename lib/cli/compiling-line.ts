import { writeNow } from './terminal.js';

/** Erases the line that the cursor is in. */
const ERASE = '\r\x1b[K';
/** What takes less is over before one could read it. */
const AFTER_MS = 200;
const EVERY_MS = 100;

/** Shows on the terminal that `size` bytes are being compiled, and since when, until `compiled` is settled. */
export async function whileCompiling<T>(size: number, compiled: Promise<T>): Promise<T> {
  const startMs = performance.now();
  let isShown = false;
  const show = (): void => {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs < AFTER_MS) return;
    writeNow(`${ERASE}${compilingText(size, elapsedMs)}\r`);
    isShown = true;
  };
  const timer = setInterval(show, EVERY_MS);
  try {
    return await compiled;
  } finally {
    clearInterval(timer);
    if (isShown) writeNow(ERASE);
  }
}

/** `compiling 69 MB …  12.3 s` */
export function compilingText(size: number, elapsedMs: number): string {
  const amount =
    size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(size < 1e7 ? 1 : 0)} MB`;
  return `compiling ${amount} …  ${(elapsedMs / 1000).toFixed(1)} s`;
}
