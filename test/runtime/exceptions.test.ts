import { describe, expect, it } from 'vitest';
import {
  CallHook,
  Func,
  type Store,
  Trap,
  UpdateDeadline,
  WasmtimeError,
} from '../../lib/index.js';
import { type Guest, guestText, start, startBumping, thrownBy, world } from './support.js';

class OwnError extends Error {}

/** Anything can be thrown. */
const THROWN: [string, unknown][] = [
  ['an error', new OwnError('own')],
  ['a frozen object', Object.freeze({ frozen: true })],
  ['a function', () => 1],
  ['42', 42],
  ['a string', 'text'],
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['a symbol', Symbol('own')],
  ['a bigint', 7n],
  ['NaN', Number.NaN],
];

function throwing(value: unknown): () => never {
  return () => {
    throw value;
  };
}

const CALLS_HOST = `(module
  (import "env" "host" (func $host))
  (func (export "run") (call $host))
  (func (export "nothing")))`;

describe('what a callback throws comes out of the outer call, the very same value', () => {
  describe.each(THROWN)('%s', (_, value) => {
    it('a host function of a linker', () => {
      const guest = start(CALLS_HOST, { host: [[], [], throwing(value)] });
      expect(thrownBy(() => guest.call('run'))).toBe(value);
      guest.call('nothing');
    });

    it('a host function made for a store, called through WebAssembly and directly', () => {
      const parts = world();
      const host = Func.wrap(parts.store, { params: [], results: [] }, throwing(value));
      parts.linker.define(parts.store, 'env', 'host', host);
      const guest = start(CALLS_HOST, {}, parts);
      expect(thrownBy(() => guest.call('run'))).toBe(value);
      expect(thrownBy(() => host.call(parts.store))).toBe(value);
      guest.call('nothing');
    });

    it('a start function, out of instantiate', () => {
      const parts = world();
      const wat = '(module (import "env" "host" (func $host)) (start $host))';
      expect(thrownBy(() => start(wat, { host: [[], [], throwing(value)] }, parts))).toBe(value);
      start('(module)', {}, parts);
    });

    it('an epoch deadline callback', () => {
      const guest = startBumping('wat/loops.wat', (store) =>
        store.epochDeadlineCallback(throwing(value)),
      );
      expect(thrownBy(() => guest.call('run', 1))).toBe(value);
      guest.store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
      expect(guest.call('run', 1)).toBe(100);
    });

    it.each(Object.values(CallHook))('a call hook of kind %s', (kind) => {
      const parts = world();
      const guest = start(CALLS_HOST, { host: [[], [], () => {}] }, parts);
      parts.store.callHook((_, fired) => {
        if (fired === kind) throw value;
      });
      expect(thrownBy(() => guest.call('run'))).toBe(value);
      parts.store.callHook(null);
      guest.call('run');
    });
  });
});

/**
 * JS → wasm $outer → JS middle → wasm $inner → JS host, in one store. `middle` is what the test does
 * between the two.
 */
function nested(middle: (inner: () => unknown) => number, host: () => unknown): Guest {
  const guest: Guest = start(
    `(module
      (import "env" "middle" (func $middle (result i32)))
      (import "env" "host" (func $host (result i32)))
      (func $outer (export "outer") (result i32) (i32.add (i32.const 100) (call $middle)))
      (func $inner (export "inner") (result i32) (i32.add (i32.const 10) (call $host)))
      (func $trap (export "trap") (result i32) (unreachable)))`,
    {
      middle: [[], ['i32'], () => middle(() => guest.call('inner'))],
      host: [[], ['i32'], host],
    },
  );
  return guest;
}

describe('JS → wasm → JS → wasm → JS', () => {
  it.each(THROWN)('%s goes through all levels', (_, value) => {
    const between: unknown[] = [];
    const guest = nested((inner) => {
      try {
        return inner() as number;
      } catch (error) {
        between.push(error);
        throw error;
      }
    }, throwing(value));
    expect(thrownBy(() => guest.call('outer'))).toBe(value);
    expect(between).toHaveLength(1);
    expect(between[0]).toBe(value);
  });

  it.each(THROWN)('%s is caught by the middle one, and the guest goes on', (_, value) => {
    let caught: unknown = 'nothing';
    const guest = nested((inner) => {
      try {
        inner();
      } catch (error) {
        caught = error;
      }
      return 5;
    }, throwing(value));
    expect(guest.call('outer')).toBe(105);
    expect(caught).toBe(value);
  });

  it('the middle one may throw another', () => {
    const own = new OwnError('own');
    const guest = nested((inner) => {
      thrownBy(inner);
      throw own;
    }, throwing(1));
    expect(thrownBy(() => guest.call('outer'))).toBe(own);
  });

  it('a trap is caught by the middle one, and the guest goes on', () => {
    let caught: unknown;
    const guest: Guest = nested(
      () => {
        caught = thrownBy(() => guest.call('trap'));
        return 5;
      },
      () => 1,
    );
    expect(guest.call('outer')).toBe(105);
    expect(caught).toBeInstanceOf(Trap);
  });

  it('a trap goes through all levels as one object', () => {
    let caught: unknown;
    const guest: Guest = nested(
      () => {
        caught = thrownBy(() => guest.call('trap'));
        throw caught;
      },
      () => 1,
    );
    const trap = thrownBy(() => guest.call('outer')) as Trap;
    expect(trap).toBe(caught);
    expect(trap.trapCode).toBe('UnreachableCodeReached');
  });

  it('through two stores', () => {
    const own = Symbol('own');
    const inner = start(CALLS_HOST, { host: [[], [], throwing(own)] });
    const outer = start(CALLS_HOST, { host: [[], [], () => inner.call('run')] });
    expect(thrownBy(() => outer.call('run'))).toBe(own);
    inner.call('nothing');
    outer.call('nothing');
  });

  it('a hundred levels', () => {
    const own = { own: true };
    // One takes some 5 KiB, V8's frames and ours, which count for the guest's stack too: interpreted JavaScript takes more
    // than compiled one, and a hundred of those more than the 512 KiB that a guest has by default.
    const parts = world({ maxWasmStack: 2 << 20 });
    const guest: Guest = start(
      `(module
        (import "env" "down" (func $down (param i32)))
        (func (export "down") (param i32) (call $down (local.get 0))))`,
      {
        down: [
          ['i32'],
          [],
          (_, n) => {
            if (n === 0) throw own;
            guest.call('down', (n as number) - 1);
          },
        ],
      },
      parts,
    );
    expect(thrownBy(() => guest.call('down', 100))).toBe(own);
  });
});

