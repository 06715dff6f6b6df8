import { describe, expect, it } from 'vitest';
import { CallHook, Func, Module, Store, UpdateDeadline } from '../../lib/index.js';
import { start, startBumping, thrownBy, world } from './support.js';

const { CallingWasm, ReturningFromWasm, CallingHost, ReturningFromHost } = CallHook;
const HOST_CALL = [CallingHost, ReturningFromHost];

const WAT = `(module
  (import "env" "host" (func $host))
  (memory (export "memory") 1)
  (func (export "nothing"))
  (func (export "once") (call $host))
  (func (export "twice") (call $host) (call $host))
  (func (export "trap") (call $host) (unreachable)))`;

/** A guest whose host function does `host`, and the hooks that it fired. */
function hooked(host: () => unknown = () => {}) {
  const fired: CallHook[] = [];
  const parts = world();
  const guest = start(WAT, { host: [[], [], host] }, parts);
  parts.store.callHook((store, kind) => {
    expect(store).toBe(parts.store);
    fired.push(kind);
  });
  return { guest, fired };
}

describe('a call hook', () => {
  it('has names that are their own values', () => {
    expect(CallHook).toEqual({
      CallingWasm: 'CallingWasm',
      ReturningFromWasm: 'ReturningFromWasm',
      CallingHost: 'CallingHost',
      ReturningFromHost: 'ReturningFromHost',
    });
  });

  it.each([
    ['nothing', [CallingWasm, ReturningFromWasm]],
    ['once', [CallingWasm, ...HOST_CALL, ReturningFromWasm]],
    ['twice', [CallingWasm, ...HOST_CALL, ...HOST_CALL, ReturningFromWasm]],
  ])('is called at each transition of %s', (name, expected) => {
    const { guest, fired } = hooked();
    guest.call(name);
    expect(fired).toEqual(expected);
  });

  it('is called when a trap and an exception return', () => {
    const sequence = [CallingWasm, ...HOST_CALL, ReturningFromWasm];
    const { guest, fired } = hooked();
    thrownBy(() => guest.call('trap'));
    expect(fired).toEqual(sequence);
    const throwing = hooked(() => {
      throw 1;
    });
    thrownBy(() => throwing.guest.call('once'));
    expect(throwing.fired).toEqual(sequence);
  });

  it('nests as calls do', () => {
    const { guest, fired } = hooked(() => guest.call('nothing'));
    guest.call('once');
    expect(fired).toEqual([
      CallingWasm,
      CallingHost,
      CallingWasm,
      ReturningFromWasm,
      ReturningFromHost,
      ReturningFromWasm,
    ]);
  });

  it('is called for a host function that the host calls, as Wasmtime does', () => {
    const { guest, fired } = hooked();
    const host = Func.wrap(guest.store, { params: [], results: [] }, () => {});
    host.call(guest.store);
    expect(fired).toEqual([CallingWasm, ...HOST_CALL, ReturningFromWasm]);
  });

  it('is called for the epoch callback, which is a host call too', () => {
    const fired: CallHook[] = [];
    const guest = startBumping('wat/traps.wat', (store) => {
      store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
      store.callHook((_, kind) => void fired.push(kind));
    });
    thrownBy(() => guest.call('unreachable'));
    // bump_epoch, then the callback.
    expect(fired).toEqual([CallingWasm, ...HOST_CALL, ...HOST_CALL, ReturningFromWasm]);
  });

  it('is called for a start function, and not without one', () => {
    const fired: CallHook[] = [];
    const parts = world();
    parts.store.callHook((_, kind) => void fired.push(kind));
    start('(module (memory 1) (data (i32.const 0) "a"))', {}, parts);
    expect(fired).toEqual([]);
    start('(module (func $f) (start $f))', {}, parts);
    expect(fired).toEqual([CallingWasm, ReturningFromWasm]);
  });

  it('is not called by what enters no guest', () => {
    const { guest, fired } = hooked();
    const memory = guest.instance.getMemory(guest.store, 'memory');
    memory.grow(guest.store, 1);
    memory.write(guest.store, 0, new Uint8Array(1));
    guest.instance.exports(guest.store);
    expect(fired).toEqual([]);
  });

  it('is not called while it runs itself', () => {
    const { guest } = hooked();
    const fired: CallHook[] = [];
    let ran = 0;
    guest.store.callHook((_, kind) => {
      fired.push(kind);
      guest.call('once');
      ran++;
    });
    guest.call('nothing');
    expect(fired).toEqual([CallingWasm, ReturningFromWasm]);
    expect(ran).toBe(2);
  });

  it('may use the store: its memory, new instances, the epoch', () => {
    const { guest } = hooked();
    const memory = guest.instance.getMemory(guest.store, 'memory');
    const module = Module.compile(guest.engine, '(module (func (export "f")))');
    guest.store.callHook((store, kind) => {
      if (kind !== CallingHost) return;
      memory.write(store, memory.grow(store, 1), Uint8Array.of(7));
      guest.linker.instantiate(store, module).getFunc(store, 'f').call(store);
      store.setEpochDeadline(5);
    });
    guest.call('twice');
    expect(memory.size(guest.store)).toBe(3);
    expect([...memory.read(guest.store, 0, 3)]).toEqual([0, 7, 7]);
  });

  it('may take another in its place, or none', () => {
    const { guest } = hooked();
    const fired: string[] = [];
    guest.store.callHook((store, first) => {
      fired.push(`first ${first}`);
      store.callHook((store, second) => {
        fired.push(`second ${second}`);
        store.callHook(null);
      });
    });
    guest.call('once');
    expect(fired).toEqual(['first CallingWasm', 'second CallingHost']);
    guest.call('once');
    expect(fired).toHaveLength(2);
  });

  it('keeps the guest out when it throws at CallingWasm, and the host at CallingHost', () => {
    let hosted = 0;
    const { guest } = hooked(() => hosted++);
    for (const kind of [CallingWasm, CallingHost]) {
      guest.store.callHook((_, fired) => {
        if (fired === kind) throw kind;
      });
      expect(thrownBy(() => guest.call('once'))).toBe(kind);
    }
    expect(hosted).toBe(0);
    guest.store.callHook((_, fired) => {
      if (fired === ReturningFromHost) throw fired;
    });
    expect(thrownBy(() => guest.call('once'))).toBe(ReturningFromHost);
    expect(hosted).toBe(1);
  });

  it('a later exception takes the place of an earlier one', () => {
    const { guest } = hooked(() => {
      throw 'host';
    });
    guest.store.callHook((_, kind) => {
      if (kind === ReturningFromWasm) throw 'hook';
    });
    expect(thrownBy(() => guest.call('once'))).toBe('hook');
  });

  it('is of one store', () => {
    const { guest, fired } = hooked();
    const other = new Store(guest.engine);
    guest.linker.instantiate(other, guest.module).getFunc(other, 'once').call(other);
    expect(fired).toEqual([]);
  });
});
