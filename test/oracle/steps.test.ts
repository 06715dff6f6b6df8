import { describe, expect, it, vi } from 'vitest';
import {
  Engine,
  GuestProfiler,
  Linker,
  Module,
  Store,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { HAS_SIGNALS, signalGuest } from '../profiler/signals-support.js';
import { finish } from '../profiler/support.js';
import { guestPath } from './guests.js';

vi.setConfig({ testTimeout: 3_600_000 });

/** Instructions of each program: `STEPS=5000000` for long. */
const LIMIT = Number(process.env['STEPS'] ?? 400_000);

/** Steps through what `f` does, at each instruction of which the walk must be right. */
function stepped(
  module: Module,
  f: () => void,
  { limit = Number.POSITIVE_INFINITY, plain = false } = {},
) {
  const { native: recorder } = GuestProfiler.recording(
    new GuestProfiler('steps', 1, [['guest', module]]),
  );
  // What V8 does on the way to the guest is its own affair.
  native.beginSteps(recorder, Number.POSITIVE_INFINITY, limit, plain);
  let result: ReturnType<typeof native.endSteps>;
  try {
    f();
  } finally {
    result = native.endSteps();
  }
  if (process.env['STEPS']) console.log(result);
  return result;
}

function program(name: string, argument: string) {
  const engine = new Engine();
  const module = Module.fromFile(engine, guestPath(name));
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: [name, argument], stdout: 'capture' }));
  const start = new Linker(engine).addWasi().instantiate(store, module).getFunc(store, '_start');
  return { module, store, start };
}

function runToExit(f: () => void): void {
  try {
    f();
  } catch (error) {
    if (!(error instanceof WasiExit)) throw error;
  }
}

describe.skipIf(!HAS_SIGNALS)('at every single instruction, the walk', () => {
  const each = (): ReturnType<typeof signalGuest> => {
    const guest = signalGuest((caller, n) =>
      n % 3 === 0 ? (guest.instance.getFunc(caller, 'fib').call(caller, 4) as number) : n,
    );
    // What V8 and Wasmtime do once is of no interest.
    for (const name of ['fib', 'indirect', 'tails', 'exceptions', 'clear', 'calls']) {
      guest.call(name, 3);
    }
    return guest;
  };

  it.each([
    ['fib', 12],
    ['indirect', 8],
    ['tails', 40],
    ['exceptions', 4],
    ['clear', 2],
    ['calls', 10],
  ] as const)('is right: %s', (name, n) => {
    const guest = each();
    const result = stepped(guest.module, () => guest.call(name, n));
    expect(result).toEqual({ ...result, different: 0, difference: undefined });
    expect(result.inGuest).toBeGreaterThan(20);
  });

  it.each(['c/parser.wasm', 'cpp/raytracer.wasm', 'go/pipeline.wasm'])('is right: %s', (name) => {
    const { module, store, start } = program(name, '1');
    const result = stepped(module, () => runToExit(() => start.call(store)), { limit: LIMIT });
    expect(result).toEqual({ ...result, different: 0, difference: undefined });
    expect(result.inGuest).toBeGreaterThan(100);
  });

  it('by the frame pointer alone is found to be wrong', () => {
    const guest = each();
    const result = stepped(guest.module, () => guest.call('fib', 12), { plain: true });
    expect(result.different).toBeGreaterThan(0);
  });
});

describe.skipIf(!HAS_SIGNALS)('the calls in the code', () => {
  it('find a walk by the frame pointer alone to be wrong', async () => {
    native.breakSignals(true);
    try {
      native.checkCalls();
      // It is wrong between a few instructions alone, of which a short run, on a busy machine, may have no sample.
      let wrong = 0;
      for (let runs = 0; runs < 50 && wrong === 0; runs++) {
        const { module, store, start } = program('c/parser.wasm', '5');
        const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
        profiler.attach(store, { intervalMs: 0.05 });
        runToExit(() => start.call(store));
        await finish(profiler);
        wrong = native.checkCalls().wrong;
      }
      expect(wrong).toBeGreaterThan(0);
    } finally {
      native.breakSignals(false);
    }
  });
});
