import { describe, expect, it } from 'vitest';
import {
  Engine,
  Func,
  GuestProfiler,
  Linker,
  Module,
  Store,
  Trap,
  UpdateDeadline,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';
import { finish, type ReadProfile } from './support.js';

interface TrapMarker {
  readonly code: string;
  /** Function names, oldest first. */
  readonly stack: string[];
}

function trapsOf({ json, causes }: ReadProfile): TrapMarker[] {
  const { name, phase, data } = json.threads[0].markers;
  const marked = data.flatMap((fields: { type?: string; code: string } | null, row: number) =>
    fields?.type === 'trap' ? [{ row, code: fields.code }] : [],
  );
  for (const { row } of marked) {
    expect(json.shared.stringArray[name[row]]).toBe('trap');
    expect(phase[row]).toBe(0);
  }
  const stacks = causes.slice(causes.length - marked.length);
  return marked.map(({ code }: { code: string }, i: number) => ({ code, stack: stacks[i] ?? [] }));
}

/** What `call` throws. */
function trapOf(call: () => unknown): Trap {
  try {
    call();
  } catch (error) {
    if (error instanceof Trap) return error;
    throw error;
  }
  throw new Error('expected a trap, got none');
}

function started(source: string, options: { listed?: boolean } = {}) {
  const engine = new Engine({ epochInterruption: true });
  const module = source.endsWith('.wat')
    ? Module.fromFile(engine, guestPath(source))
    : Module.compile(engine, source);
  const other = Module.compile(engine, '(module (func (export "other")))');
  const store = new Store(engine);
  const linker = new Linker(engine);
  linker.funcWrap('env', 'bump_epoch', { params: [], results: [] }, () => {});
  const listed = options.listed === false ? other : module;
  const profiler = new GuestProfiler('guest', 1, [['guest', listed]]);
  return { engine, module, store, linker, profiler };
}

describe('a trap', () => {
  it.each([
    'unreachable',
    'memory_out_of_bounds',
    'memory_fill_out_of_bounds',
    'table_out_of_bounds',
    'indirect_call_to_null',
    'divide_by_zero',
    'bad_conversion',
    'through_two_calls',
  ])('%s is a marker with the code and the stack of Wasmtime’s own error', async (name) => {
    const { module, store, linker, profiler } = started('wat/traps.wat');
    profiler.attach(store, { everyEpoch: true });
    const func = linker.instantiate(store, module).getFunc(store, name);
    const error = trapOf(() => func.call(store));
    const names = error.frames.map(({ funcName }) => funcName).reverse();
    expect(names.length).toBeGreaterThan(0);
    expect(trapsOf(await finish(profiler))).toEqual([{ code: error.trapCode, stack: names }]);
  });

  it('is there as often as it came, and when the guest is started', async () => {
    const { module, store, linker, profiler } = started(`(module
      (func $begin (if (i32.eqz (memory.size)) (then unreachable)))
      (memory 0) (start $begin))`);
    profiler.attach(store, { everyEpoch: true });
    for (let i = 0; i < 3; i++) trapOf(() => linker.instantiate(store, module));
    const trap = { code: 'UnreachableCodeReached', stack: ['begin'] };
    expect(trapsOf(await finish(profiler))).toEqual([trap, trap, trap]);
  });

  it('is one when it passes through a host function', async () => {
    const { module, store, linker, profiler } = started(`(module
      (import "env" "back" (func $back))
      (func $inner (export "inner") unreachable)
      (func $outer (export "outer") (call $back)))`);
    linker.funcWrap('env', 'back', { params: [], results: [] }, (caller) => {
      const inner = caller.getExport('inner');
      if (inner instanceof Func) inner.call(caller);
    });
    profiler.attach(store, { everyEpoch: true });
    const outer = linker.instantiate(store, module).getFunc(store, 'outer');
    trapOf(() => outer.call(store));
    const [trap, ...others] = trapsOf(await finish(profiler));
    expect(trap).toEqual({ code: 'UnreachableCodeReached', stack: ['outer', 'inner'] });
    expect(others).toEqual([]);
  });

  it('of a deadline is Interrupt, where the guest was', async () => {
    const { engine, module, store, linker, profiler } = started(`(module
      (func $spin (export "spin") (loop $again (br $again))))`);
    profiler.attach(store, { everyEpoch: true });
    store.setEpochDeadline(1);
    store.epochDeadlineCallback(() => UpdateDeadline.interrupt);
    engine.incrementEpoch();
    const spin = linker.instantiate(store, module).getFunc(store, 'spin');
    expect(trapOf(() => spin.call(store)).trapCode).toBe('Interrupt');
    expect(trapsOf(await finish(profiler))).toEqual([{ code: 'Interrupt', stack: ['spin'] }]);
  });

  it('has the newest frames of a stack that overflowed', async () => {
    const { module, store, linker, profiler } = started('wat/traps.wat');
    profiler.attach(store, { everyEpoch: true });
    const func = linker.instantiate(store, module).getFunc(store, 'stack_overflow');
    const error = trapOf(() => func.call(store));
    const [trap] = trapsOf(await finish(profiler));
    expect(trap?.code).toBe('StackOverflow');
    expect(trap?.stack).toHaveLength(error.frames.length);
  });

  it('shows no frame of a module that isn’t listed', async () => {
    const { module, store, linker, profiler } = started('wat/traps.wat', { listed: false });
    profiler.attach(store, { everyEpoch: true });
    const func = linker.instantiate(store, module).getFunc(store, 'unreachable');
    trapOf(() => func.call(store));
    const profile = await finish(profiler);
    expect(trapsOf(profile)).toEqual([{ code: 'UnreachableCodeReached', stack: [] }]);
    expect(profile.json.shared.frameTable.length).toBe(0);
  });

  it('is none of an exit, of an exception of the host, or before and after the recorder', async () => {
    const { engine, module, store, linker, profiler } = started(`(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "env" "throws" (func $throws))
      (memory (export "memory") 1)
      (func (export "exits") (call $exit (i32.const 3)))
      (func (export "throws") (call $throws))
      (func (export "traps") unreachable))`);
    linker.addWasi();
    linker.funcWrap('env', 'throws', { params: [], results: [] }, () => {
      throw new RangeError('mine');
    });
    store.setWasi(new WasiConfig({}));
    const instance = linker.instantiate(store, module);
    const call = (name: string) => instance.getFunc(store, name).call(store);
    trapOf(() => call('traps'));
    const recorder = profiler.attach(store, { everyEpoch: true });
    expect(() => call('exits')).toThrow(WasiExit);
    expect(() => call('throws')).toThrow(RangeError);
    recorder.detach();
    trapOf(() => call('traps'));
    expect(engine).toBeDefined();
    expect(trapsOf(await finish(profiler))).toEqual([]);
  });

  it('has the line at which the guest trapped', async () => {
    const engine = new Engine({ epochInterruption: true, wasmBacktraceDetails: true });
    const module = Module.fromFile(engine, guestPath('c/endings.wasm'));
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: ['endings', 'trap'] }));
    const profiler = new GuestProfiler('endings', 1, [['endings', module]]);
    profiler.attach(store, { everyEpoch: true });
    const start = new Linker(engine).addWasi().instantiate(store, module).getFunc(store, '_start');
    const error = trapOf(() => start.call(store));
    const { json } = await finish(profiler);
    const { markers } = json.threads[0];
    const { cause } = markers.data.find((data: { type?: string }) => data?.type === 'trap');
    const { stackTable, frameTable } = json.shared;
    const own = error.frames[0]?.symbols[0];
    expect(own?.line).toBeGreaterThan(0);
    expect(frameTable.line[stackTable.frame[cause.stack]]).toBe(own?.line);
  });
});

