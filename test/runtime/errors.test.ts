import { describe, expect, it } from 'vitest';
import { type FrameInfo, Trap, UpdateDeadline, WasmtimeError } from '../../lib/index.js';
import { type Guest, runNode, start, startBumping, thrownBy, world } from './support.js';

function trapOf(run: () => unknown): Trap {
  const error = thrownBy(run);
  expect(error).toBeInstanceOf(Trap);
  return error as Trap;
}

function names(frames: readonly FrameInfo[]): (string | undefined)[] {
  return frames.map(({ funcName }) => funcName);
}

function traps(): { guest: Guest; epochs: () => number } {
  let epochs = 0;
  const guest = startBumping('wat/traps.wat', (store) =>
    store.epochDeadlineCallback(() => {
      epochs++;
      return UpdateDeadline.continue(1);
    }),
  );
  return { guest, epochs: () => epochs };
}

describe('each kind of trap', () => {
  it.each([
    ['unreachable', 'UnreachableCodeReached', 'wasm `unreachable` instruction executed'],
    ['memory_out_of_bounds', 'MemoryOutOfBounds', 'out of bounds memory access'],
    ['memory_fill_out_of_bounds', 'MemoryOutOfBounds', 'out of bounds memory access'],
    ['unaligned_atomic', 'HeapMisaligned', 'unaligned atomic'],
    ['table_out_of_bounds', 'TableOutOfBounds', 'undefined element: out of bounds table access'],
    [
      'indirect_call_out_of_bounds',
      'TableOutOfBounds',
      'undefined element: out of bounds table access',
    ],
    ['indirect_call_to_null', 'IndirectCallToNull', 'uninitialized element'],
    ['bad_signature', 'BadSignature', 'indirect call type mismatch'],
    ['divide_by_zero', 'IntegerDivisionByZero', 'integer divide by zero'],
    ['integer_overflow', 'IntegerOverflow', 'integer overflow'],
    ['conversion_overflow', 'IntegerOverflow', 'integer overflow'],
    ['bad_conversion', 'BadConversionToInteger', 'invalid conversion to integer'],
  ])('%s', (name, code, text) => {
    const { guest, epochs } = traps();
    const trap = trapOf(() => guest.call(name));
    expect(trap.trapCode).toBe(code);
    expect(trap.code).toBe('ERR_WASM_TRAP');
    expect(trap.name).toBe('Trap');
    expect(trap).toBeInstanceOf(WasmtimeError);
    expect(trap).toBeInstanceOf(Error);
    expect(trap.message).toMatch(new RegExp(`\n\nCaused by:\n.*wasm trap: ${text}`, 's'));
    expect(names(trap.frames)).toEqual([name]);
    expect(trap.frames[0]?.moduleName).toBe('traps');
    expect(epochs()).toBe(1);
    guest.call('no_trap');
  });

  it('stack_overflow, with as many frames as the engine allows', () => {
    const { guest } = traps();
    const trap = trapOf(() => guest.call('stack_overflow'));
    expect(trap.trapCode).toBe('StackOverflow');
    expect(trap.message).toContain('wasm trap: call stack exhausted');
    expect(names(trap.frames)).toEqual(new Array(20).fill('recurse'));
    guest.call('no_trap');
  });

  it('with a pending epoch, which the next call meets', () => {
    const { guest, epochs } = traps();
    expect(trapOf(() => guest.call('trap_with_pending_epoch')).trapCode).toBe(
      'UnreachableCodeReached',
    );
    expect(epochs()).toBe(0);
    guest.call('no_trap');
    expect(epochs()).toBe(1);
  });

  it('Interrupt, from an epoch deadline', () => {
    const guest = startBumping('wat/loops.wat', (store) => store.epochDeadlineTrap());
    const trap = trapOf(() => guest.call('run', 1));
    expect(trap.trapCode).toBe('Interrupt');
    expect(trap.message).toContain('wasm trap: interrupt');
  });

  it('OutOfFuel', () => {
    const guest = start('(module (func (export "f")))', {}, world({ consumeFuel: true }));
    expect(trapOf(() => guest.call('f')).trapCode).toBe('OutOfFuel');
  });
});

