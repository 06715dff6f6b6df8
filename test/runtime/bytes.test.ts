// Bytes and arrays of the caller's that aren't what they look like.
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as lib from '../../lib/index.js';

// biome-ignore lint/suspicious/noExplicitAny: what a program without types does.
type Loose = any;

const WASM = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const engine = new lib.Engine();

function codeOf(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    return `${(error as Error).name} ${(error as { code?: string }).code}`;
  }
}

function setup() {
  const store = new lib.Store(engine);
  const module = lib.Module.compile(
    engine,
    `(module (memory (export "m") 1)
      (func (export "pair") (param i32 v128) (result i32) (local.get 0))
      (func (export "id") (param v128) (result v128) (local.get 0)))`,
  );
  const instance = new lib.Linker(engine).instantiate(store, module);
  const component = lib.Component.compile(
    engine,
    `(component
      (core module $m (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "first") (param i32 i32) (result i32)
          (i32.add (i32.mul (local.get 1) (i32.const 1000)) (i32.load8_u (local.get 0)))))
      (core instance $i (instantiate $m))
      (func (export "first") (param "l" (list u8)) (result u32) (canon lift
        (core func $i "first") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))`,
  );
  const first = new lib.ComponentLinker(engine)
    .instantiate(store, component)
    .getFunc(store, 'first');
  return { store, memory: instance.getMemory(store, 'm'), instance, first };
}

function detached(bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  const array = new Uint8Array(bytes);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

describe('arguments that run code while they are read', () => {
  it('a vector’s getters don’t, so an earlier argument stays', () => {
    const { store, instance } = setup();
    const other = lib.Func.wrap(store, { params: ['i32'], results: [] }, () => {});
    class Vector extends Uint8Array {
      override get length(): number {
        other.call(store, 99);
        return 16;
      }
      override get byteLength(): number {
        other.call(store, 98);
        return 16;
      }
    }
    const pair = instance.getFunc(store, 'pair');
    const vector = new Vector(16);
    Object.defineProperty(vector, Symbol.iterator, { value: () => other.call(store, 97) });
    expect(pair.call(store, 7, vector)).toBe(7);
    class Short extends Uint8Array {
      override get length(): number {
        return 16;
      }
    }
    expect(codeOf(() => pair.call(store, 7, new Short(3)))).toBe('RangeError ERR_OUT_OF_RANGE');
  });

  it('a function’s type is read once', () => {
    const store = new lib.Store(engine);
    let reads = 0;
    const type: Loose = {
      results: ['i32'],
      get params() {
        return reads++ === 0 ? ['i32'] : ['externref', 'f64'];
      },
    };
    const func = lib.Func.wrap(store, type, (_caller, value) => value as number);
    expect(reads).toBe(1);
    expect(func.type.params).toEqual(['i32']);
    expect(func.call(store, 7)).toBe(7);
    reads = 0;
    const linker = new lib.Linker(engine).funcWrap(
      'a',
      'b',
      type,
      (_caller, value) => value as number,
    );
    expect((linker.get(store, 'a', 'b') as lib.Func).call(store, 8)).toBe(8);
  });

  it('a list’s length is a number, whatever a proxy says, and no map says what its pairs are', () => {
    const { store, first } = setup();
    for (const length of [1.5, -1, Number.NaN, '2', 2 ** 40]) {
      const list = new Proxy([7, 8], {
        get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)),
      });
      expect(codeOf(() => first.call(store, list))).toBe('RangeError ERR_OUT_OF_RANGE');
      expect(codeOf(() => new lib.WasiConfig({ args: list as Loose }))).toMatch(/ERR_/);
    }
    const list = new Proxy([7, 8], {});
    expect(first.call(store, list)).toBe(2007);
    expect(codeOf(() => new lib.WasiConfig({ args: new Array(2 ** 32 - 1) }))).toBe(
      'RangeError ERR_OUT_OF_RANGE',
    );
  });
});

