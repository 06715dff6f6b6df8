import { describe, expect, it } from 'vitest';
import { Memory, Module, WasmtimeError } from '../../lib/index.js';
import { expectError, start, world } from './support.js';

const PAGE = 65_536;

describe('a memory', () => {
  it('starts with zeros, and grows up to its maximum', () => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 1, maximum: 3 });
    expect(memory.store).toBe(store);
    expect([memory.size(store), memory.dataSize(store)]).toEqual([1, PAGE]);
    expect(memory.read(store, 0, PAGE).every((byte) => byte === 0)).toBe(true);
    expect(memory.grow(store, 1)).toBe(1);
    expect(memory.grow(store, 0)).toBe(2);
    const error = expectError(WasmtimeError, 'ERR_MEMORY_GROW', () => memory.grow(store, 2));
    expect(error.message).toBe('failed to grow memory by `2`');
    expect(memory.size(store)).toBe(2);
    expect(memory.grow(store, 1)).toBe(2);
    expect(memory.dataSize(store)).toBe(3 * PAGE);
  });

  it('may be empty', () => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 0 });
    expect(memory.dataSize(store)).toBe(0);
    expect(memory.read(store, 0, 0)).toEqual(new Uint8Array(0));
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.read(store, 0, 1));
    memory.grow(store, 1);
    memory.read(store, 0, 1);
  });

  it('reads and writes copies, up to its very end', () => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 1 });
    const bytes = Uint8Array.of(1, 2, 3);
    memory.write(store, PAGE - 3, bytes);
    bytes.fill(9);
    const read = memory.read(store, PAGE - 4, 4);
    expect([...read]).toEqual([0, 1, 2, 3]);
    read.fill(7);
    expect([...memory.read(store, PAGE - 4, 4)]).toEqual([0, 1, 2, 3]);
    memory.write(store, 5, Uint8Array.of(4, 5, 6).buffer);
    memory.write(store, 8, Buffer.from('xyz').subarray(1));
    expect([...memory.read(store, 5, 5)]).toEqual([4, 5, 6, 121, 122]);
    memory.write(store, PAGE, new Uint8Array(0));
    expect(memory.read(store, PAGE, 0)).toHaveLength(0);
  });

  it.each([
    [PAGE, 1],
    [PAGE - 1, 2],
    [0, PAGE + 1],
    [PAGE + 1, 0],
    [2 ** 32, 1],
    [2 ** 32, 0],
    [0, Number.MAX_SAFE_INTEGER],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('has nothing at %i + %i', (offset, length) => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 1 });
    const error = expectError(RangeError, 'ERR_OUT_OF_RANGE', () =>
      memory.read(store, offset, length),
    );
    expect(error.message).toBe(
      `offset: expected ${length} bytes within the memory's 65536, got ${offset}`,
    );
    if (length > 2 * PAGE) return;
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () =>
      memory.write(store, offset, new Uint8Array(length).fill(1)),
    );
    // Nothing of it was written.
    expect(memory.read(store, 0, PAGE).every((byte) => byte === 0)).toBe(true);
  });

  it('is that of the guest', () => {
    const guest = start(`(module
      (memory (export "memory") 1)
      (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
      (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);
    const { store, instance } = guest;
    const memory = instance.getMemory(store, 'memory');
    memory.write(store, 4, Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    expect(guest.call('load', 4)).toBe(0x12345678);
    guest.call('store', 8, 0x0a0b0c0d);
    expect([...memory.read(store, 8, 4)]).toEqual([0x0d, 0x0c, 0x0b, 0x0a]);
    expect(guest.call('grow', 2)).toBe(1);
    expect(memory.size(store)).toBe(3);
  });

  it('with 64-bit addresses', () => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 1, index64: true });
    memory.write(store, 10, Uint8Array.of(1));
    expect(memory.read(store, 10, 1)[0]).toBe(1);
    expect(memory.grow(store, 1)).toBe(1);
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () => memory.read(store, 2 ** 40, 1));
  });

  it.each([
    [{ minimum: 65_537 }, /too large/],
    [{ minimum: 2, maximum: 1 }, /maximum page size cannot be smaller/],
    [{ minimum: Number.MAX_SAFE_INTEGER, index64: true }, /must fit in a u64/],
    [{ minimum: 2 ** 44, index64: true }, /mmap failed|failed to allocate|exceeds/],
  ])('cannot be %j', (type, message) => {
    const { store } = world();
    const error = expectError(WasmtimeError, 'ERR_WASMTIME', () => Memory.create(store, type));
    expect(error.message).toMatch(message);
    Memory.create(store, { minimum: 1 });
  });

  it('tells its type', () => {
    const { engine, store } = world({ wasmCustomPageSizes: true });
    expect(Memory.create(store, { minimum: 1 }).type(store)).toEqual({
      minimum: 1,
      maximum: undefined,
      index64: false,
      shared: false,
      pageSize: PAGE,
    });
    const small = Memory.create(store, { minimum: 5, maximum: 9, pageSize: 1, index64: true });
    expect(small.type(store)).toMatchObject({ maximum: 9, index64: true, pageSize: 1 });
    expect([small.grow(store, 2), small.dataSize(store)]).toEqual([5, 7]);
    const wat = '(module (import "a" "b" (memory 5 (pagesize 1))))';
    expect(Module.compile(engine, wat).imports[0]?.type).toMatchObject({ pageSize: 1 });
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () =>
      Memory.create(store, { minimum: 1, pageSize: 2 }),
    );
  });
});
