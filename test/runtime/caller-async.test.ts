import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import {
  type AsyncHostFunction,
  type Caller,
  Engine,
  Func,
  Global,
  type Instance,
  Linker,
  Memory,
  Module,
  Store,
  Trap,
  type ValType,
} from '../../lib/index.js';
import { expectMisuse, rejection } from './support.js';

const WAT = `(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (import "env" "sync" (func $sync (param i32) (result i32)))
  (memory (export "memory") 1 10)
  (global (export "global") (mut i32) (i32.const 5))
  (func (export "run") (param i32) (result i32) (call $host (local.get 0)))
  (func (export "sync") (param i32) (result i32) (call $sync (local.get 0)))
  (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "hold") (param externref) (result externref)
    (drop (call $host (i32.const 0))) (local.get 0))
  (func (export "echo") (param externref) (result externref) (local.get 0))
  (func (export "trap") unreachable))`;

type Host = AsyncHostFunction<ValType[], ValType[]>;

class Guest {
  readonly engine = new Engine({ epochInterruption: true });
  readonly store = new Store(this.engine);
  instance!: Instance;
  sync: (caller: Caller, x: number) => number = (_, x) => x;

  static async start(host: (guest: Guest, caller: Caller, x: number) => unknown): Promise<Guest> {
    const guest = new Guest();
    guest.store.setEpochDeadline(2 ** 40);
    const type = { params: ['i32'], results: ['i32'] } as ValType extends string
      ? { params: ValType[]; results: ValType[] }
      : never;
    const fn: Host = (caller, x) => host(guest, caller, x as number);
    const linker = new Linker(guest.engine)
      .funcWrapAsync('env', 'host', type, fn)
      .funcWrap('env', 'sync', type, (caller, x) => guest.sync(caller, x as number));
    const module = Module.compile(guest.engine, WAT);
    guest.instance = await linker.instantiateAsync(guest.store, module);
    return guest;
  }

  func(name: string): Func {
    const func = this.#funcs.get(name) ?? this.instance.getFunc(this.store, name);
    this.#funcs.set(name, func);
    return func;
  }

  readonly #funcs = new Map<string, Func>();

  /** Known before a call begins. */
  async run(x: unknown, options: object = {}, name = 'run'): Promise<unknown> {
    for (const other of ['run', 'double', 'sync', 'trap', 'echo']) this.func(other);
    return await this.func(name).callAsync(this.store, x, options);
  }
}

