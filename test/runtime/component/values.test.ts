import { describe, expect, it } from 'vitest';
import { ComponentError } from '../../../lib/index.js';
import { echo, startComponent } from './support.js';

/** Sends values to a guest, which sends them to the host and back. */
function roundTrip(
  type: string,
  flat: readonly string[],
  values: readonly unknown[],
  types = '',
): unknown[] {
  const seen: unknown[] = [];
  const guest = startComponent(echo(types, type, flat), {
    host: (_store, value) => {
      seen.push(value);
      return value;
    },
  });
  const returned = values.map((value) => guest.call('echo', value));
  expect(seen).toEqual(returned);
  return returned;
}

function expectUnchanged(type: string, flat: readonly string[], values: unknown[], types = '') {
  expect(roundTrip(type, flat, values, types)).toEqual(values);
}

const named = (name: string, definition: string): string => `
  (type $t' ${definition})
  (import "${name}" (type $t (eq $t')))`;

describe('component values', () => {
  it('carries booleans', () => expectUnchanged('bool', ['i32'], [true, false]));

  it.each([
    ['s8', -128, 127],
    ['u8', 0, 255],
    ['s16', -32768, 32767],
    ['u16', 0, 65535],
    ['s32', -(2 ** 31), 2 ** 31 - 1],
    ['u32', 0, 2 ** 32 - 1],
  ])('carries %s, and nothing outside', (type, least, greatest) => {
    expectUnchanged(type, ['i32'], [least, greatest, 1]);
    for (const value of [least - 1, greatest + 1, 0.5, Number.NaN]) {
      expect(() => roundTrip(type, ['i32'], [value])).toThrow(
        `args[0]: expected an integer from ${least} to ${greatest} (${type}), got ${value}`,
      );
    }
    expect(() => roundTrip(type, ['i32'], ['1'])).toThrow(`expected a number (${type})`);
    expect(() => roundTrip(type, ['i32'], [1n])).toThrow(TypeError);
  });

  it.each([
    ['s64', -(2n ** 63n), 2n ** 63n - 1n],
    ['u64', 0n, 2n ** 64n - 1n],
  ])('carries %s as bigint', (type, least, greatest) => {
    expectUnchanged(type, ['i64'], [least, greatest, 1n]);
    for (const value of [least - 1n, greatest + 1n]) {
      expect(() => roundTrip(type, ['i64'], [value])).toThrow(RangeError);
    }
    expect(() => roundTrip(type, ['i64'], [1])).toThrow(
      `args[0]: expected a bigint (${type}), got 1`,
    );
  });

  it('carries floats', () => {
    const values = [0, -0, 1.5, Number.POSITIVE_INFINITY, Number.NaN];
    expectUnchanged('f32', ['f32'], values);
    expectUnchanged('f64', ['f64'], [...values, Number.MAX_VALUE, Number.MIN_VALUE]);
    expect(roundTrip('f32', ['f32'], [0.1])).toEqual([Math.fround(0.1)]);
  });

  it('carries characters', () => {
    expectUnchanged('char', ['i32'], ['a', 'é', '\0', '😀', '\u{10ffff}']);
    for (const value of ['', 'ab', '\ud800', '😀a']) {
      expect(() => roundTrip('char', ['i32'], [value])).toThrow(
        'a string of one Unicode character',
      );
    }
  });

  it('carries strings', () => {
    expectUnchanged(
      'string',
      ['i32', 'i32'],
      ['', 'hello', 'naïve 😀\0', '\ufeffmark', 'x'.repeat(100_000)],
    );
    expect(() => roundTrip('string', ['i32', 'i32'], ['\ud800'])).toThrow('lone surrogates');
    expect(() => roundTrip('string', ['i32', 'i32'], [1])).toThrow(
      'expected a string (string), got 1',
    );
  });

  it.each([
    ['u8', new Uint8Array([0, 1, 255])],
    ['s8', new Int8Array([-128, 127])],
    ['u16', new Uint16Array([65535])],
    ['s16', new Int16Array([-1])],
    ['u32', new Uint32Array([2 ** 32 - 1, 5])],
    ['s32', new Int32Array([-1, 5])],
    ['u64', new BigUint64Array([2n ** 64n - 1n])],
    ['s64', new BigInt64Array([-1n])],
    ['f32', new Float32Array([0.5])],
    ['f64', new Float64Array([0.1])],
  ])('carries a list of %s as a typed array', (type, values) => {
    expectUnchanged(`(list ${type})`, ['i32', 'i32'], [values, values.slice(0, 0)]);
    // A part of a larger buffer, and a plain array.
    const shifted = new Uint8Array(values.byteLength + 8);
    shifted.set(new Uint8Array(values.buffer), 8);
    expect(roundTrip(`(list ${type})`, ['i32', 'i32'], [[...values]])).toEqual([values]);
  });

  it('carries other lists as arrays, and tells where a value is wrong', () => {
    expectUnchanged('(list string)', ['i32', 'i32'], [['a', 'b'], []]);
    expectUnchanged('(list (list bool))', ['i32', 'i32'], [[[true], [], [false, true]]]);
    expect(() => roundTrip('(list (list bool))', ['i32', 'i32'], [[[true], [1]]])).toThrow(
      'args[0][1][0]: expected a boolean (bool), got 1',
    );
    expect(() => roundTrip('(list u8)', ['i32', 'i32'], [new Uint16Array(1)])).toThrow(
      'args[0]: expected a Uint8Array or an array (list<u8>), got an instance of Uint16Array',
    );
  });

  it('carries records as objects, in camel case', () => {
    const record = named('person', '(record (field "first-name" string) (field "age" u8))');
    const flat = ['i32', 'i32', 'i32'];
    expectUnchanged('$t', flat, [{ firstName: 'Ada', age: 36 }], record);
    expect(() => roundTrip('$t', flat, [{ firstName: 'Ada', age: 'old' }], record)).toThrow(
      'args[0].age: expected a number (u8), got the string "old"',
    );
    expect(() => roundTrip('$t', flat, [{ age: 1 }], record)).toThrow('args[0].firstName');
    expect(() => roundTrip('$t', flat, [null], record)).toThrow(
      'expected an object (record), got null',
    );
  });

  it('carries tuples as arrays', () => {
    expectUnchanged('(tuple u8 string)', ['i32', 'i32', 'i32'], [[1, 'one']]);
    expect(() => roundTrip('(tuple u8 string)', ['i32', 'i32', 'i32'], [[1]])).toThrow(
      '2 elements',
    );
  });

  it('carries variants as { tag, val }', () => {
    const shape = named(
      'shape',
      '(variant (case "dot") (case "circle" f64) (case "label" string))',
    );
    const values = [{ tag: 'dot' }, { tag: 'circle', val: 1.5 }, { tag: 'label', val: 'x' }];
    const flat = ['i32', 'i64', 'i32'];
    expectUnchanged('$t', flat, values, shape);
    expect(() => roundTrip('$t', flat, [{ tag: 'square' }], shape)).toThrow(
      `args[0].tag: expected one of 'dot', 'circle', 'label', got the string "square"`,
    );
    expect(() => roundTrip('$t', flat, [{ tag: 'circle' }], shape)).toThrow(
      'args[0].val: expected a number (f64), got undefined',
    );
  });

  it('carries enums as strings', () => {
    const colour = named('colour', '(enum "red" "dark-green")');
    expectUnchanged('$t', ['i32'], ['red', 'dark-green'], colour);
    expect(() => roundTrip('$t', ['i32'], ['blue'], colour)).toThrow(
      `expected one of 'red', 'dark-green', got the string "blue"`,
    );
  });

  it('carries options as the value or undefined, and nested ones without ambiguity', () => {
    expectUnchanged('(option u8)', ['i32', 'i32'], [undefined, 0, 5]);
    expect(roundTrip('(option u8)', ['i32', 'i32'], [null])).toEqual([undefined]);
    expectUnchanged(
      '(option (option u8))',
      ['i32', 'i32', 'i32'],
      [{ tag: 'none' }, { tag: 'some', val: undefined }, { tag: 'some', val: 7 }],
    );
    expect(() => roundTrip('(option (option u8))', ['i32', 'i32', 'i32'], [undefined])).toThrow(
      'args[0]: expected an object',
    );
  });

  it('carries nested results as { tag, val }', () => {
    const values = [[{ tag: 'ok', val: 1 }], [{ tag: 'err', val: 'no' }]];
    const flat = ['i32', 'i32', 'i32'];
    expectUnchanged('(tuple (result u8 (error string)))', flat, values);
    expectUnchanged('(tuple (result))', ['i32'], [[{ tag: 'ok', val: undefined }]]);
  });

  it('returns the ok of a result, and throws its error', () => {
    const guest = startComponent(
      `(component
        (core module $m
          (func (export "ok") (result i32) i32.const 0)
          (func (export "err") (result i32) i32.const 1))
        (core instance $m (instantiate $m))
        (func (export "ok") (result (result)) (canon lift (core func $m "ok")))
        (func (export "err") (result (result)) (canon lift (core func $m "err"))))`,
    );
    expect(guest.call('ok')).toBeUndefined();
    expect(() => guest.call('err')).toThrow(ComponentError);
    const both = startComponent(echo('', '(result u8 (error string))', ['i32', 'i32', 'i32']), {
      host: (_store, { tag, val }) => {
        if (tag === 'err') throw new ComponentError(`${val}!`);
        return val + 1;
      },
    });
    expect(both.call('echo', { tag: 'ok', val: 1 })).toBe(2);
    expect(() => both.call('echo', { tag: 'err', val: 'bad' })).toThrow(
      expect.objectContaining({ payload: 'bad!', code: 'ERR_COMPONENT_RESULT' }),
    );
  });

  it('carries flags as objects of booleans', () => {
    const flags = named('access', '(flags "read" "read-write" "x")');
    expect(
      roundTrip('$t', ['i32'], [{ read: true }, { readWrite: true, x: true }, {}], flags),
    ).toEqual([
      { read: true, readWrite: false, x: false },
      { read: false, readWrite: true, x: true },
      { read: false, readWrite: false, x: false },
    ]);
    expect(() => roundTrip('$t', ['i32'], [{ write: true }], flags)).toThrow(
      "args[0]: no flag 'write' among read, readWrite, x",
    );
    expect(() => roundTrip('$t', ['i32'], [{ read: 1 }], flags)).toThrow('args[0].read');
  });

  it('carries 32 flags', () => {
    const names = Array.from({ length: 32 }, (_, i) => `f${i}`);
    const flags = named('many', `(flags ${names.map((name) => `"${name}"`).join(' ')})`);
    const all = Object.fromEntries(names.map((name, i) => [name, i % 3 === 0]));
    expectUnchanged('$t', ['i32'], [all], flags);
  });

  it('refuses what a host function returns of another type, with its place', () => {
    const record = named('pair', '(record (field "a" u8) (field "b" u8))');
    const guest = startComponent(echo(record, '$t', ['i32', 'i32']), {
      host: () => ({ a: 1, b: -1 }),
    });
    expect(() => guest.call('echo', { a: 1, b: 2 })).toThrow(
      'result of host.b: expected an integer from 0 to 255 (u8), got -1',
    );
  });

  it('counts arguments', () => {
    const guest = startComponent(echo('', 'u8', ['i32']), { host: (_store, value) => value });
    expect(() => guest.call('echo')).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT_COUNT' }),
    );
    expect(() => guest.call('echo', 1, 2)).toThrow('takes 1 arguments, got 2');
  });
});
