import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs a TypeScript file of the tests with the built library, in a process of its own, and parses the JSON
 * that it prints. Its last argument is a file in which it says what it is about to do.
 *
 * @throws Error with that, and with what it wrote to stderr, when the process fails or crashes.
 */
export async function runChild<T>(script: string, args: readonly (string | number)[]): Promise<T> {
  const trace = join(mkdtempSync(join(tmpdir(), 'child-')), 'trace');
  const command = [
    '--import',
    './benches/support/typescript.mjs',
    script,
    ...args.map(String),
    trace,
  ];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root });
    return JSON.parse(stdout);
  } catch (error) {
    const { code, signal, stderr } = error as { code?: number; signal?: string; stderr?: string };
    const about = readFileSync(trace, 'utf8');
    throw new Error(
      `${script} ${args.join(' ')}: exit ${code}, signal ${signal}\n${about}\n${stderr}`,
    );
  }
}
