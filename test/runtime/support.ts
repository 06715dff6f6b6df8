import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import {
  type Config,
  Engine,
  type HostFunction,
  type Instance,
  Linker,
  Module,
  Store,
  type ValType,
} from '../../lib/index.js';
import { runtime, scriptArgs } from '../support/runtime.js';

/** The path of a guest under test/guests. */
export function guestPath(name: string): string {
  return fileURLToPath(new URL(`../guests/${name}`, import.meta.url));
}

export function guestText(name: string): string {
  return readFileSync(guestPath(name), 'utf8');
}

/** Types of a host function, and what it does. */
export type Host = readonly [
  params: readonly ValType[],
  results: readonly ValType[],
  fn: HostFunction<readonly ValType[], readonly ValType[]>,
];

export interface Guest {
  readonly engine: Engine;
  readonly linker: Linker;
  readonly store: Store;
  readonly module: Module;
  readonly instance: Instance;
  /** Calls an export. */
  // biome-ignore lint/suspicious/noExplicitAny: as Func.call.
  call(name: string, ...args: unknown[]): any;
}

/** A store of `engine`, with the linker that all its guests share. */
export function world(config: Config = {}): { engine: Engine; linker: Linker; store: Store } {
  const engine = new Engine(config);
  return { engine, linker: new Linker(engine), store: new Store(engine) };
}

/** Instantiates `wat`, with host functions as imports from `env`. */
export function start(
  wat: string,
  hosts: Readonly<Record<string, Host>> = {},
  { engine, linker, store } = world(),
): Guest {
  for (const [name, [params, results, fn]] of Object.entries(hosts)) {
    linker.funcWrap('env', name, { params, results }, fn);
  }
  const module = Module.compile(engine, wat);
  const instance = linker.instantiate(store, module);
  const call = (name: string, ...args: unknown[]) =>
    instance.getFunc(store, name).call(store, ...args);
  return { engine, linker, store, module, instance, call };
}

/** A guest of `test/guests/wat` whose `bump_epoch` moves the epoch, in a store with a deadline of 1. */
export function startBumping(
  name: string,
  prepare: (store: Store, engine: Engine) => void,
  hosts: Readonly<Record<string, Host>> = {},
): Guest {
  const parts = world({ epochInterruption: true });
  parts.store.setEpochDeadline(1);
  prepare(parts.store, parts.engine);
  const bump: Host = [[], [], () => parts.engine.incrementEpoch()];
  return start(guestText(name), { bump_epoch: bump, ...hosts }, parts);
}

/** What `run` throws, `undefined` included; fails when it throws nothing. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('expected an exception');
}

/** Asserts that `run` throws an error of that very class and code; returns it. */
export function expectError<E extends Error>(
  // biome-ignore lint/suspicious/noExplicitAny: any constructor.
  kind: new (...args: any[]) => E,
  code: string,
  run: () => unknown,
): E & { code: string } {
  const error = thrownBy(run) as E & { code: string };
  expect(error).toBeInstanceOf(kind);
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: expect.stringMatching(/./),
  });
  return error;
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const settled = await promise.then(
    () => undefined,
    (reason: unknown) => ({ reason }),
  );
  if (settled === undefined) throw new Error('expected a rejection');
  return settled.reason;
}

export function expectMisuse(code: string, run: () => unknown): TypeError & { code: string } {
  return expectError(TypeError, code, run);
}

/** Collects garbage now. */
const gc = runtime === 'Bun' ? collectInBun : exposedGc();

function collectInBun(): void {
  (globalThis as unknown as { Bun: { gc(now: true): void } }).Bun.gc(true);
}

function exposedGc(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Collects garbage until `condition` holds; says whether it came to that. */
export async function collectUntil(condition: () => boolean): Promise<boolean> {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 30; i++) {
    // What a WeakRef was asked for lives to the end of that turn.
    await turn();
    gc();
    // Finalizers run in turns of their own.
    await turn();
    if (condition()) return true;
  }
  return false;
}

/** How many of `refs` are still reachable. */
export function alive(refs: readonly WeakRef<object>[]): number {
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

/**
 * Runs a script in a process of its own, for what may end one; returns what it prints. It imports the
 * built library from `'LIB'`.
 */
export function runNode(
  script: string,
  {
    node = process.execPath,
    gc = false,
    env = {},
    timeoutMs = 60_000,
  }: {
    node?: string;
    gc?: boolean;
    env?: Record<string, string>;
    timeoutMs?: number;
  } = {},
): string {
  return execFileSync(node, scriptArgs(withLibrary(script), { gc }), {
    encoding: 'utf8',
    timeout: timeoutMs,
    env: { ...process.env, ...env },
  });
}

function withLibrary(script: string): string {
  const lib = new URL('../../dist/index.js', import.meta.url).href;
  return script.replaceAll("'LIB'", JSON.stringify(lib));
}

/**
 * What a program writes whose stdin is a pipe, of a process that waits for it: the pipe ends, with `hello`, once the program
 * has written `turns`. `script` is as {@link runNode}'s.
 */
export function runWithPipe(script: string): string {
  const parent = `
    import { spawn } from 'node:child_process';
    const child = spawn(process.execPath, JSON.parse(process.env.CHILD), {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    for await (const chunk of child.stdout) {
      output += chunk;
      if (output.endsWith('turns\\n')) child.stdin.end('hello');
    }
    process.stdout.write(output);`;
  return runNode(parent, { env: { CHILD: JSON.stringify(scriptArgs(withLibrary(script))) } });
}

/** How deep JavaScript may recurse from where it is. */
export function recursionDepth(): number {
  try {
    return 1 + recursionDepth();
  } catch {
    return 1;
  }
}

/** What a program did whose output its store captures. */
export interface CapturedRun {
  readonly error: unknown;
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
}

/** Runs it. */
export function runCaptured(store: Store, main: () => void): CapturedRun {
  let error: unknown;
  try {
    main();
  } catch (thrown) {
    error = thrown;
  }
  const text = (stream: 'stdout' | 'stderr') => {
    const bytes = store.wasiOutput(stream);
    return bytes && Buffer.from(bytes).toString();
  };
  return { error, stdout: text('stdout'), stderr: text('stderr') };
}

/**
 * For a program of {@link runNode} with `gc`: `await usedMemory()` is what is in use, in MiB. Room that V8 keeps for young
 * objects, which doubles now and then, is not.
 */
export const USED_MEMORY = `
    const { getHeapStatistics } = await import('node:v8');
    const usedMemory = async () => {
      for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
      const heap = getHeapStatistics();
      return (process.memoryUsage.rss() - heap.total_physical_size + heap.used_heap_size) / 2 ** 20;
    };`;
