import { describe, expect, it } from 'vitest';
import {
  Engine,
  Func,
  Global,
  GuestProfiler,
  InterruptHandle,
  Linker,
  Memory,
  Module,
  Store,
  UpdateDeadline,
  WasiConfig,
} from '../../lib/index.js';
import { alive, collectUntil, guestPath, runNode } from './support.js';

const engine = new Engine({ epochInterruption: true });
const module = Module.compile(
  engine,
  `(module
    (import "env" "host" (func $host (param i32)))
    (memory (export "memory") 1)
    (func (export "run") (param i32) (call $host (local.get 0))))`,
);
const COUNT = 20;

/** Makes and drops `COUNT` stores and what belongs to them; returns references to all. */
function makeAndDrop(make: (refs: (object: object) => void) => void): WeakRef<object>[] {
  const refs: WeakRef<object>[] = [];
  for (let i = 0; i < COUNT; i++) make((object) => refs.push(new WeakRef(object)));
  return refs;
}

async function expectCollected(refs: readonly WeakRef<object>[]): Promise<void> {
  expect(refs.length).toBeGreaterThan(0);
  expect(await collectUntil(() => alive(refs) === 0)).toBe(true);
}

describe('what nobody holds any more is collected', () => {
  it('stores whose callbacks close over them', async () => {
    await expectCollected(
      makeAndDrop((ref) => {
        const store = new Store(engine);
        ref(store);
        store.setEpochDeadline(1);
        store.epochDeadlineCallback((handed) =>
          handed === store ? UpdateDeadline.continue(1) : UpdateDeadline.interrupt,
        );
        store.callHook((handed) => {
          if (handed !== store) throw new Error('another');
        });
        const linker = new Linker(engine);
        ref(linker);
        linker.funcWrap('env', 'host', { params: ['i32'], results: [] }, (caller) => {
          if (caller.store !== store) throw new Error('another');
        });
        const instance = linker.instantiate(store, module);
        ref(instance);
        const run = instance.getFunc(store, 'run');
        ref(run);
        engine.incrementEpoch();
        run.call(store, 1);
      }),
    );
  });

  it('host functions of a store, that close over it', async () => {
    await expectCollected(
      makeAndDrop((ref) => {
        const store = new Store(engine);
        ref(store);
        const func = Func.wrap(store, { params: [], results: [] }, () => {
          func.call(store);
        });
        ref(func);
        const linker = new Linker(engine);
        ref(linker);
        linker.define(store, 'env', 'f', func);
        linker.define(store, 'env', 'm', Memory.create(store, { minimum: 1 }));
      }),
    );
  });

  it('stores that were disposed, and their callbacks though the store is kept', async () => {
    const stores: Store[] = [];
    await expectCollected(
      makeAndDrop((ref) => {
        const store = new Store(engine);
        stores.push(store);
        const callback = () => UpdateDeadline.continue(1);
        const hook = () => {};
        const host = () => {};
        for (const object of [callback, hook, host]) ref(object);
        store.epochDeadlineCallback(callback);
        store.callHook(hook);
        Func.wrap(store, { params: [], results: [] }, host);
        store.dispose();
      }),
    );
    expect(stores).toHaveLength(COUNT);
  });

  it('a callback that another took the place of', async () => {
    const store = new Store(engine);
    await expectCollected(
      makeAndDrop((ref) => {
        const callback = () => UpdateDeadline.continue(1);
        const hook = () => {};
        ref(callback);
        ref(hook);
        store.epochDeadlineCallback(callback);
        store.callHook(hook);
        store.epochDeadlineTrap();
        store.callHook(null);
      }),
    );
    store.dispose();
  });

  it('exceptions and externrefs that passed', async () => {
    const store = new Store(engine);
    const thrower = Func.wrap(store, { params: ['externref'], results: [] }, (_, value) => {
      throw value;
    });
    await expectCollected(
      makeAndDrop((ref) => {
        const value = { own: true };
        ref(value);
        try {
          thrower.call(store, value);
        } catch (error) {
          if (error !== value) throw error;
        }
        // Wasmtime lets go of references when its own heap is full.
        for (let i = 0; i < 2000; i++) {
          try {
            thrower.call(store, 1);
          } catch {}
        }
      }).slice(0, -2),
    );
    store.dispose();
  });

  it('engines, modules, WASI, interrupt handles and profilers', async () => {
    await expectCollected(
      makeAndDrop((ref) => {
        const own = new Engine({ epochInterruption: true });
        const store = new Store(own);
        const handle = new InterruptHandle();
        const compiled = Module.compile(own, '(module (func (export "f")))');
        const profiler = new GuestProfiler('p', 1, [['m', compiled]]);
        for (const object of [own, store, handle, compiled, profiler]) ref(object);
        store.setWasi(new WasiConfig({ stdout: 'capture' }));
        store.setInterruptHandle(handle);
        handle.triggerAfter(60_000);
        profiler.sample(store, 0);
        own.startEpochTicker(10);
        new Linker(own).instantiate(store, compiled);
      }),
    );
  });
});

