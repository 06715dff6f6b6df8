import { describe, expect, it } from 'vitest';
import { Memory, Module, type Store, UpdateDeadline } from '../../lib/index.js';
import { expectMisuse, startBumping, thrownBy } from './support.js';

const INTERRUPT = { name: 'Trap', trapCode: 'Interrupt' };

/** `loops.wat`: `run(n)` bumps the epoch 100n times, with a check after each. */
function loops(prepare: (store: Store) => void) {
  return startBumping('wat/loops.wat', prepare);
}

describe('an epoch deadline', () => {
  it('is reached at first, and traps', () => {
    const guest = loops((store) => store.setEpochDeadline(0));
    expect(thrownBy(() => guest.call('run', 1))).toMatchObject(INTERRUPT);
  });

  it.each([
    [1, 100],
    [2, 50],
    [7, 14],
    [100, 1],
    [101, 0],
    [Number.MAX_SAFE_INTEGER, 0],
  ])('%i ticks ahead each time, the callback runs %i times', (ticks, times) => {
    let ran = 0;
    const guest = loops((store) => {
      store.setEpochDeadline(ticks);
      store.epochDeadlineCallback((handed) => {
        expect(handed).toBe(store);
        ran++;
        return UpdateDeadline.continue(ticks);
      });
    });
    guest.call('run', 1);
    expect(ran).toBe(times);
  });

  it('0 ticks ahead, the callback runs at the next check', () => {
    let ran = 0;
    const guest = loops((store) =>
      store.epochDeadlineCallback(() => {
        ran++;
        return UpdateDeadline.continue(ran < 10 ? 0 : 1000);
      }),
    );
    guest.call('run', 1);
    expect(ran).toBe(10);
  });

  it('the callback interrupts', () => {
    let ran = 0;
    const guest = loops((store) =>
      store.epochDeadlineCallback(() =>
        ++ran === 5 ? UpdateDeadline.interrupt : UpdateDeadline.continue(1),
      ),
    );
    expect(thrownBy(() => guest.call('run', 1))).toMatchObject(INTERRUPT);
    expect(ran).toBe(5);
    // It can go on afterwards. The deadline is still reached: one more at the entry.
    guest.call('run', 1);
    expect(ran).toBe(106);
  });

  it('the trap again, after a callback', () => {
    const guest = loops((store) => {
      store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
    });
    guest.call('run', 1);
    guest.store.epochDeadlineTrap();
    expect(thrownBy(() => guest.call('run', 1))).toMatchObject(INTERRUPT);
  });

  it('does not matter without epochInterruption', () => {
    const guest = startBumping('wat/loops.wat', () => {});
    expect(thrownBy(() => guest.call('run', 1))).toMatchObject(INTERRUPT);
  });
});

describe('what a callback returns', () => {
  it.each([
    undefined,
    null,
    1,
    -1,
    {},
    Promise.resolve(UpdateDeadline.continue(1)),
    UpdateDeadline,
  ])('%s is no UpdateDeadline: the error comes out of the call', (value) => {
    const guest = loops((store) =>
      store.epochDeadlineCallback(() => value as unknown as UpdateDeadline),
    );
    const error = expectMisuse('ERR_INVALID_ARG_TYPE', () => guest.call('run', 1));
    expect(error.message).toMatch(
      /^what the epoch deadline callback returned: expected an UpdateDeadline, got /,
    );
  });

  it('cannot be made by hand', () => {
    const Loose = UpdateDeadline as unknown as new (ticks: unknown) => UpdateDeadline;
    for (const ticks of [Number.NaN, -1.5, 'x', undefined]) {
      const guest = loops((store) => store.epochDeadlineCallback(() => new Loose(ticks)));
      expectMisuse('ERR_ILLEGAL_CONSTRUCTOR', () => guest.call('run', 1));
    }
  });
});

describe('inside of an epoch callback', () => {
  it('the store can be called again, grow memories and make instances', () => {
    const results: unknown[] = [];
    const guest = loops((store) =>
      store.epochDeadlineCallback((store) => {
        // The deadline is still reached, and Wasmtime has the callback out while it runs.
        store.setEpochDeadline(1000);
        results.push(guest.call('nested', 2, 3, 4));
        const memory = Memory.create(store, { minimum: 1 });
        memory.grow(store, 2);
        memory.write(store, 70_000, Uint8Array.of(1, 2, 3));
        results.push(memory.read(store, 70_001, 1)[0]);
        const module = Module.compile(
          store.engine,
          '(module (func (export "f") (result i32) (i32.const 9)))',
        );
        results.push(guest.linker.instantiate(store, module).getFunc(store, 'f').call(store));
        return UpdateDeadline.continue(50);
      }),
    );
    // At the 1st of the 100 bumps and, as nested calls bump 24 times, at the 51st.
    guest.call('run', 1);
    expect(results).toEqual([24, 2, 9, 24, 2, 9]);
  });

  it('a call that meets the deadline traps, and may be caught', () => {
    const caught: unknown[] = [];
    const guest = loops((store) =>
      store.epochDeadlineCallback(() => {
        caught.push(thrownBy(() => guest.call('nested', 1, 1, 1)));
        return UpdateDeadline.continue(1000);
      }),
    );
    guest.call('run', 1);
    expect(caught).toMatchObject([INTERRUPT]);
  });

  it('another callback can be set, which is the next one', () => {
    const ran: string[] = [];
    const guest = loops((store) =>
      store.epochDeadlineCallback((store) => {
        ran.push('first');
        store.epochDeadlineCallback(() => {
          ran.push('second');
          return UpdateDeadline.continue(1);
        });
        return UpdateDeadline.continue(1);
      }),
    );
    guest.call('run', 1);
    expect(ran).toEqual(['first', ...new Array(99).fill('second')]);
  });

  it('the trap can be set, which is the next thing to happen', () => {
    let ran = 0;
    const guest = loops((store) =>
      store.epochDeadlineCallback((store) => {
        ran++;
        store.epochDeadlineTrap();
        return UpdateDeadline.continue(1);
      }),
    );
    expect(thrownBy(() => guest.call('run', 1))).toMatchObject(INTERRUPT);
    expect(ran).toBe(1);
  });

  it('a call hook can be set', () => {
    const kinds: string[] = [];
    const guest = loops((store) =>
      store.epochDeadlineCallback((store) => {
        store.callHook((_, kind) => void kinds.push(kind));
        return UpdateDeadline.continue(1000);
      }),
    );
    guest.call('run', 1);
    expect(kinds[0]).toBe('ReturningFromHost');
    expect(kinds.at(-1)).toBe('ReturningFromWasm');
  });

  it('what it returns counts, whatever setEpochDeadline said before', () => {
    let ran = 0;
    const guest = loops((store) =>
      store.epochDeadlineCallback((store) => {
        ran++;
        store.setEpochDeadline(1);
        return UpdateDeadline.continue(1000);
      }),
    );
    guest.call('run', 1);
    expect(ran).toBe(1);
  });
});
