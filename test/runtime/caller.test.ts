import { describe, expect, it } from 'vitest';
import { type Caller, Func, Memory, UpdateDeadline } from '../../lib/index.js';
import { expectMisuse, type Guest, start, thrownBy, world } from './support.js';

/** Two instances of one store that call each other through the host, each with a memory of its own. */
const WAT = (name: string, host: string) => `(module $${name}
  (import "env" "${host}" (func $host))
  (memory (export "memory") 1)
  (data (i32.const 0) "${name}")
  (func (export "run") (call $host))
  (func (export "${name}_only"))
  (func (export "work") (loop)))`;

function nameOf(caller: Caller): string {
  const memory = caller.getExport('memory') as Memory;
  return Buffer.from(memory.read(caller, 0, 1)).toString();
}

describe('a caller', () => {
  it('knows the exports of the instance that calls', () => {
    const seen: unknown[] = [];
    const guest = start(WAT('a', 'host'), {
      host: [
        [],
        [],
        (caller) => {
          seen.push(
            nameOf(caller),
            caller.getExport('a_only') instanceof Func,
            caller.getExport('absent'),
          );
          expect(caller.store).toBe(guest.store);
        },
      ],
    });
    guest.call('run');
    expect(seen).toEqual(['a', true, undefined]);
  });

  it('is of the newest host function; an outer one is told so', () => {
    const parts = world();
    const names: string[] = [];
    const inner = start(
      WAT('b', 'inner'),
      {
        inner: [
          [],
          [],
          (caller) => {
            names.push(nameOf(caller));
            // Not b's memory, which it would be to answer for the newest.
            expectMisuse('ERR_STORE_IN_USE', () => (outerCaller as Caller).getExport('memory'));
            // As a store it serves: the two are of one.
            expect(inner.instance.getMemory(outerCaller as Caller, 'memory').size(caller)).toBe(1);
          },
        ],
      },
      parts,
    );
    let outerCaller: Caller | undefined;
    const outer = start(
      WAT('a', 'outer'),
      {
        outer: [
          [],
          [],
          (caller) => {
            outerCaller = caller;
            names.push(nameOf(caller));
            inner.call('run');
            names.push(nameOf(caller));
          },
        ],
      },
      parts,
    );
    outer.call('run');
    expect(names).toEqual(['a', 'b', 'a']);
  });

  it('is told so by an epoch callback and a call hook that run below it', () => {
    const parts = world({ epochInterruption: true });
    let checks = 0;
    let outer: Caller | undefined;
    const guest: Guest = start(
      WAT('a', 'host'),
      {
        host: [
          [],
          [],
          (caller) => {
            outer = caller;
            parts.engine.incrementEpoch();
            guest.call('work');
            expect(nameOf(caller)).toBe('a');
            outer = undefined;
          },
        ],
      },
      parts,
    );
    const check = () => {
      if (outer === undefined) return;
      expectMisuse('ERR_STORE_IN_USE', () => (outer as Caller).getExport('memory'));
      checks++;
    };
    parts.store.setEpochDeadline(1);
    parts.store.epochDeadlineCallback(() => {
      check();
      return UpdateDeadline.continue(1);
    });
    parts.store.callHook(check);
    guest.call('run');
    // The hook at both transitions of `work` and of the epoch callback, and that one.
    expect(checks).toBe(5);
  });

  it('of a host function that has thrown gives way to the one before', () => {
    const parts = world();
    const names: string[] = [];
    const inner = start(
      WAT('b', 'inner'),
      {
        inner: [
          [],
          [],
          () => {
            throw 1;
          },
        ],
      },
      parts,
    );
    const outer = start(
      WAT('a', 'outer'),
      {
        outer: [
          [],
          [],
          (caller) => {
            expect(thrownBy(() => inner.call('run'))).toBe(1);
            names.push(nameOf(caller));
          },
        ],
      },
      parts,
    );
    outer.call('run');
    expect(names).toEqual(['a']);
  });

  it('of another store does not disturb it', () => {
    const names: string[] = [];
    const inner = start(WAT('b', 'host'), {
      host: [[], [], (caller) => names.push(nameOf(caller))],
    });
    const outer = start(WAT('a', 'host'), {
      host: [
        [],
        [],
        (caller) => {
          inner.call('run');
          names.push(nameOf(caller));
        },
      ],
    });
    outer.call('run');
    expect(names).toEqual(['b', 'a']);
  });

  it('makes objects of its store', () => {
    const guest = start(WAT('a', 'host'), {
      host: [
        [],
        [],
        (caller) => {
          const memory = Memory.create(caller, { minimum: 2 });
          expect(memory.store).toBe(guest.store);
          expect(memory.size(caller)).toBe(2);
          expect(Func.wrap(caller, { params: [], results: ['i32'] }, () => 5).call(caller)).toBe(5);
        },
      ],
    });
    guest.call('run');
  });

  it('cannot be used by the host function of another store', () => {
    const other = world();
    const guest = start(WAT('a', 'host'), {
      host: [
        [],
        [],
        (caller) => {
          const memory = Memory.create(other.store, { minimum: 1 });
          expectMisuse('ERR_WRONG_STORE', () => memory.size(caller));
        },
      ],
    });
    guest.call('run');
  });
});
