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

/** Random cases: the first seed, how many, and how many with one process. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
  readonly ofAChild: number;
}

/**
 * Runs `script FIRST COUNT …args` for all seeds, and adds up what its processes have counted; of `largest` the largest
 * counts.
 */
export async function countInChildren(
  script: string,
  { first, count, ofAChild }: Seeds,
  args: readonly number[] = [],
  largest: readonly string[] = [],
): Promise<Record<string, number>> {
  const total: Record<string, number> = {};
  for (let seed = first; seed < first + count; seed += ofAChild) {
    const part = Math.min(ofAChild, first + count - seed);
    const counted = await runChild<Record<string, number>>(script, [seed, part, ...args]);
    for (const [key, number] of Object.entries(counted)) {
      const before = total[key] ?? 0;
      total[key] = largest.includes(key) ? Math.max(before, number) : before + number;
    }
  }
  return total;
}
