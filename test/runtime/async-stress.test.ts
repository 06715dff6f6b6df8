import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  type Caller,
  Engine,
  type Func,
  GuestProfiler,
  Linker,
  Memory,
  Module,
  Store,
} from '../../lib/index.js';
import { seededRandom } from '../support/random.js';

const WAT = `(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $spin (param i32) (loop $again
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
    (br_if $again (local.get 0))))
  (func (export "run") (param i32 externref) (result externref)
    (call $spin (i32.const 100))
    (drop (call $host (local.get 0)))
    (call $spin (i32.const 100))
    (local.get 1)))`;

class Expected extends Error {}

/** A guest whose host functions do, by chance, all that they may. */
class Guest {
  readonly store: Store;
  readonly #pick: (count: number) => number;
  readonly #kept: Promise<unknown>[] = [];
  run!: Func;
  callers = 0;

  constructor(
    readonly engine: Engine,
    seed: number,
  ) {
    this.#pick = seededRandom(seed);
    this.store = new Store(engine);
    this.store.setEpochDeadline(1);
    if (this.#pick(2) === 0) this.store.epochDeadlineAsyncYieldAndUpdate(1);
    else this.store.setEpochDeadline(2 ** 40);
    if (this.#pick(2) === 0) this.store.callHook(() => {});
  }

  async start(module: Module): Promise<void> {
    const type = { params: ['i32'], results: ['i32'] } as const;
    const linker = new Linker(this.engine).funcWrapAsync('env', 'host', type, (caller, n) =>
      this.#host(caller, n),
    );
    const instance = await linker.instantiateAsync(this.store, module);
    this.run = instance.getFunc(this.store, 'run');
  }

  #host(caller: Caller, n: number): number | Promise<number> {
    this.callers++;
    if (this.#pick(4) === 0) return n;
    if (this.#pick(12) === 0) throw new Expected('at once');
    return this.#wait(caller, n);
  }

  async #wait(caller: Caller, n: number): Promise<number> {
    for (let step = this.#pick(5); step >= 0; step--) {
      switch (this.#pick(8)) {
        case 0:
        case 1:
          await turn();
          break;
        case 2:
          await undefined;
          break;
        case 3: {
          await turn();
          const memory = caller.getExport('memory');
          if (memory instanceof Memory) memory.write(caller, n, new Uint8Array([n]));
          break;
        }
        case 4:
          if (n > 0) await this.call(caller, n - 1);
          break;
        case 5: {
          if (n === 0) break;
          const controller = new AbortController();
          const call = this.call(caller, n - 1, controller.signal);
          if (this.#pick(2) === 0) await turn();
          controller.abort(new Expected('aborted'));
          await call;
          break;
        }
        case 6:
          this.engine.incrementEpoch();
          break;
        default:
          // Nobody waits for it: it ends with this function.
          if (n > 0 && this.#pick(3) === 0) {
            this.#kept.push(this.call(caller, n - 1));
            return n;
          }
          if (this.#pick(6) === 0) throw new Expected('later');
      }
    }
    return n;
  }

  /** Calls the guest, which holds a value meanwhile; what may go wrong is among what is expected. */
  async call(store: Store | Caller, n: number, signal?: AbortSignal): Promise<void> {
    const value = { n };
    try {
      const returned = await this.run.callAsync(store, n, value, signal ? { signal } : {});
      expect(returned).toBe(value);
    } catch (error) {
      const { code } = error as { code?: string };
      const ended = code === 'ERR_CALLER_ENDED' || code === 'ERR_STORE_IN_USE';
      if (!(error instanceof Expected) && !ended) throw error;
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#kept);
    // Whatever has happened, it is as good as new.
    for (let i = 0; i < 5; i++) await this.call(this.store, 0);
    this.store.dispose();
  }
}

it.each([1, 2, 3, 4])('guests do all that they may, by chance: seed %i', async (seed) => {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, WAT);
  const profiler = new GuestProfiler('guests', 1, [['guest', module]]);
  using _ticker = engine.startEpochTicker(1);
  const guests = Array.from({ length: 20 }, (_, i) => new Guest(engine, seed * 1000 + i));
  await Promise.all(guests.map((guest) => guest.start(module)));
  for (const { store } of guests.slice(0, 10))
    profiler.attach(store, { sampler: 'epoch', hostCalls: 'frames' });
  const runs = guests.map(async (guest, i) => {
    for (let round = 0; round < 20; round++) {
      const controller = new AbortController();
      const call = guest.call(guest.store, 4, controller.signal);
      if ((round + i) % 3 === 0) {
        await turn();
        controller.abort(new Expected('aborted'));
      }
      await call;
    }
  });
  await Promise.all(runs);
  expect(guests.reduce((sum, { callers }) => sum + callers, 0)).toBeGreaterThan(400);
  await profiler.finish();
  for (const guest of guests) await guest.end();
});

it('calls within host functions of calls may be many', async () => {
  const levels = 200;
  const engine = new Engine();
  const linker = new Linker(engine);
  let depth = 0;
  const module = Module.compile(
    engine,
    `(module (import "h" "f" (func $f (param i32) (result i32)))
      (func (export "go") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1))))`,
  );
  linker.funcWrapAsync('h', 'f', { params: ['i32'], results: ['i32'] }, async (caller) => {
    depth++;
    return depth < levels ? ((await go.callAsync(caller, 0)) as number) : 0;
  });
  const store = new Store(engine);
  const instance = await linker.instantiateAsync(store, module);
  const go = instance.getFunc(store, 'go');
  expect(await go.callAsync(store, 0)).toBe(levels);
});