describe('what is in use is not collected', () => {
  it('callbacks and host functions that only native code calls', async () => {
    const ran: string[] = [];
    const { store, run } = (() => {
      const store = new Store(engine);
      store.setEpochDeadline(1);
      store.epochDeadlineCallback(() => {
        ran.push('epoch');
        return UpdateDeadline.continue(1);
      });
      store.callHook((_, kind) => void ran.push(kind));
      const linker = new Linker(engine);
      linker.funcWrap('env', 'host', { params: ['i32'], results: [] }, () => ran.push('host'));
      // The linker itself may go.
      return { store, run: linker.instantiate(store, module).getFunc(store, 'run') };
    })();
    const marker = (() => new WeakRef({}))();
    expect(await collectUntil(() => marker.deref() === undefined)).toBe(true);
    engine.incrementEpoch();
    run.call(store, 1);
    expect(ran).toEqual([
      'CallingWasm',
      'CallingHost',
      'epoch',
      'ReturningFromHost',
      'CallingHost',
      'host',
      'ReturningFromHost',
      'ReturningFromWasm',
    ]);
  });

  it('a value that only the guest holds', async () => {
    const store = new Store(engine);
    const global = Global.create(store, { content: 'externref', mutable: true }, null);
    const ref = (() => {
      const value = { own: 1 };
      global.set(store, value);
      return new WeakRef(value);
    })();
    await collectUntil(() => false);
    expect(ref.deref()).toEqual({ own: 1 });
    expect(global.get(store)).toBe(ref.deref());
  });
});

it('memory does not grow with the number of stores made, used and forgotten', () => {
  const script = `
    import { Engine, Linker, Module, Store, UpdateDeadline, WasiConfig } from 'LIB';
    const engine = new Engine({ epochInterruption: true });
    const module = Module.fromFile(engine, ${JSON.stringify(guestPath('c/endings.wasm'))});
    const once = () => {
      const store = new Store(engine);
      store.setWasi(new WasiConfig({ args: ['endings'], stdout: 'capture' }));
      store.setEpochDeadline(1);
      store.epochDeadlineCallback((handed) => {
        if (handed !== store) throw new Error();
        return UpdateDeadline.continue(1);
      });
      const linker = new Linker(engine).addWasi();
      linker.instantiate(store, module).getFunc(store, '_start').call(store);
    };
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const round = async () => {
      for (let i = 0; i < 200; i++) {
        once();
        if (i % 20 === 19) {
          gc();
          await turn();
        }
      }
      for (let i = 0; i < 5; i++) {
        gc();
        await turn();
      }
      return process.memoryUsage().rss;
    };
    await round();
    const first = await round();
    let last;
    for (let i = 0; i < 4; i++) last = await round();
    console.log(JSON.stringify({ first, last }));`;
  const { first, last } = JSON.parse(runNode(script, { gc: true }));
  // 800 stores, each of which has touched more than 100 KB of its memory.
  expect(last - first).toBeLessThan(40 * 2 ** 20);
});
