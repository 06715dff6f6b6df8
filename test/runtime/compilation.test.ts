import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Component, Engine, Linker, Module, Store, WasmtimeError } from '../../lib/index.js';
import { guestPath, runNode } from './support.js';

const engine = new Engine();
const directory = mkdtempSync(join(tmpdir(), 'compile-async-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ADD = '(module (func (export "f") (result i32) (i32.const 42)))';
const COMPONENT = '(component)';

/** Takes a while to compile: one function of many additions for each of `count`. */
function large(count: number): string {
  const body = '(local.set 0 (i32.add (local.get 0) (local.get 0)))'.repeat(500);
  return `(module ${`(func (param i32) (result i32) ${body} (local.get 0))`.repeat(count)})`;
}

function call(module: Module): unknown {
  const store = new Store(module.engine);
  return new Linker(module.engine).instantiate(store, module).getFunc(store, 'f').call(store);
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

/** What each rejects with is what its twin throws. */
const TWINS: readonly {
  readonly name: string;
  readonly sync: (engine: Engine, source: string) => unknown;
  readonly async: (
    engine: Engine,
    source: string,
    options?: { signal: AbortSignal },
  ) => Promise<unknown>;
  readonly good: string;
}[] = [
  {
    name: 'Module.compileAsync',
    sync: Module.compile,
    async: Module.compileAsync,
    good: ADD,
  },
  {
    name: 'Module.fromFileAsync',
    sync: Module.fromFile,
    async: Module.fromFileAsync,
    good: guestPath('wat/loops.wat'),
  },
  {
    name: 'Component.compileAsync',
    sync: Component.compile,
    async: Component.compileAsync,
    good: COMPONENT,
  },
  {
    name: 'Component.fromFileAsync',
    sync: Component.fromFile,
    async: Component.fromFileAsync,
    good: file('component.wat', COMPONENT),
  },
  {
    name: 'Engine.precompileModuleAsync',
    sync: (engine, source) => Engine.prototype.precompileModule.call(engine, source),
    async: (engine, source, options) =>
      Engine.prototype.precompileModuleAsync.call(engine, source, options),
    good: ADD,
  },
  {
    name: 'Engine.precompileComponentAsync',
    sync: (engine, source) => Engine.prototype.precompileComponent.call(engine, source),
    async: (engine, source, options) =>
      Engine.prototype.precompileComponentAsync.call(engine, source, options),
    good: COMPONENT,
  },
];

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function errorOf(run: () => unknown): object {
  try {
    run();
  } catch (error) {
    return facts(error);
  }
  throw new Error('expected an error');
}

function facts(error: unknown): object {
  const { name, code, message } = error as Error & { code?: string };
  return {
    name,
    code,
    message: message.replace('Async:', ':'),
    kind: Object.getPrototypeOf(error),
  };
}

describe.each(TWINS)('$name', ({ sync, async, good }) => {
  it.each([
    ['what is neither', '(modul)'],
    ['a type error', '(module (func (result i32)))'],
    ['a component that is none', '(component (core module (func (result i32))))'],
    ['nothing', ''],
    ['a file that is none', join(directory, 'missing.wasm')],
    ['a file of something else', file('not.wasm', '<html></html>')],
  ])('rejects as its twin throws: %s', async (_, source) => {
    const thrown = errorOf(() => sync(engine, source));
    await expect(async(engine, source).catch(facts)).resolves.toEqual(thrown);
  });

  it('rejects what is of another type', async () => {
    for (const source of [1, null, undefined, {}, [1]]) {
      const thrown = errorOf(() => sync(engine, source as never));
      await expect(async(engine, source as never).catch(facts)).resolves.toEqual(thrown);
    }
    for (const other of [1, null, undefined, {}]) {
      const thrown = errorOf(() => sync(other as never, good));
      await expect(async(other as never, good).catch(facts)).resolves.toEqual(thrown);
    }
    await expect(async(engine, good, { signal: 1 } as never)).rejects.toThrow(TypeError);
    await expect(async(engine, good, { sigal: 1 } as never)).rejects.toThrow("no option 'sigal'");
  });

  it('is aborted before and after it was begun', async () => {
    const reason = new Error('enough');
    await expect(async(engine, good, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const compiled = async(engine, good, { signal: controller.signal });
    controller.abort(reason);
    await expect(compiled).rejects.toBe(reason);
    // Then nothing listens to it any more.
    await async(engine, good);
  });

  it('is given up when its engine is disposed of', async () => {
    const own = new Engine();
    const compiled = async(own, good);
    own.dispose();
    const given = await compiled.then(
      (value) => value instanceof Uint8Array,
      (error) => error.code === 'ERR_DISPOSED',
    );
    expect(given).toBe(true);
  });
});

it('compiles the same code as on the event loop', async () => {
  const bytes = readFileSync(guestPath('c/parser-stripped.wasm'));
  const expected = Buffer.from(Module.compile(engine, bytes).serialize());
  const module = await Module.compileAsync(engine, bytes);
  expect(expected.equals(module.serialize())).toBe(true);
  expect(expected.equals(await engine.precompileModuleAsync(bytes))).toBe(true);
  const path = pathToFileURL(guestPath('c/parser-stripped.wasm'));
  expect(expected.equals((await Module.fromFileAsync(engine, path)).serialize())).toBe(true);
  expect(call(await Module.compileAsync(engine, ADD))).toBe(42);
});

it('lets the event loop go on, and compiles several at once', async () => {
  const source = large(50);
  let compiled = 0;
  const all = Promise.all(
    [1, 2, 3, 4].map(async () => {
      await Module.compileAsync(engine, source);
      compiled++;
    }),
  );
  // Turns of the event loop while none is done: one on the loop's thread would have let none pass.
  let turns = 0;
  while (compiled === 0) {
    await turn();
    turns++;
  }
  await all;
  expect(turns).toBeGreaterThan(1);
});

it('the bytes may change from then on', async () => {
  const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const compiled = Module.compileAsync(engine, bytes);
  bytes.fill(0xff);
  expect((await compiled).exports).toEqual([]);
});

describe('compileStreaming', () => {
  const bytes = readFileSync(guestPath('c/parser-stripped.wasm'));
  const expected = Buffer.from(Module.compile(engine, bytes).serialize());

  it.each([
    ['a Response', () => new Response(bytes)],
    ['a promise of one', async () => new Response(bytes)],
    ['a ReadableStream', () => new Response(bytes).body],
    ['an AsyncIterable', () => pieces(bytes, 1000)],
    ['a promise of one of those', async () => pieces(bytes, 7000)],
    ['pieces without bytes', () => pieces(bytes, bytes.length)],
  ])('%s', async (_, stream) => {
    const module = await Module.compileStreaming(engine, stream() as AsyncIterable<Uint8Array>);
    expect(expected.equals(module.serialize())).toBe(true);
  });

  it('a component', async () => {
    const text = pieces(Buffer.from(COMPONENT), 3);
    expect((await Component.compileStreaming(engine, text)).exports).toEqual([]);
  });

  it.each([
    ['nothing', undefined],
    ['bytes', bytes],
    ['a string', ADD],
    ['a response without a body', new Response(null)],
    [
      'pieces of text',
      (async function* () {
        yield 'x';
      })(),
    ],
  ])('rejects %s', async (_, stream) => {
    const error = await Module.compileStreaming(engine, stream as never).catch((error) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('rejects a response that is not ok, and what is no module', async () => {
    const missing = new Response('not found', { status: 404 });
    await expect(Module.compileStreaming(engine, missing)).rejects.toMatchObject({
      code: 'ERR_HTTP_STATUS',
      message: "stream: the response's status is 404",
    });
    const error = await Module.compileStreaming(engine, new Response('<html>')).catch((e) => e);
    expect(error).toBeInstanceOf(WasmtimeError);
    expect(error.code).toBe('ERR_INVALID_MODULE');
  });

  it('rejects with what the stream throws', async () => {
    const broken = new Error('connection lost');
    async function* stream() {
      yield bytes.subarray(0, 8);
      throw broken;
    }
    await expect(Module.compileStreaming(engine, stream())).rejects.toBe(broken);
    await expect(Module.compileStreaming(engine, Promise.reject(broken))).rejects.toBe(broken);
  });

  it('cancels the stream when it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let cancelled: unknown;
    const stream = new ReadableStream<Uint8Array>({
      pull: (queue) => queue.enqueue(bytes.subarray(0, 8)),
      cancel: (reason) => {
        cancelled = reason ?? 'cancelled';
      },
    });
    const compiled = Module.compileStreaming(engine, stream, { signal: controller.signal });
    await turn();
    controller.abort(reason);
    await expect(compiled).rejects.toBe(reason);
    await turn();
    expect(cancelled).toBeDefined();
    // One that never comes to anything.
    const never = new Promise<never>(() => {});
    const signal = AbortSignal.abort(reason);
    await expect(Module.compileStreaming(engine, never, { signal })).rejects.toBe(reason);
  });
});

it('ends Workers and the process while they compile', () => {
  const output = runNode(`
    import { Worker } from 'node:worker_threads';
    const source = \`const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.lib).then((lib) => {
        const engine = new lib.Engine();
        for (let i = 0; i < 4; i++) lib.Module.compileAsync(engine, workerData.text).catch(() => {});
        parentPort.postMessage('compiling');
      });\`;
    const workerData = { lib: 'LIB', text: (${large})(20) };
    for (let i = 0; i < 4; i++) {
      const worker = new Worker(source, { eval: true, execArgv: [], workerData });
      await new Promise((resolve) => worker.once('message', resolve));
      // Nothing else in the process has loaded the addon.
      if (i < 3) await worker.terminate();
    }
    console.log('sound');
    process.exit();`);
  expect(output).toBe('sound\n');
});

it('keeps the process alive until it is done', () => {
  const output = runNode(`
    import { Engine, Module } from 'LIB';
    const module = await Module.compileAsync(new Engine(), (${large})(5));
    console.log(module.exports.length);`);
  expect(output).toBe('0\n');
});
