import { expect, test } from 'vitest';
import {
  Engine,
  Linker,
  Memory,
  Module,
  type ResourceLimiter,
  Store,
  Table,
  Trap,
  WasmtimeError,
} from '../../lib/index.js';
import { expectError, expectMisuse, start, thrownBy, world } from './support.js';

const GROW = `(module (memory 1) (table 1 8 funcref)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "growTable") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))`;

function limited(limiter: ResourceLimiter) {
  const parts = world();
  parts.store.limiter(limiter);
  return start(GROW, {}, parts);
}

test('a guest grows up to the limits', () => {
  const guest = limited({ memorySize: 2 * 65536, tableElements: 3 });
  expect([1, 1].map((n) => guest.call('grow', n))).toEqual([1, -1]);
  expect([2, 1].map((n) => guest.call('growTable', n))).toEqual([1, -1]);
  expectError(WasmtimeError, 'ERR_INSTANTIATE', () =>
    start('(module (memory 3))', {}, { ...guest }),
  );
  expectError(WasmtimeError, 'ERR_WASMTIME', () => Memory.create(guest.store, { minimum: 3 }));
});

test('or traps beyond them', () => {
  const guest = limited({ memorySize: 65536, trapOnGrowFailure: true });
  const error = expectError(WasmtimeError, 'ERR_WASMTIME', () => guest.call('grow', 1));
  expect(error.message).toMatch(/forcing trap when growing memory to 131072 bytes/);
});

test('instances, memories and tables are counted', () => {
  for (const limits of [{ instances: 1 }, { memories: 1 }, { tables: 1 }]) {
    const guest = limited(limits);
    expectError(WasmtimeError, 'ERR_INSTANTIATE', () => start(GROW, {}, { ...guest }));
  }
  expectError(WasmtimeError, 'ERR_INSTANTIATE', () => limited({ instances: 0 }));
});

test('a pool of so many instances holds so many guests', () => {
  const engine = new Engine({
    poolingAllocator: { totalCoreInstances: 3, totalMemories: 3, totalTables: 3 },
  });
  const module = Module.compile(
    engine,
    '(module (memory 1) (func (export "f") (result i32) (i32.const 1)))',
  );
  const linker = new Linker(engine);
  // Stores take none themselves.
  const idle = Array.from({ length: 10 }, () => new Store(engine));
  const stores = [1, 2, 3].map(() => new Store(engine));
  for (const store of stores) {
    expect(linker.instantiate(store, module).getFunc(store, 'f').call(store)).toBe(1);
  }
  expectError(WasmtimeError, 'ERR_INSTANTIATE', () => linker.instantiate(idle[0] as Store, module));
  stores[0]?.dispose();
  linker.instantiate(idle[0] as Store, module);
  for (const store of [...idle, ...stores]) store.dispose();
  engine.dispose();
});

test('callbacks are asked for what is within the limits', () => {
  const asked: unknown[] = [];
  const guest = limited({
    memorySize: 4 * 65536,
    memoryGrowing: (...args) => asked.push(args) !== 3,
    tableGrowing: (...args) => asked.push(args) > 0,
  });
  expect(asked).toEqual([
    [0, 65536, 2 ** 32],
    [0, 1, 8],
  ]);
  expect(guest.call('grow', 1)).toBe(-1);
  expect(guest.call('grow', 2)).toBe(1);
  expect(guest.call('grow', 2)).toBe(-1);
  expect(guest.call('growTable', 1)).toBe(1);
  expect(asked.slice(2)).toEqual([
    [65536, 2 * 65536, 2 ** 32],
    [65536, 3 * 65536, 2 ** 32],
    [1, 2, 8],
  ]);
});

test('what a callback throws comes out of the outer call', () => {
  const reason = { no: 'memory' };
  const fail = () => {
    throw reason;
  };
  const parts = world();
  const guest = start(GROW, {}, parts);
  parts.store.limiter({ memoryGrowing: fail, tableGrowing: fail });
  expect(thrownBy(() => guest.call('grow', 1))).toBe(reason);
  expect(thrownBy(() => guest.call('growTable', 1))).toBe(reason);
  expect(thrownBy(() => Table.create(parts.store, { element: 'funcref', minimum: 1 }))).toBe(
    reason,
  );
  expect(guest.call('grow', 0)).toBe(1);
});

test('the store can not be used or limited meanwhile', () => {
  const parts = world();
  const guest = start(GROW, {}, parts);
  const errors: unknown[] = [];
  parts.store.limiter({
    memoryGrowing: () => {
      errors.push(thrownBy(() => guest.call('grow', 0)));
      errors.push(thrownBy(() => parts.store.limiter({})));
      errors.push(thrownBy(() => parts.store.dispose()));
      return true;
    },
  });
  expect(guest.call('grow', 1)).toBe(1);
  expect(errors).toMatchObject(Array(3).fill({ code: 'ERR_STORE_IN_USE' }));
});

test('misuse', () => {
  const { store } = world();
  const limit = (limiter: object) => () => store.limiter(limiter);
  expectMisuse('ERR_INVALID_ARG_VALUE', limit({ memory: 1 }));
  expectMisuse('ERR_INVALID_ARG_TYPE', limit({ memoryGrowing: true }));
  expectMisuse('ERR_INVALID_ARG_TYPE', limit({ trapOnGrowFailure: 1 }));
  expectError(RangeError, 'ERR_OUT_OF_RANGE', limit({ instances: -1 }));
  const parts = world();
  const guest = start(GROW, {}, parts);
  parts.store.limiter({ memoryGrowing: (() => 'yes') as never });
  expectMisuse('ERR_INVALID_ARG_TYPE', () => guest.call('grow', 1));
  store.dispose();
  expectMisuse('ERR_DISPOSED', limit({}));
});

test('an endless recursion is a trap', () => {
  const guest = start('(module (func $f (export "f") (call $f)))');
  expect(expectError(Trap, 'ERR_WASM_TRAP', () => guest.call('f')).trapCode).toBe('StackOverflow');
});
