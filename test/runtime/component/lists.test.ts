// Lists of numbers: copied into the guest from where they are, and out of it as typed arrays.
import { describe, expect, it } from 'vitest';
import { Component, ComponentLinker, Engine, Store, UpdateDeadline } from '../../../lib/index.js';
import { thrownBy } from '../support.js';
import { ARRAYS, echo, LIBC, startComponent } from './support.js';

type Kind = keyof typeof ARRAYS;
const KINDS = Object.keys(ARRAYS) as Kind[];

/** As many numbers, whose bytes are all kinds; no NaN, whose bits may change. */
function numbers(kind: Kind, count: number): Uint8Array {
  const isFloat = kind.startsWith('f');
  const isBig = kind.endsWith('64') && !isFloat;
  const values = Array.from({ length: count }, (_, i) => (i * 0x9e37_79b1) % 2 ** 31);
  const Numbers = ARRAYS[kind] as unknown as new (values: unknown[]) => Uint8Array;
  return new Numbers(isBig ? values.map((value) => -(BigInt(value) ** 2n)) : values);
}

/** Sends values through a guest and the host. */
function through(type: string, flat: readonly string[], values: readonly unknown[], types = '') {
  const guest = startComponent(echo(types, type, flat), { host: (_store, value) => value });
  return values.map((value) => guest.call('echo', value));
}

describe('lists of numbers', () => {
  it.each(KINDS)('%s cross whole, of any length', (kind) => {
    const lists = [0, 1, 7, 127, 1025, 4097, 100_003].map((count) => numbers(kind, count));
    const returned = through(`(list ${kind})`, ['i32', 'i32'], lists);
    expect(returned).toEqual(lists);
    for (const list of returned) {
      expect(list).toBeInstanceOf(ARRAYS[kind]);
      expect(list.buffer.byteLength).toBe(list.byteLength);
    }
  });

  it.each(KINDS)('%s come from arrays, parts of buffers and views too', (kind) => {
    const list = numbers(kind, 2000);
    const bytes = new Uint8Array(list.buffer);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const shared = new (ARRAYS[kind] as Uint8ArrayConstructor)(new SharedArrayBuffer(bytes.length));
    new Uint8Array(shared.buffer).set(bytes);
    const given = [
      [...list],
      list,
      new DataView(shifted.buffer, 3),
      shared,
      Reflect.apply(list.subarray, list, [10, 20]),
    ];
    expect(through(`(list ${kind})`, ['i32', 'i32'], given)).toEqual([
      list,
      list,
      list,
      list,
      list.slice(10, 20),
    ]);
  });

  it('of u8 come from clamped arrays and Buffers', () => {
    const given = [new Uint8ClampedArray([1, 300]), Buffer.from('abc')];
    expect(through('(list u8)', ['i32', 'i32'], given)).toEqual([
      new Uint8Array([1, 255]),
      new Uint8Array([97, 98, 99]),
    ]);
  });

  it('refuse arrays of another kind, and views of a part of a number', () => {
    const guest = startComponent(echo('', '(list u32)', ['i32', 'i32']), { host: () => [] });
    for (const value of [new Int32Array(1), new Uint8Array(4), new Uint8ClampedArray(4)]) {
      expect(() => guest.call('echo', value)).toThrow(
        'args[0]: expected a Uint32Array or an array (list<u32>)',
      );
    }
    const view = new DataView(new ArrayBuffer(10));
    expect(() => guest.call('echo', view)).toThrow('args[0]: expected a multiple of 4 bytes');
    const { buffer } = view;
    structuredClone(buffer, { transfer: [buffer] });
    expect(thrownBy(() => guest.call('echo', view))).toMatchObject({ code: 'ERR_DETACHED' });
  });

  it('cross within options, results, tuples, variants, records and lists', () => {
    const long = numbers('f64', 3000);
    const short = numbers('u16', 3);
    expect(through('(option (list f64))', ['i32', 'i32', 'i32'], [long, undefined])).toEqual([
      long,
      undefined,
    ]);
    const result = '(result (list f64) (error (list u16)))';
    const outcomes = [long, short].map((list, i) => ({ tag: ['ok', 'err'][i], val: list }));
    const inTuple = outcomes.map((outcome) => [1, outcome]);
    expect(through(`(tuple u8 ${result})`, ['i32', 'i32', 'i32', 'i32'], inTuple)).toEqual(inTuple);
    const tuple = [long, short, long];
    const flat = Array<string>(6).fill('i32');
    expect(
      through(
        '(tuple (list f64) (list u16) (list f64))',
        flat,
        [tuple, [long, short, short]].slice(0, 1),
      ),
    ).toEqual([tuple]);
    const lists = [[], [long, new Float64Array()], Array(100).fill(long)];
    expect(through('(list (list f64))', ['i32', 'i32'], lists)).toEqual(lists);
    const types = `
      (type $r' (record (field "the-list" (list f64)) (field "n" u8)))
      (import "r" (type $r (eq $r')))
      (type $v' (variant (case "a" $r) (case "b" (list u16)) (case "c")))
      (import "v" (type $v (eq $v')))`;
    const variants = [
      { tag: 'a', val: { theList: long, n: 7 } },
      { tag: 'b', val: short },
      { tag: 'c' },
    ];
    expect(through('$v', ['i32', 'i32', 'i32', 'i32'], variants, types)).toEqual(variants);
  });

  it('of booleans and characters cross as arrays', () => {
    const booleans = Array.from({ length: 5000 }, (_, i) => i % 3 === 0);
    const characters = Array.from({ length: 5000 }, (_, i) => String.fromCodePoint(0x1f300 + i));
    expect(through('(list bool)', ['i32', 'i32'], [booleans])).toEqual([booleans]);
    expect(through('(list char)', ['i32', 'i32'], [characters])).toEqual([characters]);
  });

  it('of a million elements take their time', { timeout: 60_000 }, () => {
    const list = Array.from({ length: 1_000_000 }, (_, i) => i);
    const [returned] = through('(list u32)', ['i32', 'i32'], [list]);
    expect(returned).toEqual(Uint32Array.from(list));
    const texts = Array.from({ length: 100_000 }, (_, i) => `text ${i}`);
    expect(through('(list string)', ['i32', 'i32'], [texts])).toEqual([texts]);
  });
});

