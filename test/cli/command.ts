import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import type { Profile } from '../../lib/profile/profile.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The built command line, as users start it. */
export const MAIN = join(ROOT, 'dist', 'cli', 'main.cjs');

const CACHE = join(tmpdir(), 'wasmtime-guest-profiler-test-cache');

export const guest = (name: string): string => join(ROOT, 'test', 'guests', name);

/** How a process ended. */
export interface Outcome {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Invocation {
  /** All of stdin; left open when absent. */
  readonly stdin?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A run under way, in a directory of its own. */
export class RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly outcome: Promise<Outcome>;

  constructor(cwd: string, args: readonly string[], { stdin, env = {} }: Invocation = {}) {
    // Errors would carry Rust's backtrace; and vitest's workers have FORCE_COLOR.
    const own = {
      RUST_BACKTRACE: '0',
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      // Compiled code is not kept among the user's own.
      XDG_CACHE_HOME: CACHE,
      XDG_CONFIG_HOME: CACHE,
    };
    const clean = { ...process.env, ...own, ...env };
    this.child = spawn(process.execPath, [MAIN, ...args], { cwd, env: clean });
    const stdout = text(this.child.stdout);
    const stderr = text(this.child.stderr);
    // A guest that reads nothing closes it before we have written.
    this.child.stdin.on('error', () => {});
    if (stdin !== undefined) this.child.stdin.end(stdin);
    this.outcome = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: stdout.join(''), stderr: stderr.join('') });
      });
    });
  }

  /** Resolves once the guest has written to stdout: it runs then. */
  async started(): Promise<this> {
    const first = new Promise((resolve) => this.child.stdout.once('data', resolve));
    const ended = this.outcome.then(({ stderr }) => {
      throw new Error(`the command ended before its guest wrote anything:\n${stderr}`);
    });
    await Promise.race([first, ended]);
    return this;
  }
}

/** Starts and runs commands, in a temporary directory its disposal removes. */
export class CliDirectory implements AsyncDisposable {
  readonly path: string;
  readonly #started: RunningCli[] = [];

  constructor() {
    checkBuilt();
    this.path = mkdtempSync(join(tmpdir(), 'cli-'));
  }

  start(args: readonly string[], invocation?: Invocation): RunningCli {
    const cli = new RunningCli(this.path, args, invocation);
    this.#started.push(cli);
    return cli;
  }

  run(args: readonly string[], invocation: Invocation = { stdin: '' }): Promise<Outcome> {
    return this.start(args, invocation).outcome;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** A profile that a run has written, checked. */
  profile(name: string): WrittenProfile {
    const profile: unknown = JSON.parse(readFileSync(this.file(name), 'utf8'));
    assertProfileIntegrity(profile);
    return profile as WrittenProfile;
  }

  /** Writes a profile as `run` does by default. */
  save(name: string, profile: Profile): void {
    writeFileSync(this.file(name), Buffer.concat([...firefoxJson(profile)]));
  }

  /** That a command ends with a code and one message, without a stack trace. */
  async expectRefusal(args: readonly string[], expected: number, message: string): Promise<void> {
    const { code, stdout, stderr } = await this.run(args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Those that a test which failed has left.
    for (const { child } of this.#started) child.kill('SIGKILL');
    await rm(this.path, { recursive: true, force: true });
  }
}

/** What the tests here look at. */
export interface WrittenProfile {
  readonly meta: { readonly product: string; readonly interval: number };
  readonly shared: { readonly stringArray: readonly string[] };
  readonly threads: readonly {
    readonly samples: { readonly length: number };
    readonly markers: { readonly length: number };
  }[];
}

export const samplesIn = (profile: WrittenProfile): number =>
  profile.threads[0]?.samples.length ?? 0;

function text(stream: NodeJS.ReadableStream): string[] {
  const parts: string[] = [];
  stream.setEncoding('utf8');
  stream.on('data', (part: string) => parts.push(part));
  return parts;
}

/** Fails where the tests would run an older program than the one in `lib/`. */
function checkBuilt(): void {
  const build = 'run `npm run build:lib`';
  if (!existsSync(MAIN)) throw new Error(`expected ${MAIN}, got none: ${build}`);
  const built = statSync(MAIN).mtimeMs;
  for (const entry of readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts') || entry.endsWith('.d.ts')) continue;
    if (built < statSync(join(ROOT, 'lib', entry)).mtimeMs) {
      throw new Error(`expected dist/ to be of this lib/, but lib/${entry} is newer: ${build}`);
    }
  }
}