describe('errors that JavaScript makes itself', () => {
  const DOWN = `(module
    (import "env" "down" (func $down))
    (func (export "down") (call $down)))`;

  it('the RangeError of its own stack, from callbacks that go ever deeper', () => {
    let depth = 0;
    const guest: Guest = start(DOWN, {
      down: [
        [],
        [],
        () => {
          depth++;
          guest.call('down');
        },
      ],
    });
    const error = thrownBy(() => guest.call('down')) as Error;
    // Whichever limit is met first, V8's or Wasmtime's.
    if (!(error instanceof Trap)) {
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toMatch(/^Maximum call stack size exceeded/);
    } else expect(error.trapCode).toBe('StackOverflow');
    expect(depth).toBeGreaterThan(10);
    // And once more: nothing is left of the first time.
    const first = depth;
    expect(thrownBy(() => guest.call('down'))).toBeInstanceOf(error.constructor);
    expect(depth).toBeGreaterThan(first);
  });

  it('the RangeError of a recursion within one callback, caught there', () => {
    const overflow = (): number => overflow() + 1;
    const caught: unknown[] = [];
    const guest = start(DOWN, {
      down: [[], [], () => caught.push(thrownBy(overflow))],
    });
    guest.call('down');
    expect(caught[0]).toBeInstanceOf(RangeError);
  });

  it('the RangeError of a recursion within one callback, which unwinds the guest', () => {
    const overflow = (): number => overflow() + 1;
    const guest = start(DOWN, { down: [[], [], overflow] });
    const error = thrownBy(() => guest.call('down'));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(/^Maximum call stack size exceeded/);
  });

  it('a call of the guest near the end of V8 stack', () => {
    const guest = start(DOWN, { down: [[], [], () => {}] });
    let calls = 0;
    const down = (): void => {
      guest.call('down');
      calls++;
      down();
    };
    expect(thrownBy(down)).toBeInstanceOf(RangeError);
    expect(calls).toBeGreaterThan(100);
    guest.call('down');
  });

  it('a TypeError has a JavaScript stack through the guest', () => {
    const guest = start(DOWN, {
      down: [
        [],
        [],
        function hostFunction() {
          return (undefined as unknown as { x: number }).x;
        },
      ],
    });
    const error = thrownBy(() => guest.call('down')) as TypeError;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.stack).toContain('hostFunction');
  });
});

describe('a host function and a trap', () => {
  it('an exception does not hide the trap of a later call', () => {
    const guest = start(
      `(module
        (import "env" "host" (func $host))
        (func (export "host") (call $host))
        (func (export "trap") (unreachable)))`,
      { host: [[], [], throwing(1)] },
    );
    expect(thrownBy(() => guest.call('host'))).toBe(1);
    expect(thrownBy(() => guest.call('trap'))).toBeInstanceOf(Trap);
    expect(thrownBy(() => guest.call('host'))).toBe(1);
  });

  it('a trap of another store within a host function is that call, not this one', () => {
    const traps = start('(module $inner (func $trap (export "trap") (unreachable)))');
    const guest = start(CALLS_HOST, { host: [[], [], () => traps.call('trap')] });
    const error = thrownBy(() => guest.call('run')) as Trap;
    expect(error).toBeInstanceOf(Trap);
    expect(error.frames.map(({ moduleName, funcName }) => [moduleName, funcName])).toEqual([
      ['inner', 'trap'],
    ]);
  });

  it('errors thrown by hand pass unchanged', () => {
    const own = new Trap('by hand', 'UnreachableCodeReached');
    const guest = start(CALLS_HOST, { host: [[], [], throwing(own)] });
    expect(thrownBy(() => guest.call('run'))).toBe(own);
    expect(own).toBeInstanceOf(WasmtimeError);
    expect(own.frames).toEqual([]);
  });
});

describe('an exception leaves the store as it was', () => {
  it('hooks and epoch callbacks stay in place', () => {
    const kinds: string[] = [];
    let fail = true;
    const hook = (_: Store, kind: CallHook) => void kinds.push(kind);
    const parts = world();
    const guest = start(
      guestText('wat/traps.wat'),
      {
        bump_epoch: [
          [],
          [],
          () => {
            if (fail) throw new OwnError();
          },
        ],
      },
      parts,
    );
    parts.store.callHook(hook);
    expect(thrownBy(() => guest.call('unreachable'))).toBeInstanceOf(OwnError);
    const sequence = ['CallingWasm', 'CallingHost', 'ReturningFromHost', 'ReturningFromWasm'];
    expect(kinds).toEqual(sequence);
    fail = false;
    expect(thrownBy(() => guest.call('unreachable'))).toBeInstanceOf(Trap);
    expect(kinds).toEqual([...sequence, ...sequence]);
  });
});
