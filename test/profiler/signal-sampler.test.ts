import { describe, expect, it } from 'vitest';
import {
  Engine,
  FinishedProfile,
  GuestProfiler,
  InterruptHandle,
  Linker,
  Module,
  Store,
  Trap,
} from '../../lib/index.js';
import { DIVISION_COUNT, during, HAS_SIGNALS, sampled, signalGuest } from './signals-support.js';
import { finish } from './support.js';

describe.skipIf(!HAS_SIGNALS)('samples by signals', () => {
  it('need no epochs, and are the default', async () => {
    const guest = signalGuest();
    const { profiler, recorder } = sampled(guest);
    expect(recorder.sampler).toBe('signal');
    during(300, () => guest.call('fib', 20));
    const { stacks, json } = await finish(profiler);
    expect(stacks.length).toBeGreaterThan(5);
    expect(stacks.some((stack) => stack.length > 2 && stack.every((name) => name === 'fib'))).toBe(
      true,
    );
    const facts = JSON.stringify(json.meta.extra);
    expect(facts).toContain('signals, CPU time');
  });

  it('are as many as the CPU time is', async () => {
    const guest = signalGuest();
    const { profiler } = sampled(guest, { intervalMs: 1 });
    const before = process.cpuUsage();
    during(500, () => guest.call('spin', 1_000_000));
    const { user, system } = process.cpuUsage(before);
    const { json } = await finish(profiler);
    const { threadCPUDelta, length } = json.threads[0].samples;
    const cpuNs = threadCPUDelta.slice(1).reduce((sum: number, ns: number) => sum + ns, 0);
    expect(length).toBeLessThan((user + system) / 1000 + 2);
    expect(cpuNs).toBeLessThan((user + system) * 1000 + 10e6);
    expect(cpuNs).toBeGreaterThan(0);
  });

  it('fall on single instructions of a loop, rather than on its header', async () => {
    const guest = signalGuest();
    const { profiler } = sampled(guest);
    during(500, () => guest.call('divide', 100_000));
    const { json } = await finish(profiler);
    // Some machines are interrupted only after the slowest of the instructions at work.
    expect(new Set(json.shared.frameTable.address).size).toBeGreaterThan(DIVISION_COUNT / 2);
  });

  it('name what Wasmtime does for an instruction', async () => {
    const guest = signalGuest();
    const { profiler } = sampled(guest);
    during(500, () => guest.call('clear', 100));
    const { stacks, json } = await finish(profiler);
    const fills = stacks.filter((stack) => stack.join() === 'clear,memory.fill');
    expect(fills.length).toBeGreaterThan(stacks.length / 2);
    const category = json.meta.categories.findIndex(
      ({ name }: { name: string }) => name === 'Wasmtime',
    );
    expect(json.shared.frameTable.category).toContain(category);
  });

  it('name the import that a host function was called by', async () => {
    const guest = signalGuest((_, n) => {
      for (const end = performance.now() + 1; performance.now() < end; );
      return n;
    });
    const { profiler } = sampled(guest, { intervalMs: 0.2 });
    during(500, () => guest.call('calls', 20));
    const { stacks } = await finish(profiler);
    const hosts = stacks.filter((stack) => stack.join() === 'calls,env.host');
    expect(hosts.length).toBeGreaterThan(stacks.length / 2);
  });

  it('of CPU time leave those out who sleep, of wall time they do not', async () => {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const sleeps = async (clock: 'cpu' | 'wall') => {
      const guest = signalGuest((_, n) => {
        Atomics.wait(cell, 0, 0, 50);
        return n;
      });
      const { profiler } = sampled(guest, { intervalMs: 1, clock });
      guest.call('calls', 10);
      const { stacks } = await finish(profiler);
      return stacks.filter((stack) => stack.at(-1) === 'env.host').length;
    };
    const [cpu, wall] = [await sleeps('cpu'), await sleeps('wall')];
    expect(wall).toBeGreaterThan(10 * Math.max(1, cpu));
  });

  it('hold no frame or name of modules that are not listed, and no address of the host', async () => {
    const engine = new Engine();
    const secret = Module.compile(
      engine,
      `(module $secret (func $hidden_spin (export "f") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`,
    );
    const listed = Module.compile(
      engine,
      `(module $listed (import "secret" "f" (func $f (param i32)))
        (func $run (export "run") (param i32) (call $f (local.get 0)) (call $f (local.get 0))))`,
    );
    const store = new Store(engine);
    const linker = new Linker(engine);
    linker.instance(store, 'secret', linker.instantiate(store, secret));
    const run = linker.instantiate(store, listed).getFunc(store, 'run');
    const profiler = new GuestProfiler('guest', 1, [['listed', listed]]);
    profiler.attach(store, { intervalMs: 0.05 });
    during(300, () => run.call(store, 1_000_000));
    const { text, stacks, json } = await finish(profiler);
    expect(stacks.length).toBeGreaterThan(0);
    expect(new Set(stacks.flat())).toEqual(new Set(['run']));
    expect(text).not.toContain('hidden_spin');
    expect(Math.max(...json.shared.frameTable.address)).toBeLessThan(4096);
    // Nothing as long as an address of the process is.
    expect(text).not.toMatch(/\b1[34]\d{13}\b|0x7[ef][0-9a-f]{10}/);
  });

  it('are told by an interrupt that ends a guest without epochs', () => {
    const guest = signalGuest();
    const interrupt = new InterruptHandle();
    guest.store.setInterruptHandle(interrupt);
    const { profiler, recorder } = sampled(guest, { intervalMs: 1 });
    interrupt.triggerAfter(100);
    let error: unknown;
    try {
      guest.call('forever', 0);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Trap);
    expect(error).toMatchObject({ trapCode: 'Interrupt' });
    recorder.detach();
    expect(profiler.finishProfile().samples).toBeGreaterThan(0);
  });

  it('are refused where they cannot be had, with the reason', () => {
    const engine = new Engine({ target: 'pulley64' });
    const module = Module.compile(engine, '(module (func (export "f")))');
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    const attach = (options: object) => () => profiler.attach(new Store(engine), options);
    expect(attach({ sampler: 'signal' })).toThrow(expect.objectContaining({ code: 'ERR_SAMPLER' }));
    expect(attach({})).toThrow(expect.objectContaining({ code: 'ERR_NO_EPOCHS' }));
    expect(attach({ sampler: 'signal', everyEpoch: true })).toThrow(
      expect.objectContaining({ code: 'ERR_SAMPLER' }),
    );
    expect(attach({ sampler: 'timer' })).toThrow(TypeError);
    expect(attach({ clock: 'sun' })).toThrow(TypeError);
  });

  it('and those at epochs are one profile', async () => {
    const guest = signalGuest(undefined, { epochInterruption: true });
    const other = new Store(guest.engine);
    const instance = guest.linker.instantiate(other, guest.module);
    const { profiler } = sampled(guest);
    const recorder = profiler.attach(other, { sampler: 'epoch', intervalMs: 0.05 });
    expect(recorder.sampler).toBe('epoch');
    during(200, () => {
      guest.call('spin', 100_000);
      instance.getFunc(other, 'fib').call(other, 15);
    });
    const bytes = await profiler.finish();
    const { stacks } = (await FinishedProfile.read(bytes)) && { stacks: namesIn(bytes) };
    expect(stacks).toContain('spin');
    expect(stacks).toContain('fib');
  });
});

function namesIn(bytes: Uint8Array): string[] {
  return JSON.parse(Buffer.from(bytes).toString()).shared.stringArray;
}
