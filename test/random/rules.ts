/** What callbacks of the test throw, and nobody else. */
export class Thrown extends Error {
  override readonly name = 'Thrown';
}

/** Of our own and of Wasmtime's making. */
const CODE = /^ERR_[A-Z0-9_]+$/;

/** Of the file system, for paths that don't exist. */
const SYSTEM = /^E[A-Z]+$/;

/**
 * Says how an error breaks the rules, if it does: errors are typed and have a stable code, and none tells
 * of the inside. `own`: it may be JavaScript's own, of what an `Error` is made of.
 */
export function checkError(error: unknown, own: boolean): string | undefined {
  // A callback's own.
  if (error instanceof Thrown || error === undefined || error === null) return undefined;
  if (error === 'text' || error === 1n) return undefined;
  if (!(error instanceof Error)) return `expected an Error, got ${typeof error}`;
  const { code, message } = error as Error & { code?: unknown };
  if (/panick|unwrap|RefCell|napi|native code|index out of bounds/i.test(message))
    return `tells of the inside: ${message}`;
  if (error.name === 'AbortError') return undefined;
  // JavaScript's own words: its stack's end.
  if (error instanceof RangeError && /call stack/.test(message)) return undefined;
  if (error instanceof TypeError && own) return undefined;
  if (typeof code === 'string' && (CODE.test(code) || SYSTEM.test(code))) return undefined;
  return `an error without a code: ${error.name} ${String(code)}: ${message}\n${error.stack}`;
}
