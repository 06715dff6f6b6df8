import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Engine, Linker, Module, Store, WasiConfig, type WasiInput } from '../../lib/index.js';
import { collectUntil, expectMisuse, guestPath, rejection, thrownBy } from './support.js';

const engine = new Engine();
const linker = new Linker(engine).addWasiAsync();
const endings = Module.fromFile(engine, guestPath('c/endings.wasm'));

/** Runs the program that reads all of its stdin; what it says of it. */
async function run(stdin: WasiInput, store = new Store(engine)): Promise<string> {
  store.setWasi(new WasiConfig({ args: ['endings', 'stdin'], stdin, stdout: 'capture' }));
  const instance = await linker.instantiateAsync(store, endings);
  await instance.getFunc(store, '_start').callAsync(store);
  return Buffer.from(store.wasiOutput('stdout') as Uint8Array).toString();
}

const TEXT = 'one line\nand another\n'.repeat(10_000);

describe('a stream as stdin', () => {
  it.each<[string, () => AsyncIterable<Uint8Array | string>]>([
    ['of bytes', () => Readable.from([Buffer.from(TEXT)])],
    ['of small pieces', () => Readable.from(TEXT.match(/.{1,997}/gs) as string[])],
    ['of text', () => Readable.from([Buffer.from(TEXT)]).setEncoding('utf8')],
    [
      'from a generator',
      async function* () {
        yield TEXT.slice(0, 5);
        yield new Uint8Array(0);
        await sleep(1);
        yield TEXT.slice(5);
      },
    ],
  ])('%s is what the guest reads', async (_, stream) => {
    const expected = await run(Buffer.from(TEXT));
    expect(expected).toContain(`length=${TEXT.length} `);
    expect(await run(stream())).toBe(expected);
  });

  it('may be empty', async () => {
    expect(await run(Readable.from([]))).toBe('endings stdin length=0 sum=00000000\n');
  });

  it('keeps the guest waiting, and nobody else', async () => {
    const stdin = new PassThrough();
    const [first, second] = [run(stdin), run(Readable.from(['other']))];
    expect(await second).toContain('length=5 ');
    stdin.write('a');
    await sleep(1);
    stdin.end('bc');
    expect(await first).toBe(await run(Buffer.from('abc')));
  });

  it('is read when the guest asks, and no further', async () => {
    let pulled = 0;
    async function* chunks() {
      for (;;) {
        pulled++;
        yield 'x';
      }
    }
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: ['endings'], stdin: chunks() }));
    const instance = await linker.instantiateAsync(store, endings);
    await instance.getFunc(store, '_start').callAsync(store);
    expect(pulled).toBe(0);
  });

  it('what it rejects with comes out of the call, the very same value', async () => {
    const error = { any: 'value' };
    async function* chunks() {
      yield 'some';
      throw error;
    }
    expect(await rejection(run(chunks()))).toBe(error);
    expect(await rejection(run(Readable.from([7])))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'a chunk of options.stdin: expected a Uint8Array or a string, got 7',
    });
  });

  it('an AbortSignal ends the wait', async () => {
    const store = new Store(engine);
    const stdin = new PassThrough();
    store.setWasi(new WasiConfig({ args: ['endings', 'stdin'], stdin }));
    const instance = await linker.instantiateAsync(store, endings);
    const controller = new AbortController();
    const call = instance.getFunc(store, '_start').callAsync(store, { signal: controller.signal });
    setImmediate(() => controller.abort());
    expect(await rejection(call)).toBe(controller.signal.reason);
    store.dispose();
    stdin.end('late');
    await sleep(1);
  });

  it('is released with the store', async () => {
    const refs = await (async () => {
      const stdin = Readable.from(['x']);
      const store = new Store(engine);
      await run(stdin, store);
      return [new WeakRef(stdin), new WeakRef(store)];
    })();
    expect(await collectUntil(() => refs.every((ref) => ref.deref() === undefined))).toBe(true);
  });
});

describe('a stream as stdin is for asynchronous calls', () => {
  it('so synchronous WASI is refused', () => {
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ stdin: new PassThrough() }));
    const sync = new Linker(engine).addWasi();
    expectMisuse('ERR_ASYNC_REQUIRED', () => sync.instantiate(store, endings));
    expectMisuse('ERR_ASYNC_REQUIRED', () => linker.instantiate(store, endings));
  });

  it('also where it comes after the instance: nothing hangs', async () => {
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: ['endings', 'stdin'] }));
    const instance = new Linker(engine).addWasi().instantiate(store, endings);
    store.setWasi(new WasiConfig({ args: ['endings', 'stdin'], stdin: new PassThrough() }));
    const start = instance.getFunc(store, '_start');
    expect(thrownBy(() => start.call(store))).toMatchObject({ code: 'ERR_ASYNC_REQUIRED' });
    expect(await rejection(start.callAsync(store))).toMatchObject({ code: 'ERR_ASYNC_REQUIRED' });
  });

  it('also in a synchronous call within an asynchronous one', async () => {
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: ['endings', 'stdin'], stdin: new PassThrough() }));
    const reader = await linker.instantiateAsync(store, endings);
    let thrown: unknown;
    const module = Module.compile(
      engine,
      '(module (import "a" "b" (func $b)) (func (export "f") (call $b)))',
    );
    const outer = new Linker(engine).funcWrap('a', 'b', { params: [], results: [] }, (caller) => {
      thrown = thrownBy(() => reader.getFunc(caller, '_start').call(caller));
    });
    const instance = await outer.instantiateAsync(store, module);
    await instance.getFunc(store, 'f').callAsync(store);
    expect(thrown).toMatchObject({ code: 'ERR_ASYNC_REQUIRED' });
  });
});
