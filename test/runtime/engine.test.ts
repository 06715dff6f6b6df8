import { describe, expect, it } from 'vitest';
import { type Config, Engine, Module, Store, WasmtimeError } from '../../lib/index.js';
import { expectError, expectMisuse, start, thrownBy, world } from './support.js';

const GOOD: Config = {
  epochInterruption: true,
  consumeFuel: false,
  debugInfo: true,
  wasmBacktrace: true,
  wasmBacktraceDetails: true,
  wasmBacktraceMaxFrames: 50,
  maxWasmStack: 1 << 19,
  generateAddressMap: true,
  parallelCompilation: false,
  craneliftOptLevel: 'speed-and-size',
  guestDebug: false,
};

describe('configuration', () => {
  it('takes all options at once, none, and undefined ones', () => {
    start('(module)', {}, world(GOOD));
    new Engine();
    new Engine({});
    new Engine({ epochInterruption: undefined } as unknown as Config);
  });

  it.each(Object.keys(GOOD) as (keyof Config)[])('%s alone, and of a wrong type', (name) => {
    new Engine({ [name]: GOOD[name] });
    for (const value of [null, 'x1', {}, [], 1n, typeof GOOD[name] === 'number' ? true : 1]) {
      const error = thrownBy(() => new Engine({ [name]: value })) as TypeError & { code: string };
      expect(error).toBeInstanceOf(TypeError);
      expect(error.code).toMatch(/^ERR_INVALID_ARG_(TYPE|VALUE)$/);
      expect(error.message).toMatch(`config.${name}: `);
    }
  });

  it.each(['wasmBacktraceMaxFrames', 'maxWasmStack'])('%s out of range', (name) => {
    for (const value of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expectError(RangeError, 'ERR_OUT_OF_RANGE', () => new Engine({ [name]: value }));
    }
  });

  it('an unknown optimization level', () => {
    const error = expectMisuse(
      'ERR_INVALID_ARG_VALUE',
      () => new Engine({ craneliftOptLevel: 'fast' as 'speed' }),
    );
    expect(error.message).toBe(
      "config.craneliftOptLevel: no 'fast', there are none, speed, speed-and-size",
    );
  });

  it.each(['none', 'speed', 'speed-and-size'] as const)('optimizes for %s', (level) => {
    const guest = start(
      '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))',
      {},
      world({ craneliftOptLevel: level }),
    );
    expect(guest.call('add', 40, 2)).toBe(42);
  });

  it('a larger stack holds a deeper recursion', () => {
    const wat = `(module (func $down (export "down") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0)))))`;
    const small = start(wat, {}, world({ maxWasmStack: 64 << 10 }));
    const large = start(wat, {}, world({ maxWasmStack: 2 << 20 }));
    expect(thrownBy(() => small.call('down', 20_000))).toMatchObject({ trapCode: 'StackOverflow' });
    expect(large.call('down', 20_000)).toBe(20_000);
  });
});

describe('a guest for a debugger', () => {
  it('runs, on an engine with guestDebug', () => {
    const guest = start('(module (func (export "run")))', {}, world({ guestDebug: true }));
    guest.call('run');
  });
});

describe('engines', () => {
  it('share nothing: each has an epoch of its own', () => {
    const [first, second] = [
      world({ epochInterruption: true }),
      world({ epochInterruption: true }),
    ];
    const wat = '(module (func (export "run")))';
    const [a, b] = [start(wat, {}, first), start(wat, {}, second)];
    for (const { store } of [a, b]) store.setEpochDeadline(1);
    first.engine.incrementEpoch();
    expect(thrownBy(() => a.call('run'))).toMatchObject({ trapCode: 'Interrupt' });
    b.call('run');
  });

  it('a module of one is refused by the other', () => {
    const engine = new Engine();
    const module = Module.compile(engine, '(module)');
    const other = world();
    expectMisuse('ERR_WRONG_ENGINE', () => other.linker.instantiate(other.store, module));
    expect(new Store(engine).engine).toBe(engine);
    expect(module.engine).toBe(engine);
  });

  it('errors of the compiler are WasmtimeErrors', () => {
    expectError(WasmtimeError, 'ERR_INVALID_MODULE', () => Module.compile(new Engine(), '(module'));
  });
});