describe('fuel', () => {
  it('is a counter whose last reading is all that was used', async () => {
    const engine = new Engine({ epochInterruption: true, consumeFuel: true });
    const module = Module.compile(
      engine,
      `(module
        (func $step (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)))
        (func (export "run") (param i32)
          (loop $again (br_if $again (local.tee 0 (call $step (local.get 0)))))))`,
    );
    const store = new Store(engine);
    store.setFuel(1_000_000n);
    const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
    const recorder = profiler.attach(store, { everyEpoch: true });
    const run = new Linker(engine).instantiate(store, module).getFunc(store, 'run');
    engine.incrementEpoch();
    run.call(store, 1000);
    const first = 1_000_000n - store.getFuel();
    // Adding some is no use of it.
    store.setFuel(store.getFuel() + 500n);
    engine.incrementEpoch();
    run.call(store, 100);
    const used = 1_000_500n - store.getFuel();
    expect(used).toBeGreaterThan(first);
    recorder.detach();
    const { json } = await finish(profiler);
    expect(json.counters).toHaveLength(1);
    const [{ name, samples, display }] = json.counters;
    expect([name, display.graphType]).toEqual(['fuel used', 'line-rate']);
    expect(samples.length).toBeGreaterThan(1);
    const total = samples.count.reduce((sum: number, count: number) => sum + count, 0);
    // What was added came between two readings, and hides as much of what was used.
    expect(Number(used) - total).toBeLessThanOrEqual(500);
    expect(total).toBeLessThanOrEqual(Number(used));
  });

  it('is no counter of an engine that counts none', async () => {
    const { module, store, linker, profiler } = started('(module (func (export "f")))');
    profiler.attach(store, { everyEpoch: true });
    linker.instantiate(store, module).getFunc(store, 'f').call(store);
    expect((await finish(profiler)).json.counters).toBeUndefined();
  });
});
