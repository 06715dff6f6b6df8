/** Readers of formats beside Firefox's: each gives the samples of functions as that tool counts them. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeForReaders } from './profiler-cli.js';

const run = promisify(execFile);

const INSTALL = 'npm ci --ignore-scripts --prefix test/readers';
const PACKAGES = fileURLToPath(new URL('node_modules', import.meta.url));

/** Self samples by function name. */
export type SelfSamples = Map<string, number>;

/** `go tool pprof -top`, of the sample type `samples`. Go must be on the PATH. */
export async function pprofTop(path: string, ...options: string[]): Promise<SelfSamples> {
  const args = ['tool', 'pprof', '-top', '-nodecount=0', '-nodefraction=0', ...options, path];
  const { stdout } = await run('go', args);
  const rows = stdout.matchAll(
    /^ *([\d.]+) +[\d.]+% +[\d.]+% +[\d.]+ +[\d.]+% {2}(.+?)(?: \((?:partial-)?inline\))?$/gm,
  );
  return added([...rows].map(([, self, name]) => [name ?? '', Number(self)]));
}

/** Text of `go tool pprof` with other options. */
export async function pprofText(path: string, ...options: string[]): Promise<string> {
  const { stdout } = await run('go', ['tool', 'pprof', ...options, path]);
  return stdout;
}

/** flamebearer's list, which leaves functions below 0.5 % out. Of milliseconds, which it shows. */
export async function cpuprofileTop(path: string): Promise<SelfSamples> {
  const cli = tool('flamebearer', 'bin', 'flamebearer');
  const { stdout } = await run(nodeForReaders(), [cli, path, '--top', '1000', '--no-color']);
  const top = stdout.split(/^Top CPU.*$/m)[1]?.split(/^\S/m)[0] ?? '';
  const rows = top.matchAll(/^ *([\d.]+) ms +[\d.]+% {2}(.+?) {2}/gm);
  return added([...rows].map(([, ms, name]) => [name ?? '', Number(ms)]));
}

function added(rows: readonly (readonly [string, number])[]): SelfSamples {
  const sums: SelfSamples = new Map();
  for (const [name, samples] of rows) sums.set(name, (sums.get(name) ?? 0) + samples);
  return sums;
}

function tool(...path: string[]): string {
  const file = join(PACKAGES, ...path);
  if (!existsSync(file)) throw new Error(`expected ${path[0]}, got none: run ${INSTALL}`);
  return file;
}
