import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  Engine,
  type Instance,
  Linker,
  type Memory,
  Module,
  Store,
  WasiConfig,
  WasiExit,
  type WasiOptions,
} from '../../lib/index.js';
import { collectUntil, expectMisuse, guestPath, thrownBy } from './support.js';

const engine = new Engine();
const linker = new Linker(engine).addWasi();
const endings = Module.fromFile(engine, guestPath('c/endings.wasm'));

/** A program that has started its work, or not yet. */
function program(args: string[], options: WasiOptions): { store: Store; instance: Instance } {
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: ['endings', ...args], ...options }));
  return { store, instance: linker.instantiate(store, endings) };
}

function run(args: string[], options: WasiOptions): void {
  const { store, instance } = program(args, options);
  instance.getFunc(store, '_start').call(store);
}

const text = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();

describe('a function takes what the guest writes', () => {
  it('as it writes it, and each stream on its own', () => {
    const out: Uint8Array[] = [];
    run(['chatter', '3'], { stdout: (bytes) => out.push(bytes) });
    expect(out.length).toBeGreaterThanOrEqual(3);
    expect(text(out)).toBe('line 0 3142\nline 1 3142\nline 2 3142\n');
    const err: Uint8Array[] = [];
    run(['stderr', '1'], {
      stdout: () => expect.unreachable(),
      stderr: (bytes) => err.push(bytes),
    });
    expect(text(err)).toBe('endings stderr steps=3142\n');
  });

  it('also before an exit', () => {
    const out: Uint8Array[] = [];
    const error = thrownBy(() => run(['exit', '7'], { stdout: (bytes) => out.push(bytes) }));
    expect(error).toBeInstanceOf(WasiExit);
    expect(text(out)).toBe('endings exit steps=9426000\n');
  });

  it('and may keep it', () => {
    const out: Uint8Array[] = [];
    const { store, instance } = program([], { stdout: (bytes) => out.push(bytes) });
    instance.getFunc(store, '_start').call(store);
    store.dispose();
    expect(text(out)).toBe('0: endings\n');
  });

  it('what it throws unwinds the guest, the very same value', () => {
    const thrown = { any: 'value' };
    let calls = 0;
    const stdout = () => {
      calls++;
      throw thrown;
    };
    expect(thrownBy(() => run(['chatter', '3'], { stdout }))).toBe(thrown);
    expect(calls).toBe(1);
  });

  it('may use the store, and run another guest meanwhile', () => {
    const seen: unknown[] = [];
    const { store, instance } = program(['chatter', '2'], {
      stdout: () => {
        seen.push((instance.getExport(store, 'memory') as Memory).size(store) > 0);
        run(['chatter', '1'], { stdout: (bytes) => seen.push(text([bytes])) });
        expectMisuse('ERR_STORE_IN_USE', () => store.dispose());
      },
    });
    instance.getFunc(store, '_start').call(store);
    expect(seen.filter((value) => value === true).length).toBeGreaterThanOrEqual(2);
    expect(seen.filter((value) => typeof value === 'string').join('')).toContain('line 0 3142\n');
  });

  it('of an asynchronous call', async () => {
    const asyncLinker = new Linker(engine).addWasiAsync();
    const store = new Store(engine);
    const out: Uint8Array[] = [];
    const stdout = (bytes: Uint8Array) => void out.push(bytes);
    store.setWasi(new WasiConfig({ args: ['endings', 'chatter', '3'], stdout }));
    const instance = await asyncLinker.instantiateAsync(store, endings);
    await instance.getFunc(store, '_start').callAsync(store);
    expect(text(out)).toBe('line 0 3142\nline 1 3142\nline 2 3142\n');
  });

  it('is released with the store', async () => {
    const refs = (() => {
      const stdout = () => {};
      const { store, instance } = program([], { stdout });
      instance.getFunc(store, '_start').call(store);
      return [new WeakRef(stdout), new WeakRef(store)];
    })();
    expect(await collectUntil(() => refs.every((ref) => ref.deref() === undefined))).toBe(true);
  });

  it('of the newest configuration', () => {
    const out: string[] = [];
    const { store, instance } = program([], { stdout: () => out.push('old') });
    store.setWasi(new WasiConfig({ args: ['a'], stdout: () => out.push('new') }));
    instance.getFunc(store, '_start').call(store);
    expect(new Set(out)).toEqual(new Set(['new']));
    out.length = 0;
    store.setWasi(new WasiConfig({ args: ['a'] }));
    linker.instantiate(store, endings).getFunc(store, '_start').call(store);
    expect(out).toEqual([]);
  });
});

describe('a stream takes what the guest writes', () => {
  it('at its own pace, and stays open', async () => {
    const out: Uint8Array[] = [];
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk, _encoding, done) {
        out.push(chunk);
        setImmediate(done);
      },
    });
    run(['chatter', '20'], { stdout, stderr: stdout });
    expect(stdout.writableEnded).toBe(false);
    await new Promise<void>((resolve) => stdout.end(resolve));
    expect(text(out).split('\n')).toHaveLength(21);
    expect(text(out)).toMatch(/^line 0 3142\n.*line 19 3142\n$/s);
  });

  it('is a Writable', () => {
    for (const stdout of [{ write: 1 }, { end() {} }, 7]) {
      expectMisuse('ERR_INVALID_ARG_TYPE', () => new WasiConfig({ stdout: stdout as never }));
    }
  });
});
