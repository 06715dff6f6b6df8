import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  InterruptHandle,
  Store,
  WasiConfig,
  WasiExit,
  type WasiOptions,
} from '../../../lib/index.js';
import { expectMisuse, guestPath, rejection, runWithPipe } from '../support.js';
import { yielding } from './async-support.js';

const engine = new Engine({ epochInterruption: true });
const linker = new ComponentLinker(engine).addWasiAsync();
const endings = Component.fromFile(engine, guestPath('component/endings.wasm'));

interface Options extends WasiOptions {
  readonly signal?: AbortSignal;
  readonly prepare?: (store: Store) => void;
}

/** Runs the program in an asynchronous call; what it has written. */
async function run(mode: string[], { signal, prepare, ...options }: Options = {}): Promise<string> {
  const store = new Store(engine);
  store.setEpochDeadline(1_000_000);
  prepare?.(store);
  store.setWasi(new WasiConfig({ args: ['endings', ...mode], stdout: 'capture', ...options }));
  const instance = await linker.instantiateAsync(store, endings);
  const main = instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']);
  await main.callAsync(store, signal === undefined ? {} : { signal });
  return Buffer.from(store.wasiOutput('stdout') ?? []).toString();
}

const TEXT = 'one line\nand another\n'.repeat(10_000);

describe('a command', () => {
  it('has arguments, and its exit code is thrown', async () => {
    expect(await run(['args', 'a b'])).toBe('0: endings\n1: args\n2: a b\n');
    const error = await rejection(run(['exit-deep']));
    expect(error).toBeInstanceOf(WasiExit);
    expect(error).toMatchObject({ exitCode: 1 });
  });

  it('traps', async () => {
    const trap = { name: 'Trap', trapCode: 'UnreachableCodeReached' };
    expect(await rejection(run(['trap']))).toMatchObject(trap);
  });

  it('sleeps while the event loop goes on, and others run', async () => {
    const ended: string[] = [];
    const sleeping = ['first', 'second'].map(async (name) => {
      expect(await run(['sleep', '100'])).toMatch(/slept ms=100\n$/);
      ended.push(name);
    });
    setTimeout(() => ended.push('a turn'), 1);
    expect(await run(['args'])).toBe('0: endings\n1: args\n');
    ended.push('args');
    await Promise.all(sleeping);
    expect(ended.slice(0, 2).sort()).toEqual(['a turn', 'args']);
  });

  it('spins while the event loop goes on', async () => {
    using _ticker = engine.startEpochTicker(1);
    const controller = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns++;
      if (turns === 6) controller.abort('enough');
    }, 1);
    const { signal } = controller;
    expect(await rejection(run(['spin'], { signal, prepare: yielding }))).toBe('enough');
    clearInterval(timer);
  });

  it('writes to a stream and a function', async () => {
    const stdout = new PassThrough().setEncoding('utf8');
    let text = '';
    stdout.on('data', (chunk) => {
      text += chunk;
    });
    await run(['chatter', '3'], { stdout });
    stdout.end();
    await new Promise((resolve) => stdout.on('end', resolve));
    expect(text).toBe('line 0 3142\nline 1 3142\nline 2 3142\n');
    const error = { any: 'value' };
    const throwing = () => {
      throw error;
    };
    expect(await rejection(run(['chatter', '3'], { stdout: throwing }))).toBe(error);
  });
});

describe('stdin', () => {
  it.each<[string, () => AsyncIterable<Uint8Array | string>]>([
    ['of bytes', () => Readable.from([Buffer.from(TEXT)])],
    ['of small pieces', () => Readable.from(TEXT.match(/.{1,997}/gs) as string[])],
    [
      'from a generator',
      async function* () {
        yield TEXT.slice(0, 5);
        yield new Uint8Array(0);
        await sleep(1);
        yield TEXT.slice(5);
      },
    ],
  ])('a stream %s', async (_, stream) => {
    const expected = await run(['stdin'], { stdin: Buffer.from(TEXT) });
    expect(expected).toContain(`length=${TEXT.length} `);
    expect(await run(['stdin'], { stdin: stream() })).toBe(expected);
  });

  it('keeps the guest waiting, and nobody else', async () => {
    const stdin = new PassThrough();
    const first = run(['stdin'], { stdin });
    expect(await run(['stdin'], { stdin: Readable.from(['other']) })).toContain('length=5 ');
    stdin.write('a');
    await sleep(1);
    stdin.end('bc');
    expect(await first).toBe(await run(['stdin'], { stdin: Buffer.from('abc') }));
  });

  it('what it rejects with comes out of the call, the very same value', async () => {
    const error = { any: 'value' };
    async function* chunks() {
      yield 'some';
      throw error;
    }
    expect(await rejection(run(['stdin'], { stdin: chunks() }))).toBe(error);
  });

  it('of the process: a guest waits for a pipe while the event loop goes on', () => {
    const output = runWithPipe(`
          import { Component, ComponentLinker, Engine, Store, WasiConfig } from 'LIB';
          const engine = new Engine();
          const linker = new ComponentLinker(engine).addWasiAsync();
          const store = new Store(engine);
          store.setWasi(new WasiConfig({ args: ['endings', 'stdin'], stdin: 'inherit', stdout: 'capture' }));
          const component = Component.fromFile(engine, ${JSON.stringify(guestPath('component/endings.wasm'))});
          const instance = await linker.instantiateAsync(store, component);
          let turns = 0;
          const timer = setInterval(() => { if (++turns === 20) console.log('turns'); }, 1);
          await instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']).callAsync(store);
          clearInterval(timer);
          process.stdout.write(store.wasiOutput('stdout'));
          process.exit(0);`);
    expect(output).toMatch(/^turns\nendings stdin length=5 sum=[0-9a-f]{8}\n$/);
  });
});

