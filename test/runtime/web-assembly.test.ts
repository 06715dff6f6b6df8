// Instances for glue code that was written for JavaScript's own WebAssembly, which is asked the same.
import { describe, expect, it } from 'vitest';
import { Engine, Module, Store, Trap, toWebAssembly } from '../../lib/index.js';
import { expectError } from './support.js';

const GUEST = `(module
  (import "env" "log" (func $log (param i32 i64 f64) (result i32)))
  (import "env" "pair" (func $pair (result i32 i64)))
  (memory (export "memory") 1 4)
  (table (export "table") 2 funcref)
  (global (export "g") (mut i32) (i32.const 1))
  (elem (i32.const 0) $add)
  (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "log") (param i32 i64 f64) (result i32)
    (call $log (local.get 0) (local.get 1) (local.get 2)))
  (func (export "pair") (result i32 i64) (call $pair))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "grow_and_log") (result i32)
    (drop (memory.grow (i32.const 1)))
    (call $log (i32.const 1) (i64.const 2) (f64.const 3)))
  (func (export "trap") unreachable)
  (func (export "call") (param i32) (result i32)
    (call_indirect (param i32 i32) (result i32) (i32.const 5) (i32.const 6) (local.get 0))))`;

/** Of one function, `add`. */
const ADD = '0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b';

function adapt(imports: Record<string, (...args: unknown[]) => unknown> = {}) {
  const engine = new Engine();
  const store = new Store(engine);
  const env = { log: () => 0, pair: () => [1, 2n], ...imports };
  const { Instance } = toWebAssembly(store);
  return { engine, store, ...new Instance(Module.compile(engine, GUEST), { env }) };
}

describe('toWebAssembly', () => {
  it('converts values as WebAssembly does', () => {
    const seen: unknown[] = [];
    const { exports } = adapt({
      log: (...args) => {
        seen.push(args);
        return '4294967297.5';
      },
      pair: () => new Set([2 ** 32 + 7, -1n]),
    });
    expect(exports['add'](2 ** 32 + 1, -3.7)).toBe(-2);
    expect(exports['add']('4')).toBe(4);
    expect(exports['add'](1, 2, 3, 4)).toBe(3);
    expect(exports['log'](2 ** 31, 2n ** 64n + 5n, undefined)).toBe(1);
    expect(seen).toEqual([[-(2 ** 31), 5n, Number.NaN]]);
    expect(exports['pair']()).toEqual([7, -1n]);
    expect(() => exports['log'](1, 1)).toThrow(TypeError);
    exports['g'].value = 2 ** 32 + 9;
    expect(exports['g'].value).toBe(9);
    expect(() => exports['trap']()).toThrow(Trap);
  });

  it('leaves no bytes in an old buffer of a memory that has grown', () => {
    let within = -1;
    const { exports } = adapt({
      log: () => {
        within = view.byteLength;
        return 0;
      },
    });
    const { memory } = exports;
    let view = new Uint8Array(memory.buffer);
    expect(view).toHaveLength(65_536);
    expect(memory.buffer).toBe(view.buffer);
    view[3] = 7;
    exports['grow']();
    expect(view.byteLength).toBe(0);
    view = new Uint8Array(memory.buffer);
    expect([view.length, view[3]]).toEqual([2 * 65_536, 7]);
    exports['grow_and_log']();
    expect(within).toBe(0);
    view = new Uint8Array(memory.buffer);
    expect(memory.grow(1)).toBe(3);
    expect(view.byteLength).toBe(0);
    expect(memory.buffer.byteLength).toBe(4 * 65_536);
    expect(exports['grow']()).toBe(-1);
  });

  it('gives one object for each item, in tables too', () => {
    const { exports, engine, store } = adapt();
    const { table, add } = exports;
    expect(table.length).toBe(2);
    expect(table.get(0)).toBe(add);
    expect(table.get(1)).toBeNull();
    table.set(1, add);
    expect(table.get(1)).toBe(add);
    expect(exports['call'](1)).toBe(11);
    expect(table.grow(1)).toBe(2);
    expect(table.length).toBe(3);
    const other = Module.compile(
      engine,
      `(module
        (import "a" "add" (func $add (param i32 i32) (result i32)))
        (import "a" "memory" (memory 1))
        (export "add" (func $add))
        (func (export "seven") (result i32)
          (i32.store8 (i32.const 0) (i32.const 7))
          (call $add (i32.const 3) (i32.const 4))))`,
    );
    const { exports: others } = new (toWebAssembly(store).Instance)(other, { a: exports });
    expect(others['seven']()).toBe(7);
    expect(new Uint8Array(exports['memory'].buffer)[0]).toBe(7);
  });

  it('refuses imports that are none', () => {
    const engine = new Engine();
    const store = new Store(engine);
    const module = Module.compile(engine, GUEST);
    const { Instance } = toWebAssembly(store);
    expectError(
      TypeError,
      'ERR_INVALID_ARG_TYPE',
      () => new Instance(module, { env: { log: 1 } as never }),
    );
    expect(() => new Instance(module)).toThrow('env::log');
  });

  it('has the classes that glue code makes objects of', async () => {
    const store = new Store(new Engine());
    const wasm = toWebAssembly(store);
    expect(toWebAssembly(store)).toBe(wasm);
    const memory = new wasm.Memory({ initial: 1, maximum: 2 });
    const table = new wasm.Table({ element: 'anyfunc', initial: 2 });
    const base = new wasm.Global({ value: 'i32', mutable: true }, 7);
    const none = new wasm.Global({ value: 'i64' });
    expect([memory.buffer.byteLength, table.length, base.value, none.value]).toEqual([
      65_536,
      2,
      7,
      0n,
    ]);
    const bytes = Uint8Array.from(Buffer.from(ADD, 'hex'));
    const { module, instance } = await wasm.instantiate(bytes);
    expect(instance).toBeInstanceOf(wasm.Instance);
    expect(module).toBeInstanceOf(wasm.Module);
    expect(wasm.Module.exports(module)).toContainEqual({ name: 'add', kind: 'function' });
    const named = new wasm.Module(Uint8Array.from(Buffer.from(`${ADD}0004016e0102`, 'hex')));
    const sections = wasm.Module.customSections(named, 'n');
    expect(sections.map((section) => [...new Uint8Array(section)])).toEqual([[1, 2]]);
    expect(wasm.Module.customSections(named, 'm')).toEqual([]);
    expect(memory).toBeInstanceOf(wasm.Memory);
    expect(Object.prototype.toString.call(memory)).toBe('[object WebAssembly.Memory]');
    const user = new wasm.Instance(
      Module.compile(
        store.engine,
        `(module (import "e" "memory" (memory 1)) (import "e" "table" (table 2 funcref))
          (import "e" "base" (global $base (mut i32))) (import "e" "top" (global $top i32))
          (func $f (export "f") (result i32) (i32.add (global.get $base) (global.get $top)))
          (export "memory" (memory 0)) (func (export "trap") unreachable)
          (elem (i32.const 1) $f))`,
      ),
      { e: { memory, table, base, top: 4 } },
    );
    expect(user.exports['memory']).toBe(memory);
    expect(table.get(1)).toBe(user.exports['f']);
    base.value = 5;
    expect(table.get(1)()).toBe(9);
    expect(() => user.exports['trap']()).toThrow(wasm.RuntimeError);
    expect(new wasm.RuntimeError('Aborted')).toBeInstanceOf(wasm.RuntimeError);
    expect(new Error('other')).not.toBeInstanceOf(wasm.RuntimeError);
    expect(() => table.set(0, (() => {}) as never)).toThrow(TypeError);
  });
});
