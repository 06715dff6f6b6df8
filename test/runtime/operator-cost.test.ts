import { expect, test } from 'vitest';
import type { Config } from '../../lib/index.js';
import { expectError, expectMisuse, start, world } from './support.js';

test('operators cost what the engine says', () => {
  const wat = `(module (memory 1)
    (func (export "add") (result i32) (i32.add (i32.const 1) (i32.const 2)))
    (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))`;
  const cost = (config: Config, name: string, ...args: number[]) => {
    const guest = start(wat, {}, world({ consumeFuel: true, ...config }));
    guest.store.setFuel(100_000);
    guest.call(name, ...args);
    return 100_000n - guest.store.getFuel();
  };
  const usual = cost({}, 'add');
  expect(cost({ operatorCost: { I32Add: 1 } }, 'add')).toBe(usual);
  expect(cost({ operatorCost: { I32Add: 101, I32Const: 0 } }, 'add')).toBe(usual + 100n - 2n);
  const perByte = { operatorCost: { variable: { memoryFillPerByte: 3 } } };
  expect(cost(perByte, 'fill', 100) - cost(perByte, 'fill', 0)).toBe(300n);
  const bad = (operatorCost: unknown) => () => {
    world({ operatorCost } as Config);
  };
  const error = expectMisuse('ERR_INVALID_ARG_VALUE', bad({ I32Plus: 1 }));
  expect(error.message).toBe("config.operatorCost: no operator 'I32Plus'");
  expectMisuse('ERR_INVALID_ARG_VALUE', bad({ variable: { perByte: 1 } }));
  expectMisuse('ERR_INVALID_ARG_TYPE', bad({ I32Add: '1' }));
  expectMisuse('ERR_INVALID_ARG_TYPE', bad(1));
  expectError(RangeError, 'ERR_OUT_OF_RANGE', bad({ I32Add: 256 }));
  expectError(RangeError, 'ERR_OUT_OF_RANGE', bad({ variable: { memoryFillPerByte: -1 } }));
});