describe('the message and the frames', () => {
  const WAT = `(module $m
  (func $outer (export "outer") (call $middle))
  (func $middle (call 2))
  (func (unreachable)))`;

  it('are all that Wasmtime says, newest frame first', () => {
    const guest = start(WAT);
    const trap = trapOf(() => guest.call('outer'));
    expect(trap.message).toBe(
      [
        'error while executing at wasm backtrace:',
        '    0:     0x2e - m!<wasm function 2>',
        '    1:     0x29 - m!middle',
        '    2:     0x24 - m!outer',
        '',
        'Caused by:',
        '    wasm trap: wasm `unreachable` instruction executed',
      ].join('\n'),
    );
    expect(trap.frames).toEqual([
      {
        moduleName: 'm',
        funcIndex: 2,
        funcName: undefined,
        moduleOffset: 0x2e,
        funcOffset: 1,
        symbols: [],
      },
      {
        moduleName: 'm',
        funcIndex: 1,
        funcName: 'middle',
        moduleOffset: 0x29,
        funcOffset: 1,
        symbols: [],
      },
      {
        moduleName: 'm',
        funcIndex: 0,
        funcName: 'outer',
        moduleOffset: 0x24,
        funcOffset: 1,
        symbols: [],
      },
    ]);
  });

  it('number the causes where there are several', () => {
    const guest = start(
      '(module $m (memory 1) (func $load (export "load") (drop (i32.load (i32.const 65533)))))',
    );
    expect(trapOf(() => guest.call('load')).message).toBe(
      [
        'error while executing at wasm backtrace:',
        '    0:     0x2a - m!load',
        '',
        'Caused by:',
        '    0: memory fault at wasm address 0x10000 in linear memory of size 0x10000',
        '    1: wasm trap: out of bounds memory access',
      ].join('\n'),
    );
  });

  it('hold nothing of the host, whatever RUST_BACKTRACE says', () => {
    const printed = runNode(
      `import { Engine, Linker, Module, Store } from 'LIB';
      const engine = new Engine();
      const store = new Store(engine);
      const compile = (wat) => new Linker(engine).instantiate(store, Module.compile(engine, wat));
      const messages = ['(module', '(module (import "a" "b" (func)))', '(module (func $f unreachable) (start $f))']
        .map((wat) => { try { compile(wat) } catch (error) { return error.message } });
      console.log(JSON.stringify(messages));`,
      { env: { RUST_BACKTRACE: '1' } },
    );
    const messages: string[] = JSON.parse(printed);
    expect(messages).toHaveLength(3);
    for (const message of messages) {
      expect(message).toMatch(/./);
      expect(message).not.toMatch(/stack backtrace|napi|wasmtime_|v8/i);
    }
  });

  it('through_two_calls names all three functions', () => {
    const { guest, epochs } = traps();
    const trap = trapOf(() => guest.call('through_two_calls'));
    expect(names(trap.frames)).toEqual(['innermost', 'middle', 'through_two_calls']);
    expect(epochs()).toBe(3);
  });

  it('the JavaScript stack leads to the caller', () => {
    const guest = start(WAT);
    const trap = trapOf(function callsTheGuest() {
      guest.call('outer');
    });
    expect(trap.stack).toContain('callsTheGuest');
  });

  it('go through the host: frames of both activations, newest first', () => {
    const guest: Guest = start(
      `(module
        (import "env" "host" (func $host))
        (func $outer (export "outer") (call $host))
        (func $inner (export "inner") (unreachable)))`,
      { host: [[], [], () => guest.call('inner')] },
    );
    expect(names(trapOf(() => guest.call('outer')).frames)).toEqual(['inner', 'outer']);
  });

  it.each([
    [1, ['recurse']],
    [3, ['recurse', 'recurse', 'recurse']],
  ])('wasmBacktraceMaxFrames %i', (wasmBacktraceMaxFrames, expected) => {
    const guest = start(
      `(module
        (func $recurse (export "recurse") (param i32)
          (if (local.get 0)
            (then (call $recurse (i32.sub (local.get 0) (i32.const 1))))
            (else (unreachable)))))`,
      {},
      world({ wasmBacktraceMaxFrames }),
    );
    expect(names(trapOf(() => guest.call('recurse', 9)).frames)).toEqual(expected);
  });

  it('wasmBacktrace off leaves the trap itself', () => {
    const guest = start(WAT, {}, world({ wasmBacktrace: false }));
    const trap = trapOf(() => guest.call('outer'));
    expect(trap.frames).toEqual([]);
    expect(trap.trapCode).toBe('UnreachableCodeReached');
    expect(trap.message).toBe('wasm trap: wasm `unreachable` instruction executed');
  });

  it('a trap in a start function comes out of instantiate', () => {
    const trap = trapOf(() => start('(module $m (func $begin (unreachable)) (start $begin))'));
    expect(names(trap.frames)).toEqual(['begin']);
  });

  it('segments that do not fit trap in instantiate', () => {
    expect(trapOf(() => start('(module (memory 1) (data (i32.const 65535) "ab"))')).trapCode).toBe(
      'MemoryOutOfBounds',
    );
    expect(
      trapOf(() => start('(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))')).trapCode,
    ).toBe('TableOutOfBounds');
  });

  it('an exception of WebAssembly that nobody catches is an error', () => {
    const guest = start('(module (tag $t) (func $raise (export "raise") (throw $t)))');
    const error = thrownBy(() => guest.call('raise')) as WasmtimeError;
    expect(error).toBeInstanceOf(WasmtimeError);
    expect(error.code).toBe('ERR_WASM_EXCEPTION');
    expect(error.message).toContain('thrown Wasm exception');
    expect(names(error.frames)).toEqual(['raise']);
  });
});