describe('a caller after an await', () => {
  it('leads to the store, which stays in use for all others', async () => {
    const guest = await Guest.start(async ({ store, instance }, caller, x) => {
      await turn();
      const memory = caller.getExport('memory');
      const global = caller.getExport('global');
      if (!(memory instanceof Memory) || !(global instanceof Global)) throw new Error('no export');
      memory.write(caller, 8, new Uint8Array([x]));
      await turn();
      expect([...memory.read(caller, 8, 1)]).toEqual([x]);
      expect(memory.grow(caller, 1)).toBe(1);
      global.set(caller, 6);
      const made = Func.wrap(caller, { params: [], results: ['i32'] }, () => 9);
      expect(made.call(caller)).toBe(9);
      expectMisuse('ERR_STORE_IN_USE', () => memory.read(store, 8, 1));
      expectMisuse('ERR_STORE_IN_USE', () => instance.getMemory(store, 'memory'));
      expectMisuse('ERR_STORE_IN_USE', () => store.dispose());
      return global.get(caller);
    });
    expect(await guest.run(7)).toBe(6);
    expect(guest.instance.getMemory(guest.store, 'memory').size(guest.store)).toBe(2);
  });

  it('may call the guest, whose host functions use the store themselves', async () => {
    const guest = await Guest.start(async (guest, caller, x) => {
      await turn();
      const double = caller.getExport('double');
      if (!(double instanceof Func)) throw new Error('no export');
      guest.sync = (inner, y) => {
        expectMisuse('ERR_STORE_IN_USE', () => caller.getExport('memory'));
        return double.call(guest.store, y) + (double.call(inner, y) as number);
      };
      return guest.func('sync').call(caller, x);
    });
    expect(await guest.run(5)).toBe(20);
  });

  it('sees what the guest holds kept, whatever garbage is collected', async () => {
    const guest = await Guest.start(async (guest, caller) => {
      await turn();
      guest.sync = (_, x) => {
        guest.store.gc();
        return x;
      };
      guest.func('sync').call(caller, 1);
      const echo = guest.func('echo');
      for (let i = 0; i < 10_000; i++) echo.call(caller, { garbage: i });
      guest.func('sync').call(caller, 1);
      return 0;
    });
    const value = { held: true };
    expect(await guest.run(value, {}, 'hold')).toBe(value);
  });

  it('ends when its promise has settled, and with its call', async () => {
    const callers: Caller[] = [];
    const never = new Promise(() => {});
    const guest = await Guest.start(async (_, caller, x) => {
      callers.push(caller);
      return x === 0 ? await never : x;
    });
    expect(await guest.run(1)).toBe(1);
    const controller = new AbortController();
    const call = guest.run(0, { signal: controller.signal });
    controller.abort('ended');
    expect(await rejection(call)).toBe('ended');
    for (const caller of callers) {
      expectMisuse('ERR_CALLER_ENDED', () => caller.getExport('memory'));
      expectMisuse('ERR_CALLER_ENDED', () => guest.func('double').call(caller, 1));
    }
    expect(await guest.run(2)).toBe(2);
  });

  it('of a synchronous call within, which could not wait, leads nowhere', async () => {
    const inner: Caller[] = [];
    const guest = await Guest.start(async (guest, caller, x) => {
      await turn();
      if (x === 0) {
        inner.push(caller);
        return 0;
      }
      expectMisuse('ERR_ASYNC_REQUIRED', () => guest.func('run').call(caller, 0));
      await turn();
      for (const other of inner) expect(() => other.getExport('memory')).toThrow();
      return caller.getExport('memory') instanceof Memory ? 1 : 0;
    });
    expect(await guest.run(1)).toBe(1);
  });

  it('may end the call that it is of', async () => {
    const controller = new AbortController();
    const guest = await Guest.start(async (guest, caller, x) => {
      await turn();
      guest.sync = (_, y) => {
        controller.abort('ended');
        return y;
      };
      try {
        guest.func('sync').call(caller, x);
      } catch (error) {
        expect(error).toBeInstanceOf(Trap);
      }
      return await new Promise(() => {});
    });
    expect(await rejection(guest.run(1, { signal: controller.signal }))).toBe('ended');
    expect(await guest.func('double').callAsync(guest.store, 4)).toBe(8);
  });

  it('gives what its promise was fulfilled with while the guest runs within a call of its own', async () => {
    setFlagsFromString('--allow-natives-syntax');
    const runReactions = new Function('%PerformMicrotaskCheckpoint()');
    const settled: string[] = [];
    const guest = await Guest.start((guest, caller, x) => {
      return new Promise((resolve) => {
        guest.sync = (_, y) => {
          resolve(x + 1);
          runReactions();
          settled.push('returns');
          return y;
        };
        const call = () => guest.func('sync').callAsync(caller, 1);
        // Reactions can't run within others.
        setImmediate(() => call().catch((error) => settled.push(error.code)));
      });
    });
    expect(await guest.run(4)).toBe(5);
    await turn();
    expect(settled).toEqual(['returns', 'ERR_CALLER_ENDED']);
    guest.sync = (_, y) => y;
    expect(await guest.func('double').callAsync(guest.store, 4)).toBe(8);
  });
});