describe('bytes', () => {
  it('whose buffer was transferred are refused', () => {
    const { store, memory, instance, first } = setup();
    const gone = 'TypeError ERR_DETACHED';
    expect(codeOf(() => memory.write(store, 0, detached([1])))).toBe(gone);
    expect(codeOf(() => memory.write(store, 0, detached([1]).buffer))).toBe(gone);
    expect(codeOf(() => lib.Module.compile(engine, detached(WASM)))).toBe(gone);
    expect(codeOf(() => first.call(store, detached([1, 2])))).toBe(gone);
    expect(codeOf(() => new lib.WasiConfig({ stdin: detached([1]) }))).toBe(gone);
    const stdin = new Uint8Array([1]);
    const config = new lib.WasiConfig({ stdin });
    structuredClone(stdin.buffer, { transfer: [stdin.buffer] });
    expect(codeOf(() => store.setWasi(config))).toBe(gone);
    const vector = detached(new Array(16).fill(0));
    expect(codeOf(() => instance.getFunc(store, 'id').call(store, vector))).toBe(
      'RangeError ERR_OUT_OF_RANGE',
    );
  });

  it('may be none', () => {
    const { store, memory, first } = setup();
    memory.write(store, 0, new Uint8Array(0));
    memory.write(store, 0, new ArrayBuffer(0));
    expect(first.call(store, new Uint8Array(0))).toBe(0);
  });

  it('that are no longer within a buffer that shrank are refused', () => {
    const { store, memory } = setup();
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resize(length: number): void };
    const buffer = new Resizable(8, { maxByteLength: 16 });
    const bytes = new Uint8Array(buffer, 4, 4);
    buffer.resize(2);
    expect(codeOf(() => memory.write(store, 0, bytes))).toBe('TypeError ERR_DETACHED');
  });

  it('that only look so are refused', () => {
    const { store, memory, first } = setup();
    const fakes: Loose[] = [
      Object.create(Uint8Array.prototype),
      new Proxy(new Uint8Array(WASM), {}),
      { __proto__: Uint8Array.prototype, length: 8, buffer: new ArrayBuffer(8) },
      new Uint16Array(4),
      new SharedArrayBuffer(8),
    ];
    const wrong = 'TypeError ERR_INVALID_ARG_TYPE';
    for (const fake of fakes) {
      expect(codeOf(() => memory.write(store, 0, fake))).toBe(wrong);
      expect(codeOf(() => lib.Module.compile(engine, fake))).toBe(wrong);
      expect(codeOf(() => first.call(store, fake))).toBe(wrong);
    }
    // A list of bytes may be of any view that has no type of its own.
    const view: Loose = new DataView(new ArrayBuffer(8));
    expect(codeOf(() => memory.write(store, 0, view))).toBe(wrong);
    expect(codeOf(() => lib.Module.compile(engine, view))).toBe(wrong);
    expect(first.call(store, view)).toBe(8000);
  });

  it('that other threads may change are copied', () => {
    const { store, memory } = setup();
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    shared.set(WASM);
    expect(lib.Module.compile(engine, shared).exports).toEqual([]);
    memory.write(store, 3, shared as Loose);
    expect([...memory.read(store, 3, 8)]).toEqual(WASM);
  });

  it('are what they are, whatever their properties say', () => {
    const { store, memory } = setup();
    const bytes = Object.defineProperties(new Uint8Array([1, 2, 3]), {
      length: { value: 1000 },
      byteLength: { value: 1000 },
      byteOffset: { value: 64 },
      buffer: { value: new ArrayBuffer(1000) },
    });
    memory.write(store, 0, bytes);
    expect([...memory.read(store, 0, 4)]).toEqual([1, 2, 3, 0]);
  });
});

describe('values of another realm', () => {
  const realm = vm.createContext({ URL: undefined });
  const of = (code: string): Loose => vm.runInContext(code, realm);

  it('are taken', async () => {
    const { store, memory, instance, first } = setup();
    expect(new lib.Engine(of('({ epochInterruption: true })')).isPulley).toBe(false);
    for (const bytes of [of(`new Uint8Array([${WASM}])`), of(`new Uint8Array([${WASM}]).buffer`)]) {
      expect(lib.Module.compile(engine, bytes).exports).toEqual([]);
    }
    expect(instance.getFunc(store, 'pair').call(store, 7, of('new Uint8Array(16)'))).toBe(7);
    memory.write(store, 0, of('new Uint8Array([1, 2, 3])'));
    expect([...memory.read(store, 0, 3)]).toEqual([1, 2, 3]);
    expect(first.call(store, of('new Uint8Array([7, 8])'))).toBe(2007);
    expect(first.call(store, of('[7, 8]'))).toBe(2007);
    new lib.WasiConfig(of("({ args: ['a'], env: { A: '1' }, stdin: new Uint8Array([1]) })"));
    const module = lib.Module.compile(engine, '(module (func (export "f")))');
    const rules = of("[{ category: 'x', color: 'red', name: /a/ }]");
    const symbols = of(`({ debugInfo: new Uint8Array([${WASM}]) })`);
    const profiler = new lib.GuestProfiler('p', 1, [['m', module, symbols]], { categories: rules });
    const bytes = await profiler.finishProfile().write();
    const read = of('(bytes) => new Uint8Array(bytes)')([...bytes]);
    expect((await lib.FinishedProfile.read(read)).samples).toBe(0);
  });

  it('a URL and a signal of another implementation are too', async () => {
    const href = new URL('../guests/wat/loops.wat', import.meta.url).href;
    const url: Loose = { href, protocol: 'file:', toString: () => href };
    expect(lib.Module.fromFile(engine, url).imports).toBeDefined();
    const signal: Loose = Object.assign(new EventTarget(), {
      aborted: true,
      reason: new Error('mine'),
    });
    const { store, instance } = setup();
    const call = instance.getFunc(store, 'id').callAsync(store, new Uint8Array(16), { signal });
    await expect(call).rejects.toBe(signal.reason);
  });
});
