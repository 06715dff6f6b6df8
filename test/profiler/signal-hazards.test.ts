import { spawnSync } from 'node:child_process';
import { Session } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Engine, GuestProfiler, Linker, Module, Store, Trap } from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { findAddon } from '../../lib/runtime/find-addon.js';
import { during, HAS_SIGNALS, sampled, signalGuest, storeOf, WAT } from './signals-support.js';
import { finish } from './support.js';

/** Of each hazard, beside 20,000 signals a second. */
const MS = Number(process.env['HAZARD_MS'] ?? 1000);

/** Runs `f` again and again; no sample of it may have a stack that is no path of calls. */
async function checked(guest: ReturnType<typeof signalGuest>, f: () => void): Promise<number> {
  native.checkCalls();
  const { profiler } = sampled(guest);
  during(MS, f);
  const { stacks } = await finish(profiler);
  const { samples, wrong } = native.checkCalls();
  expect(wrong).toBe(0);
  expect(samples).toBeGreaterThan(0);
  return stacks.length;
}

describe.skipIf(!HAS_SIGNALS)('signals beside', () => {
  it('recursion and indirect calls', async () => {
    const guest = signalGuest();
    await checked(guest, () => {
      guest.call('fib', 15);
      guest.call('indirect', 15);
    });
  });

  it('tail calls, whose frames are of others than those that were called', async () => {
    const guest = signalGuest();
    native.checkCalls();
    const { profiler } = sampled(guest);
    during(MS, () => guest.call('tails', 1000));
    await finish(profiler);
    const { samples, noCall } = native.checkCalls();
    expect(noCall).toBe(0);
    expect(samples).toBeGreaterThan(0);
  });

  it('exceptions', async () => {
    const guest = signalGuest();
    await checked(guest, () => guest.call('exceptions', 1000));
  });

  it('traps', async () => {
    const guest = signalGuest();
    let traps = 0;
    await checked(guest, () => {
      expect(() => guest.call('trap', 1 + (traps++ % 7))).toThrow(Trap);
    });
    expect(traps).toBeGreaterThan(100);
  });

  it('libcalls and growing memories', async () => {
    const guest = signalGuest();
    await checked(guest, () => guest.call('clear', 20));
  });

  it('re-entry, and host functions that throw', async () => {
    let depth = 0;
    const guest = signalGuest((caller, n) => {
      if (n % 50 === 1) throw new Error('thrown');
      if (depth > 4) return n;
      depth++;
      try {
        return guest.instance.getFunc(caller, 'fib').call(caller, 5) as number;
      } finally {
        depth--;
      }
    });
    await checked(guest, () => {
      expect(() => guest.call('calls', 60)).toThrow('thrown');
      depth = 0;
    });
  });

  it('stores within stores, each of which sees its own frames', async () => {
    const inner = signalGuest();
    const outer = signalGuest((_, n) => inner.call('fib', 12) as number & typeof n);
    const profiler = new GuestProfiler('guest', 1, [['outer', outer.module]]);
    const other = new GuestProfiler('guest', 1, [['inner', inner.module]]);
    profiler.attach(outer.store, { intervalMs: 0.05 });
    other.attach(inner.store, { intervalMs: 0.05 });
    during(MS, () => outer.call('calls', 10));
    const { stacks } = await finish(profiler);
    expect(stacks.filter((stack) => stack.join() === 'calls,env.host').length).toBeGreaterThan(10);
    expect(stacks.flat()).not.toContain('fib');
    const others = await finish(other);
    expect(new Set(others.stacks.flat())).toEqual(new Set(['fib']));
  });

  it('guests that are suspended', async () => {
    const engine = new Engine({ wasmExceptions: true });
    const module = Module.compile(engine, WAT);
    const linker = new Linker(engine).funcWrapAsync(
      'env',
      'host',
      { params: ['i32'], results: ['i32'] },
      async (_, n) => {
        await new Promise((resolve) => setImmediate(resolve));
        return n;
      },
    );
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    native.checkCalls();
    const run = async () => {
      const store = new Store(engine);
      const instance = await linker.instantiateAsync(store, module);
      const recorder = profiler.attach(store, { intervalMs: 0.05, hostCalls: 'markers' });
      // On a busy machine ticks come late: in CPU time, and for longer than a tick is late.
      for (const start = process.cpuUsage(); process.cpuUsage(start).user < MS * 1000; ) {
        await instance.getFunc(store, 'calls').callAsync(store, 5);
        await instance.getFunc(store, 'fib').callAsync(store, 26);
      }
      recorder.detach();
    };
    await Promise.all([run(), run(), run()]);
    const { stacks } = await finish(profiler);
    expect(stacks.length).toBeGreaterThan(10);
    expect(native.checkCalls().wrong).toBe(0);
  });

  it('children, which are spawned while signals come', async () => {
    const guest = signalGuest((_, n) => {
      if (n % 100 === 0) expect(spawnSync('true').status).toBe(0);
      return n;
    });
    await checked(guest, () => guest.call('calls', 100));
  });

  it("V8's own profiler", async () => {
    const session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: 100 });
    session.post('Profiler.start');
    const guest = signalGuest();
    expect(await checked(guest, () => guest.call('fib', 15))).toBeGreaterThan(10);
    session.post('Profiler.stop');
    session.disconnect();
  });

  it('detaching at any moment', () => {
    const guest = signalGuest();
    const profiler = new GuestProfiler('guest', 1, [['guest', guest.module]]);
    const times = during(MS, () => {
      const recorder = profiler.attach(guest.store, { intervalMs: 0.05 });
      guest.call('fib', 10);
      recorder.detach();
    });
    expect(times).toBeGreaterThan(100);
    profiler.finishProfile();
  });

  it('many stores of one thread, and modules that come and go', async () => {
    const guest = signalGuest();
    const profiler = new GuestProfiler('guest', 1, [['guest', guest.module]]);
    during(MS, () => {
      const { store, call } = storeOf(guest.linker, guest.engine, guest.module);
      profiler.attach(store, { intervalMs: 0.05 });
      // Longer than a signal takes to arrive.
      call('fib', 22);
      Module.compile(guest.engine, '(module (func (export "f")))');
      store.dispose();
    });
    const { stacks } = await finish(profiler);
    expect(stacks.flat()).toContain('fib');
  });

  it("a stranger's signals of the same number", () => {
    const script = `
      import { createRequire } from 'node:module';
      const native = createRequire(import.meta.url)(${JSON.stringify(findAddon())});
      native.signalObstacle(false);
      for (let i = 0; i < 100; i++) process.kill(process.pid, native.signalNumber());
      console.log('alive');`;
    const { stdout, signal } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { encoding: 'utf8' },
    );
    expect({ stdout, signal }).toEqual({ stdout: 'alive\n', signal: null });
  });

  it('Workers, each sampled, some of which are terminated', async () => {
    const script = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.lib).then(({ Engine, GuestProfiler, Linker, Module, Store }) => {
        const engine = new Engine();
        const module = Module.compile(engine, workerData.wat);
        const store = new Store(engine);
        const fib = new Linker(engine).instantiate(store, module).getFunc(store, 'fib');
        const profiler = new GuestProfiler('worker', 1, [['worker', module]]);
        profiler.attach(store, { intervalMs: 0.05 });
        for (const end = performance.now() + workerData.ms; performance.now() < end; ) fib.call(store, 15);
        parentPort.postMessage(profiler.finishProfile().samples);
        for (;;) fib.call(store, 15);
      });`;
    const wat = `(module (func $fib (export "fib") (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`;
    const lib = new URL('../../dist/index.js', import.meta.url).href;
    const workers = [1, 2, 3].map(
      () => new Worker(script, { eval: true, workerData: { lib, wat, ms: MS } }),
    );
    const samples = workers.map(
      (worker) =>
        new Promise<number>((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    );
    for (const count of await Promise.all(samples)) expect(count).toBeGreaterThan(0);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
});
