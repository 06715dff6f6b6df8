import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const python = fileURLToPath(new URL('../.venv/bin/python', import.meta.url));
const script = fileURLToPath(new URL('./wasmtime_py.py', import.meta.url));

/** Why rows of wasmtime-py are empty, if they are. */
export const HOW_TO_INSTALL =
  'wasmtime-py is not there, so its numbers are ‘not run’: install it with benches/install-wasmtime-py.sh (Python 3).';

/** wasmtime-py in a Python process that takes orders. */
export class WasmtimePy {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  private constructor() {
    this.#process = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** Undefined when it isn't installed. */
  static start(): WasmtimePy | undefined {
    return existsSync(python) ? new WasmtimePy() : undefined;
  }

  /** Carries out one order; its nanoseconds. */
  async ask<T = number>(order: { do: string; path?: string; count?: number }): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`wasmtime-py ended at ${JSON.stringify(order)}`);
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.stdin.end();
    const [code] = await exited;
    if (code !== 0) throw new Error(`wasmtime-py exited with ${code}`);
  }
}
