import { expect, test } from 'vitest';
import { Trap, WasmtimeError } from '../../lib/index.js';
import { expectError, expectMisuse, start, world } from './support.js';

const LOOP = `(module (func (export "f") (param i32)
  (loop $l (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0)))))`;

test('a store has no fuel at first, and traps when it is out of it', () => {
  const guest = start(LOOP, {}, world({ consumeFuel: true }));
  expect(guest.store.getFuel()).toBe(0n);
  const trap = expectError(Trap, 'ERR_WASM_TRAP', () => guest.call('f', 1));
  expect(trap.trapCode).toBe('OutOfFuel');
});

test('the same work costs the same', () => {
  const costs = [1, 2].map(() => {
    const guest = start(LOOP, {}, world({ consumeFuel: true }));
    guest.store.setFuel(100_000);
    guest.call('f', 1000);
    return 100_000n - guest.store.getFuel();
  });
  expect(costs[0]).toBe(costs[1]);
  expect(costs[0]).toBeGreaterThan(1000n);
});

test('a host function can refuel its guest', () => {
  const parts = world({ consumeFuel: true });
  const refuel = `(module (import "env" "refuel" (func $r)) (func (export "f") (result i64)
    (local i64)
    (loop $l (call $r) (local.set 0 (i64.add (local.get 0) (i64.const 1)))
      (br_if $l (i64.lt_u (local.get 0) (i64.const 100)))) (local.get 0)))`;
  parts.store.setFuel(50);
  const guest = start(refuel, { refuel: [[], [], (c) => c.store.setFuel(50n)] }, parts);
  expect(guest.call('f')).toBe(100n);
});

test('all of 64 bits, and no more', () => {
  const { store } = world({ consumeFuel: true });
  store.setFuel(2n ** 64n - 1n);
  expect(store.getFuel()).toBe(2n ** 64n - 1n);
  expectError(RangeError, 'ERR_OUT_OF_RANGE', () => store.setFuel(2n ** 64n));
  expectError(RangeError, 'ERR_OUT_OF_RANGE', () => store.setFuel(-1));
  expectMisuse('ERR_INVALID_ARG_TYPE', () => store.setFuel('1' as never));
});

test('an engine without fuel, a store that is disposed', () => {
  const { store } = world();
  expectError(WasmtimeError, 'ERR_FUEL', () => store.setFuel(1));
  expectError(WasmtimeError, 'ERR_FUEL', () => store.getFuel());
  store.dispose();
  expectMisuse('ERR_DISPOSED', () => store.getFuel());
});