describe('what ends a guest that waits', () => {
  it.each([
    ['sleeps', ['sleep', '100000000'], {}],
    ['reads', ['stdin'], { stdin: new PassThrough() }],
  ])('that %s: a signal, an InterruptHandle', async (_, mode, options) => {
    const controller = new AbortController();
    const { signal } = controller;
    setImmediate(() => setImmediate(() => controller.abort('enough')));
    expect(await rejection(run(mode, { ...options, signal }))).toBe('enough');
    using handle = new InterruptHandle();
    handle.triggerAfter(20);
    const fresh = 'stdin' in options ? { stdin: new PassThrough() } : {};
    const prepare = (store: Store) => store.setInterruptHandle(handle);
    const interrupted = { name: 'Trap', trapCode: 'Interrupt' };
    expect(await rejection(run(mode, { ...fresh, prepare }))).toMatchObject(interrupted);
  });
});

describe('synchronous calls', () => {
  it('of what imports WASI that may wait are refused', async () => {
    const store = new Store(engine);
    store.setEpochDeadline(1_000_000);
    expectMisuse('ERR_ASYNC_REQUIRED', () => linker.instantiate(store, endings));
    const instance = await linker.instantiateAsync(store, endings);
    const main = instance.getFunc(store, ['wasi:cli/run@0.2.0', 'run']);
    expectMisuse('ERR_ASYNC_REQUIRED', () => main.call(store));
  });

  it('of a store whose stdin is a stream are refused, and WASI that blocks', () => {
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ stdin: new PassThrough() }));
    const blocking = new ComponentLinker(engine).addWasi();
    expectMisuse('ERR_ASYNC_REQUIRED', () => blocking.instantiate(store, endings));
  });

  it('of what imports none of it are fine', () => {
    const store = new Store(engine);
    store.setEpochDeadline(1);
    const plain = Component.compile(
      engine,
      `(component
        (core module $m (func (export "f") (result i32) (i32.const 42)))
        (core instance $i (instantiate $m))
        (func (export "f") (result u32) (canon lift (core func $i "f"))))`,
    );
    expect(linker.instantiate(store, plain).getFunc(store, 'f').call(store)).toBe(42);
  });

  it('of functions that the host has put in the place of such are fine', () => {
    const wat = (version: string) => `(component
      (import "wasi:clocks/monotonic-clock@${version}" (instance $clock
        (export "now" (func (result u64)))))
      (core func $now (canon lower (func $clock "now")))
      (core module $m (import "" "now" (func $now (result i64)))
        (func (export "now") (result i64) (call $now)))
      (core instance $i (instantiate $m (with "" (instance (export "now" (func $now))))))
      (func (export "now") (result u64) (canon lift (core func $i "now"))))`;
    const own = new ComponentLinker(engine).addWasiAsync().allowShadowing(true);
    const component = (version: string) => Component.compile(engine, wat(version));
    const store = () => {
      const made = new Store(engine);
      made.setEpochDeadline(1_000_000);
      return made;
    };
    expectMisuse('ERR_ASYNC_REQUIRED', () => own.instantiate(store(), component('0.2.0')));
    own.instance('wasi:clocks/monotonic-clock@0.2.9').funcNew('now', () => 5n);
    const at = store();
    expect(own.instantiate(at, component('0.2.9')).getFunc(at, 'now').call(at)).toBe(5n);
    // Of other versions Wasmtime takes the newest, which is WASI's.
    expectMisuse('ERR_ASYNC_REQUIRED', () => own.instantiate(store(), component('0.2.3')));
  });
});