it('results that end the call while they are read do so once', async () => {
  const engine = new Engine();
  const controller = new AbortController();
  const values = [1, 2];
  values[Symbol.iterator] = function* () {
    controller.abort('ended');
    yield 1;
    yield 2;
    return undefined;
  };
  const type = { params: [], results: ['i32', 'i32'] } as const;
  const linker = new Linker(engine).funcWrapAsync('', 'pair', type, async () => {
    await turn();
    return values as [number, number];
  });
  const store = new Store(engine);
  const module = Module.compile(
    engine,
    `(module (import "" "pair" (func $pair (result i32 i32)))
      (func (export "sum") (result i32) (i32.add (call $pair))))`,
  );
  const instance = await linker.instantiateAsync(store, module);
  const sum = instance.getFunc(store, 'sum');
  const { signal } = controller;
  expect(await rejection(sum.callAsync(store, { signal }))).toBe('ended');
  delete (values as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  expect(await sum.callAsync(store)).toBe(3);
});

describe('an async call of an async host function', () => {
  it('is part of its own, to any depth, at once or after an await', async () => {
    const depths: number[] = [];
    const guest = await Guest.start(async (guest, caller, x) => {
      depths.push(x);
      if (x % 2 === 0) await turn();
      const below = x === 0 ? 0 : ((await guest.func('run').callAsync(caller, x - 1)) as number);
      await turn();
      return below + ((await guest.func('double').callAsync(caller, 1)) as number);
    });
    expect(await guest.run(6)).toBe(14);
    expect(depths).toEqual([6, 5, 4, 3, 2, 1, 0]);
  });

  it('is one at a time, and leaves the caller nothing else', async () => {
    const guest = await Guest.start(async (guest, caller, x) => {
      if (x === 0) return await turn(0);
      const first = guest.func('run').callAsync(caller, 0);
      const second = guest.func('run').callAsync(caller, 0);
      expect(await rejection(second)).toMatchObject({ code: 'ERR_STORE_IN_USE' });
      expectMisuse('ERR_STORE_IN_USE', () => caller.getExport('memory'));
      expectMisuse('ERR_STORE_IN_USE', () => guest.func('double').call(caller, 1));
      await first;
      return guest.func('double').call(caller, x);
    });
    expect(await guest.run(4)).toBe(8);
  });

  it('ends with the host function that did not wait for it', async () => {
    let forgotten: Promise<unknown> | undefined;
    const guest = await Guest.start(async (guest, caller, x) => {
      if (x === 0) return await new Promise(() => {});
      forgotten = rejection(guest.func('run').callAsync(caller, 0));
      await turn();
      return x;
    });
    expect(await guest.run(3)).toBe(3);
    expect(await forgotten).toMatchObject({ code: 'ERR_CALLER_ENDED' });
    expect(await guest.func('double').callAsync(guest.store, 4)).toBe(8);
  });

  it('ends with the call that it is within, or alone by a signal of its own', async () => {
    const outer = new AbortController();
    const inner = new AbortController();
    const ends: unknown[] = [];
    const guest = await Guest.start(async (guest, caller, x) => {
      if (x === 0) return await new Promise(() => {});
      for (const { signal } of [inner, outer]) {
        ends.push(await rejection(guest.func('run').callAsync(caller, 0, { signal })));
      }
      return x;
    });
    const call = guest.run(1, { signal: outer.signal });
    await turn();
    inner.abort('inner');
    await turn();
    await turn();
    outer.abort('outer');
    expect(await rejection(call)).toBe('outer');
    await turn();
    expect(ends[0]).toBe('inner');
    expect(ends[1]).toSatisfy((end) => end === 'outer' || (end as Error).name === 'TypeError');
    expect(await guest.func('double').callAsync(guest.store, 4)).toBe(8);
  });

  it('rejects with its trap, which the host function may catch', async () => {
    const guest = await Guest.start(async (guest, caller, x) => {
      const error = await rejection(guest.func('trap').callAsync(caller));
      expect(error).toBeInstanceOf(Trap);
      return x;
    });
    expect(await guest.run(3)).toBe(3);
  });

  it('may instantiate', async () => {
    const guest = await Guest.start(async ({ engine }, caller) => {
      const module = Module.compile(
        engine,
        '(module (func (export "f") (result i32) i32.const 8))',
      );
      const instance = await new Linker(engine).instantiateAsync(caller, module);
      return await instance.getFunc(caller, 'f').callAsync(caller);
    });
    expect(await guest.run(1)).toBe(8);
  });
});
