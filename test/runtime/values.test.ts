import { describe, expect, it } from 'vitest';
import {
  Func,
  GcRef,
  Global,
  Module,
  Table,
  type ValType,
  WasmtimeError,
} from '../../lib/index.js';
import { expectError, expectMisuse, type Guest, start } from './support.js';

/**
 * Each value crosses four times: `same_i32(value)` calls `env.same_i32`, which gives it back.
 *
 *   JS ─ argument → wasm ─ argument → JS ─ result → wasm ─ result → JS
 */
const TYPES = ['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref'] as const;

function mirror(): { guest: Guest; seen: unknown[] } {
  const seen: unknown[] = [];
  const imports = TYPES.map(
    (t) => `(import "env" "same_${t}" (func $${t} (param ${t}) (result ${t})))`,
  );
  const exports = TYPES.map(
    (t) => `(func (export "same_${t}") (param ${t}) (result ${t}) (call $${t} (local.get 0)))`,
  );
  const hosts = Object.fromEntries(
    TYPES.map((t) => {
      const same = (_: unknown, value: unknown) => {
        seen.push(value);
        return value;
      };
      return [`same_${t}`, [[t], [t], same]] as const;
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: one function for all types.
  return { guest: start(`(module ${imports.join(' ')} ${exports.join(' ')})`, hosts as any), seen };
}

const MAX_I64 = 2n ** 63n - 1n;

describe('numbers, both ways', () => {
  it.each<[ValType, unknown, unknown]>([
    ['i32', 0, 0],
    ['i32', -1, -1],
    ['i32', 2 ** 31 - 1, 2 ** 31 - 1],
    ['i32', -(2 ** 31), -(2 ** 31)],
    // Unsigned values are the same bits.
    ['i32', 2 ** 31, -(2 ** 31)],
    ['i32', 2 ** 32 - 1, -1],
    ['i32', -0, 0],
    ['i64', 0n, 0n],
    ['i64', -1n, -1n],
    ['i64', MAX_I64, MAX_I64],
    ['i64', -MAX_I64 - 1n, -MAX_I64 - 1n],
    ['i64', MAX_I64 + 1n, -MAX_I64 - 1n],
    ['i64', 2n ** 64n - 1n, -1n],
    ['f32', 1.5, 1.5],
    ['f32', 0.1, Math.fround(0.1)],
    ['f32', -0, -0],
    ['f32', Number.NaN, Number.NaN],
    ['f32', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['f32', 1e300, Number.POSITIVE_INFINITY],
    ['f32', 2 ** -149, 2 ** -149],
    ['f64', 0.1, 0.1],
    ['f64', -0, -0],
    ['f64', Number.NaN, Number.NaN],
    ['f64', Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ['f64', Number.MAX_VALUE, Number.MAX_VALUE],
    ['f64', Number.MIN_VALUE, Number.MIN_VALUE],
  ])('%s %s', (type, given, expected) => {
    const { guest, seen } = mirror();
    // `toBe` tells -0 from 0 and takes NaN for itself.
    expect(guest.call(`same_${type}`, given)).toBe(expected);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBe(expected);
  });

  it('v128, as bytes in the order of memory', () => {
    const { guest, seen } = mirror();
    const given = Uint8Array.from({ length: 16 }, (_, i) => 251 - 7 * i);
    const result = guest.call('same_v128', given);
    expect(result).toEqual(given);
    expect(seen).toEqual([given]);
    // Copies all of them: nothing that is handed out changes later.
    expect(result).not.toBe(given);
    given.fill(0);
    guest.call('same_v128', given);
    expect(result[0]).toBe(251);
    expect((seen[0] as Uint8Array)[0]).toBe(251);
  });

  it('v128 from a view into a larger buffer', () => {
    const { guest } = mirror();
    const buffer = Uint8Array.from({ length: 40 }, (_, i) => i);
    expect(guest.call('same_v128', buffer.subarray(9, 25))).toEqual(buffer.slice(9, 25));
  });
});

describe('externref, both ways', () => {
  it.each([
    ['null', null],
    ['undefined', undefined],
    ['an object', { a: 1 }],
    ['a function', () => 1],
    ['an array', [1, 2]],
    ['a string', 'text ☃'],
    ['a number', 42],
    ['NaN', Number.NaN],
    ['-0', -0],
    ['a bigint', 2n ** 100n],
    ['true', true],
    ['a symbol', Symbol('own')],
    ['a frozen object', Object.freeze({})],
    ['an object without prototype', Object.create(null)],
    ['a proxy', new Proxy({}, {})],
  ])('%s', (_, value) => {
    const { guest, seen } = mirror();
    expect(guest.call('same_externref', value)).toBe(value);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBe(value);
  });

  it('an object of the store itself', () => {
    const { guest } = mirror();
    expect(guest.call('same_externref', guest.store)).toBe(guest.store);
    expect(guest.call('same_externref', guest.instance)).toBe(guest.instance);
  });

  it('a hundred thousand of them', () => {
    const { guest } = mirror();
    const same = guest.instance.getFunc(guest.store, 'same_externref');
    for (let i = 0; i < 100_000; i++) {
      const value = { i };
      if (same.call(guest.store, value) !== value) expect.unreachable(`${i}`);
    }
  });

  it('one that holds no JavaScript value is a GcRef', () => {
    const guest = start(`(module
      (func (export "make") (result externref) (extern.convert_any (ref.i31 (i32.const 1))))
      (func (export "read") (param externref) (result i32)
        (i31.get_s (ref.cast i31ref (any.convert_extern (local.get 0))))))`);
    const made = guest.call('make');
    expect(made).toBeInstanceOf(GcRef);
    expect(made.i31(guest.store)).toBe(1);
    expect(guest.call('read', made)).toBe(1);
  });
});

describe('funcref, both ways', () => {
  it('null', () => {
    const { guest, seen } = mirror();
    expect(guest.call('same_funcref', null)).toBeNull();
    expect(seen).toEqual([null]);
  });

  it('a host function and one of WebAssembly, which can still be called', () => {
    const { guest, seen } = mirror();
    const { store, instance } = guest;
    const double = Func.wrap(store, { params: ['i32'], results: ['i32'] }, (_, n) => 2 * n);
    expect(guest.call('same_funcref', double).call(store, 21)).toBe(42);
    const same = guest.call('same_funcref', instance.getFunc(store, 'same_i64'));
    expect(same).toBeInstanceOf(Func);
    expect(same.type).toEqual({ params: ['i64'], results: ['i64'] });
    expect(same.call(store, 5n)).toBe(5n);
    expect((seen[0] as Func).call(store, 1)).toBe(2);
  });

  it('is refused for one of another store', () => {
    const { guest } = mirror();
    const other = Func.wrap(mirror().guest.store, { params: [], results: [] }, () => {});
    expectMisuse('ERR_WRONG_STORE', () => guest.call('same_funcref', other));
  });

  it('of types that may not be null', () => {
    const guest = start(`(module
      (func $self (export "self") (result (ref func)) (ref.func $self))
      (func (export "take") (param (ref func)) (result i32) (i32.const 1)))`);
    expect(guest.call('take', guest.call('self'))).toBe(1);
    expectError(WasmtimeError, 'ERR_WASMTIME', () => guest.call('take', null));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => guest.call('take', 1));
  });
});

describe('several values', () => {
  const wat = `(module
    (import "env" "turn" (func $turn
      (param i32 i64 f32 f64 v128 funcref externref)
      (result externref funcref v128 f64 f32 i64 i32)))
    (func (export "turn")
      (param i32 i64 f32 f64 v128 funcref externref)
      (result externref funcref v128 f64 f32 i64 i32)
      (call $turn (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
        (local.get 5) (local.get 6))))`;
  const types: ValType[] = ['i32', 'i64', 'f32', 'f64', 'v128', 'funcref', 'externref'];

  it('come in order and go in order', () => {
    const guest = start(wat, {
      turn: [types, types.toReversed(), (_, ...args) => args.reverse() as unknown as undefined],
    });
    const key = { key: 1 };
    const vector = new Uint8Array(16).fill(9);
    expect(guest.call('turn', 1, 2n, 3.5, 4.25, vector, null, key)).toEqual([
      key,
      null,
      vector,
      4.25,
      3.5,
      2n,
      1,
    ]);
  });

  it('nothing is undefined, one is itself', () => {
    const guest = start(
      '(module (func (export "none")) (func (export "one") (result i32) (i32.const 1)))',
    );
    expect(guest.call('none')).toBeUndefined();
    expect(guest.call('one')).toBe(1);
  });

  it('a thousand, the limit', () => {
    const many = new Array(1000).fill('i32').join(' ');
    const guest = start(
      `(module
        (import "env" "reverse" (func $reverse (param ${many}) (result ${many})))
        (func (export "reverse") (param ${many}) (result ${many})
          ${Array.from({ length: 1000 }, (_, i) => `(local.get ${i})`).join(' ')}
          (call $reverse)))`,
      {
        reverse: [
          new Array(1000).fill('i32'),
          new Array(1000).fill('i32'),
          (_, ...args) => args.reverse() as unknown as undefined,
        ],
      },
    );
    const args = Array.from({ length: 1000 }, (_, i) => i * i);
    expect(guest.call('reverse', ...args)).toEqual(args.toReversed());
  });

  it('a thousand and one are refused', () => {
    const { store, engine } = start('(module)');
    const many: 'i64'[] = new Array(1001).fill('i64');
    const params = expectError(RangeError, 'ERR_OUT_OF_RANGE', () =>
      Func.wrap(store, { params: many, results: [] }, () => {}),
    );
    expect(params.message).toBe('type.params: expected at most 1000 values, got 1001');
    expectError(RangeError, 'ERR_OUT_OF_RANGE', () =>
      Func.wrap(store, { params: [], results: many }, () => []),
    );
    expectError(WasmtimeError, 'ERR_INVALID_MODULE', () =>
      Module.compile(engine, `(module (func (param ${many.join(' ')})))`),
    );
  });
});

describe('values cross in shared slots', () => {
  it('which a nested call may use while a host function holds its arguments', () => {
    const guest: Guest = start(
      `(module
        (import "env" "nest" (func $nest (param i32 i64 f64) (result i32 i64 f64)))
        (func (export "nest") (param i32 i64 f64) (result i32 i64 f64)
          (call $nest (local.get 0) (local.get 1) (local.get 2))))`,
      {
        nest: [
          ['i32', 'i64', 'f64'],
          ['i32', 'i64', 'f64'],
          (_, n, long, double) => {
            const depth = n as number;
            if (depth > 0) guest.call('nest', depth - 1, -1n, -1);
            return [depth, long, double] as unknown as undefined;
          },
        ],
      },
    );
    expect(guest.call('nest', 5, 7n, 0.5)).toEqual([5, 7n, 0.5]);
  });

  it('and results whose reading runs code of its own', () => {
    const guest: Guest = start(
      `(module
        (import "env" "pair" (func $pair (result i32 i32)))
        (func (export "pair") (result i32 i32) (call $pair))
        (func (export "sum") (param i32 i32) (result i32)
          (i32.add (local.get 0) (local.get 1))))`,
      {
        pair: [
          [],
          ['i32', 'i32'],
          () => {
            const pair = [1, 2];
            // Fills the first slots while the second result is read.
            Object.defineProperty(pair, 1, { get: () => guest.call('sum', 70, 7) });
            return pair as unknown as undefined;
          },
        ],
      },
    );
    expect(guest.call('pair')).toEqual([1, 77]);
  });
});

/** Values that are not of a type, and the error that each gives. */
const TYPE = [TypeError, 'ERR_INVALID_ARG_TYPE'] as const;
const RANGE = [RangeError, 'ERR_OUT_OF_RANGE'] as const;
const WRONG: [ValType, unknown, typeof TYPE | typeof RANGE][] = [
  ...[undefined, null, '1', 1n, true, {}, [1], Symbol('s'), () => 1].map(
    (value): (typeof WRONG)[number] => ['i32', value, TYPE],
  ),
  ...[0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, -(2 ** 31) - 1].map(
    (value): (typeof WRONG)[number] => ['i32', value, RANGE],
  ),
  ...[undefined, null, '1', 1, true, {}].map((value): (typeof WRONG)[number] => [
    'i64',
    value,
    TYPE,
  ]),
  ['i64', 2n ** 64n, RANGE],
  ['i64', -(2n ** 63n) - 1n, RANGE],
  ...[undefined, null, '1', 1n, {}].flatMap((value): (typeof WRONG)[number][] => [
    ['f32', value, TYPE],
    ['f64', value, TYPE],
  ]),
  ...[undefined, null, 'x', 1n, {}, new Array(16).fill(0), new ArrayBuffer(16)].map(
    (value): (typeof WRONG)[number] => ['v128', value, TYPE],
  ),
  ['v128', new Uint16Array(8), TYPE],
  ['v128', new Uint8Array(15), RANGE],
  ['v128', new Uint8Array(17), RANGE],
  ...[undefined, 0, 'f', {}, () => 1].map((value): (typeof WRONG)[number] => [
    'funcref',
    value,
    TYPE,
  ]),
];

describe('wrong values', () => {
  it('as arguments', () => {
    const { guest, seen } = mirror();
    for (const [type, value, [kind, code]] of WRONG) {
      const error = expectError(kind as typeof TypeError, code, () =>
        guest.call(`same_${type}`, value),
      );
      expect(error.message).toMatch(/^args\[0\]: expected .+, got .+/);
    }
    expect(seen).toEqual([]);
  });

  it('as results of a host function: the error comes out of the outer call', () => {
    let result: unknown;
    for (const type of TYPES) {
      const guest = start(
        `(module
          (import "env" "give" (func $give (result ${type})))
          (func (export "give") (result ${type}) (call $give)))`,
        { give: [[], [type], () => result] },
      );
      for (const [, value, [kind, code]] of WRONG.filter(([wrong]) => wrong === type)) {
        result = value;
        const error = expectError(kind as typeof TypeError, code, () => guest.call('give'));
        expect(error.message).toMatch(/^results of the host function\[0\]: expected .+, got .+/);
      }
    }
  });

  it('as several results of a host function', () => {
    let result: unknown;
    const guest = start(
      `(module
        (import "env" "give" (func $give (result i32 i64)))
        (func (export "give") (result i32 i64) (call $give)))`,
      { give: [[], ['i32', 'i64'], () => result as undefined] },
    );
    for (const value of [undefined, 1, {}, [], [1], [1, 2n, 3], 'ab', { length: 2 }]) {
      result = value;
      const error = expectMisuse('ERR_INVALID_ARG_TYPE', () => guest.call('give'));
      expect(error.message).toMatch(/^results of the host function: expected an array of 2 values/);
    }
    result = [1, 2];
    expectMisuse('ERR_INVALID_ARG_TYPE', () => guest.call('give'));
    result = [1, 2n];
    expect(guest.call('give')).toEqual([1, 2n]);
  });

  it('for globals and tables', () => {
    const { store } = start('(module)');
    for (const [content, value, [kind, code]] of WRONG) {
      expectError(kind as typeof TypeError, code, () =>
        Global.create(store, { content, mutable: true }, value),
      );
      if (content !== 'funcref') continue;
      // An absent one is null.
      if (value === undefined) continue;
      expectError(kind as typeof TypeError, code, () =>
        Table.create(store, { element: 'funcref', minimum: 1 }, value),
      );
    }
  });
});