/** A guest whose list comes from core values that it is told, and whose allocator does what it is told. */
function hostile(element: string, realloc = '(i32.const 64)', start = ''): string {
  return `(component
    (core module $m
      (memory (export "memory") 1)
      ${start}
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${realloc})
      (func (export "list") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0))
        (i32.store (i32.const 20) (local.get 1))
        (i32.const 16))
      (func (export "take") (param i32 i32) (result i32) (i32.load8_u (local.get 0))))
    (core instance $i (instantiate $m))
    (func (export "list") (param "at" u32) (param "length" u32) (result (list ${element}))
      (canon lift (core func $i "list") (memory (core memory $i "memory"))))
    (func (export "take") (param "x" (list ${element})) (result u32)
      (canon lift (core func $i "take") (memory (core memory $i "memory"))
        (realloc (core func $i "realloc")))))`;
}

describe('a guest that lies', () => {
  /** A new instance for each: one that has failed can't be entered any more. */
  const call = (wat: string, name: string, ...args: unknown[]) =>
    startComponent(wat).call(name, ...args);

  it.each(['u32', 'bool', 'string'])('about where its list of %s is gets an error', (element) => {
    const outside = 'list pointer/length out of bounds of memory';
    for (const [at, length] of [
      [0, 0xffff_ffff],
      [0xffff_fffc, 1],
      [0xffff_ffff, 0xffff_ffff],
      [65_536, 1],
      [65_532, 0x8000_0001],
      [0, 0x4000_0001],
    ]) {
      expect(() => call(hostile(element), 'list', at, length)).toThrow(outside);
    }
    expect(call(hostile(element), 'list', 65_536, 0)).toHaveLength(0);
  });

  it('about an alignment gets an error', () => {
    for (const element of ['u16', 'u32', 'u64', 'f64', 'string']) {
      expect(() => call(hostile(element), 'list', 1, 1)).toThrow('list pointer is not aligned');
    }
    expect(call(hostile('u8'), 'list', 1, 3)).toEqual(new Uint8Array(3));
  });

  it('about the room that it makes gets an error', () => {
    const list = new Uint32Array(1000);
    const take =
      (realloc: string, given: unknown = list) =>
      () =>
        call(hostile('u32', realloc), 'take', given);
    expect(take('(i32.const 65)')).toThrow('realloc return: result not aligned');
    expect(take('(i32.const 65532)')).toThrow('realloc return: beyond end of memory');
    expect(take('(i32.const -4)')).toThrow('realloc return: beyond end of memory');
    expect(take('(i32.const -4)', [1, 2, 3])).toThrow('realloc return: beyond end of memory');
    expect(take('unreachable')).toThrow('unreachable');
    expect(take('(i32.const 65536)', [])).toThrow('out of bounds');
  });

  it('may grow its memory to make room', () => {
    const grows = '(drop (memory.grow (i32.const 100))) (i32.const 65536)';
    expect(call(hostile('u8', grows), 'take', new Uint8Array(6_000_000).fill(9))).toBe(9);
  });
});

it('a list whose buffer goes away while the guest makes room is refused', () => {
  const engine = new Engine({ epochInterruption: true });
  const store = new Store(engine);
  const component = Component.compile(engine, hostile('u8'));
  const instance = new ComponentLinker(engine).instantiate(store, component);
  const take = instance.getFunc(store, 'take');
  const list = new Uint8Array(5000).fill(3);
  let again: unknown;
  store.epochDeadlineCallback(() => {
    structuredClone(list.buffer, { transfer: [list.buffer] });
    again = thrownBy(() => take.call(store, new Uint8Array(5000)));
    return UpdateDeadline.continue(1_000_000);
  });
  store.setEpochDeadline(1);
  engine.incrementEpoch();
  expect(() => take.call(store, list)).toThrow(
    'the buffer of a list was transferred or resized while the guest made room for it',
  );
  expect(again).toMatchObject({ message: expect.stringContaining('cannot enter') });
});

it('a component has no shared memory for its values', () => {
  const engine = new Engine({ wasmThreads: true, sharedMemory: true });
  const wat = LIBC.replace('(memory (export "memory") 1)', '(memory (export "memory") 1 2 shared)');
  const component = `(component ${wat}
    (import "f" (func $f (param "x" (list u8))))
    (core func (canon lower (func $f) (memory (core memory $libc "memory")))))`;
  expect(() => Component.compile(engine, component)).toThrow(/shared|memory/);
});
