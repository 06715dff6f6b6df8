import { describe, expect, it } from 'vitest';
import { type Caller, Func, TypedFunc } from '../../lib/index.js';
import { expectMisuse, start, startBumping, world } from './support.js';

const ADD = `(module
  (func (export "add") (param i32 i64) (result f64 i64)
    (f64.convert_i32_s (local.get 0)) (local.get 1))
  (func (export "one") (param f32) (result f32) (local.get 0))
  (func (export "none")))`;

describe('a function', () => {
  it('has a type', () => {
    const { instance, store } = start(ADD);
    expect(instance.getFunc(store, 'add').type).toEqual({
      params: ['i32', 'i64'],
      results: ['f64', 'i64'],
    });
    expect(instance.getFunc(store, 'none').type).toEqual({ params: [], results: [] });
    expect(instance.getFunc(store, 'add').store).toBe(store);
  });

  it.each([[[]], [[1]], [[1, 2n, 3]]])('refuses %s: another number of arguments', (args) => {
    const { instance, store } = start(ADD);
    const error = expectMisuse('ERR_ARGUMENT_COUNT', () =>
      instance.getFunc(store, 'add').call(store, ...args),
    );
    expect(error.message).toBe(`the function takes 2 arguments, got ${args.length}`);
  });

  it('calls through a Caller as well as through the store', () => {
    const guest = start(
      `(module
        (import "env" "host" (func $host (result i32)))
        (func (export "run") (result i32) (call $host))
        (func (export "seven") (result i32) (i32.const 7)))`,
      {
        host: [
          [],
          ['i32'],
          (caller) => (caller.getExport('seven') as Func).call(caller) + guest.call('seven'),
        ],
      },
    );
    expect(guest.call('run')).toBe(14);
  });
});

describe('a typed function', () => {
  it('calls with the types it was asked for', () => {
    const { instance, store } = start(ADD);
    const add = instance.getTypedFunc(store, 'add', {
      params: ['i32', 'i64'],
      results: ['f64', 'i64'],
    });
    expect(add).toBeInstanceOf(TypedFunc);
    const [double, long] = add.call(store, 1, 2n);
    expect([double, long]).toEqual([1, 2n]);
    expect(add.func.call(store, 1, 2n)).toEqual([1, 2n]);
    const one: number = instance
      .getTypedFunc(store, 'one', { params: ['f32'], results: ['f32'] })
      .call(store, 0.5);
    expect(one).toBe(0.5);
    expect(instance.getFunc(store, 'none').typed({ params: [], results: [] }).call(store)).toBe(
      undefined,
    );
  });

  it.each([
    [[], []],
    [['i32'], ['f64', 'i64']],
    [
      ['i64', 'i32'],
      ['f64', 'i64'],
    ],
    [['i32', 'i64'], ['f64']],
    [
      ['i32', 'i64'],
      ['f64', 'i32'],
    ],
  ] as const)('refuses (%j) -> (%j)', (params, results) => {
    const { instance, store } = start(ADD);
    const error = expectMisuse('ERR_FUNC_TYPE', () =>
      instance.getFunc(store, 'add').typed({ params, results }),
    );
    expect(error.message).toBe(
      `the function is (i32,i64) -> (f64,i64), not (${params}) -> (${results})`,
    );
  });

  it('still checks what TypeScript could not', () => {
    const { instance, store } = start(ADD);
    const one = instance.getTypedFunc(store, 'one', { params: ['f32'], results: ['f32'] });
    expectMisuse('ERR_INVALID_ARG_TYPE', () => one.call(store, '1' as unknown as number));
    expectMisuse('ERR_ARGUMENT_COUNT', () => (one.call as (...args: unknown[]) => unknown)(store));
  });
});

describe('a host function', () => {
  it('can be called by the host', () => {
    const { store } = world();
    const callers: Caller[] = [];
    const add = Func.wrap(store, { params: ['i32', 'i32'], results: ['i32'] }, (caller, a, b) => {
      callers.push(caller);
      expect(caller.store).toBe(store);
      // No instance calls, so there are no exports.
      expect(caller.getExport('memory')).toBeUndefined();
      return a + b;
    });
    expect(add.call(store, 40, 2)).toBe(42);
    expect(callers).toHaveLength(1);
  });

  it('may return anything when it has no results', () => {
    const { store } = world();
    for (const value of [1, 'x', {}, [1, 2], Promise.resolve()]) {
      const func = Func.wrap(store, { params: [], results: [] }, () => value);
      expect(func.call(store)).toBeUndefined();
    }
  });

  it('has `this` undefined, and its arguments alone', () => {
    const { store } = world();
    let seen: unknown[] = [];
    const func = Func.wrap(store, { params: ['i64'], results: [] }, function (this: unknown) {
      // biome-ignore lint/complexity/noArguments: what it is about.
      seen = [this, ...Array.from(arguments).slice(1)];
    });
    func.call(store, 5n);
    expect(seen).toEqual([undefined, 5n]);
  });

  it('re-enters the guest as deep as asked', () => {
    const guest = startBumping('wat/reentry.wat', (store) => store.setEpochDeadline(1e9), {
      host_call: [['i32'], ['i32'], (_, n) => guest.call('inner', n)],
    });
    expect(guest.call('outer', 50)).toBe(52);
  });

  it('may call, make instances and use memories of its store', () => {
    const guest = start(
      `(module
        (import "env" "host" (func $host (param i32) (result i32)))
        (memory (export "memory") 1 10)
        (func (export "run") (param i32) (result i32) (call $host (local.get 0)))
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))`,
      {
        host: [
          ['i32'],
          ['i32'],
          (caller, n) => {
            const memory = guest.instance.getMemory(caller, 'memory');
            const offset = memory.grow(caller, 1) * 65_536 + (n as number);
            memory.write(caller, offset, Uint8Array.of(1, 2, 0, 0));
            guest.linker.instantiate(caller, guest.module);
            expect([...memory.read(caller.store, offset, 2)]).toEqual([1, 2]);
            return guest.call('load', offset);
          },
        ],
      },
    );
    expect(guest.call('run', 100)).toBe(0x201);
    expect(guest.call('run', 65_532)).toBe(0x201);
    expect(guest.instance.getMemory(guest.store, 'memory').size(guest.store)).toBe(3);
  });

  it('of one store within a call of another, both ways', () => {
    const wat = `(module
      (import "env" "other_store" (func $other (param i32) (result i32)))
      (func (export "run") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $other (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 1)))))`;
    const first = start(wat, {
      other_store: [['i32'], ['i32'], (_, n) => second.call('run', n)],
    });
    const second = start(wat, {
      other_store: [['i32'], ['i32'], (_, n) => first.call('run', n)],
    });
    expect(first.call('run', 21)).toBe(22);
  });
});
