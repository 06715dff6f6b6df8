/** Readers of formats beside Firefox's: each gives the samples of functions as that tool counts them. */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const INSTALL = 'npm run readers';
const PACKAGES = fileURLToPath(new URL('node_modules', import.meta.url));
/** Where `npm run readers` installs what is no npm package. */
const CRATES = fileURLToPath(new URL('crates', import.meta.url));

/** Of a rectangle in inferno's pictures. */
const FRAME_HEIGHT = 16;

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

/** Chrome DevTools' own model of a `.cpuprofile`, which its trace engine on npm has. */
export async function devtoolsTop(path: string): Promise<SelfSamples> {
  const model = await devtoolsModel(path);
  // It turns samples into their average time; the profile's own is in microseconds.
  const { startTime, endTime } = JSON.parse(readFileSync(path, 'utf8'));
  const intervalMs = (endTime - startTime) / 1000 / model.totalHitCount;
  return added(
    nodesOf(model).map(({ functionName, self }): [string, number] => {
      const samples = self / intervalMs;
      // Exact but for the division.
      if (Math.abs(samples - Math.round(samples)) > 1e-6) {
        throw new Error(`expected whole samples of ${functionName}, got ${samples}`);
      }
      return [functionName, Math.round(samples)];
    }),
  );
}

/** The nodes of that model. */
export async function devtoolsNodes(path: string): Promise<readonly DevToolsNode[]> {
  return nodesOf(await devtoolsModel(path));
}

async function devtoolsModel(path: string): Promise<DevToolsModel> {
  const file = installed(
    join(PACKAGES, '@paulirish/trace_engine', 'models', 'cpu_profile', 'cpu_profile.js'),
  );
  const { CPUProfileDataModel } = (await import(pathToFileURL(file).href)) as DevTools;
  return new CPUProfileDataModel.CPUProfileDataModel(JSON.parse(readFileSync(path, 'utf8')));
}

function nodesOf(model: DevToolsModel): DevToolsNode[] {
  const nodes: DevToolsNode[] = [];
  const left = [model.profileHead];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    nodes.push(node);
    left.push(...node.children);
  }
  return nodes;
}

/**
 * inferno's `inferno-flamegraph`, of folded stacks: what each rectangle of the picture is wider than those
 * that stand on it.
 */
export async function flamegraphTop(path: string): Promise<SelfSamples> {
  const file = installed(join(CRATES, 'bin', 'inferno-flamegraph'));
  const { stdout } = await run(file, ['--minwidth', '0', path], { maxBuffer: 2 ** 26 });
  const shapes = stdout.matchAll(
    /<title>(.+?) \([\d,]+ samples, [\d.]+%\)<\/title><rect [^>]*\by="(\d+)"[^>]* fg:x="(\d+)" fg:w="(\d+)"/g,
  );
  const frames = [...shapes].map(([, name = '', ...numbers]) => {
    const [y = 0, x = 0, width = 0] = numbers.map(Number);
    return { name: unescaped(name), y, x, width };
  });
  const root = Math.max(...frames.map(({ y }) => y));
  const called = frames.filter(({ y }) => y < root);
  return added(
    called.map(({ name, x, y, width }): [string, number] => {
      const callees = called.filter(
        (frame) => frame.y === y - FRAME_HEIGHT && frame.x >= x && frame.x < x + width,
      );
      return [name, callees.reduce((left, frame) => left - frame.width, width)];
    }),
  );
}

function unescaped(xml: string): string {
  const characters: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return xml.replace(/&(\w+);/g, (whole, name) => characters[name] ?? whole);
}

/** What is used of DevTools. */
interface DevTools {
  readonly CPUProfileDataModel: {
    readonly CPUProfileDataModel: new (profile: unknown) => DevToolsModel;
  };
}

interface DevToolsModel {
  readonly totalHitCount: number;
  readonly profileHead: DevToolsNode;
}

interface DevToolsNode {
  readonly functionName: string;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0. */
    readonly lineNumber: number;
  };
  /** Milliseconds. */
  readonly self: number;
  readonly children: readonly DevToolsNode[];
}

function added(rows: readonly (readonly [string, number])[]): SelfSamples {
  const sums: SelfSamples = new Map();
  for (const [name, samples] of rows) sums.set(name, (sums.get(name) ?? 0) + samples);
  return sums;
}

function installed(file: string): string {
  if (!existsSync(file)) throw new Error(`expected ${file}, got none: run ${INSTALL}`);
  return file;
}
