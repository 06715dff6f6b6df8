import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type * as Native from '../../lib/generated/native.js';
import { WasmtimeError } from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { runNode, thrownBy } from '../runtime/support.js';
import { BumpGuest } from './guests.js';

const { breakWalker, checkWalks, runSelfCheck, walkChecks }: typeof Native = native;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Walkers that are wrong on purpose, and what the self-check finds. */
const BREAKAGES = [
  [
    'exit-pc',
    /^frame 0: function and offset \(None, None\), Wasmtime's \(Some\(1\), Some\(\d+\)\)$/,
  ],
  ['entry-fp', /^(the walk left the stack|frame \d+: .*)$/],
  ['exit-fp', /^(the walk left the stack|frame \d+: .*)$/],
  ['return-address', /^frame 1: function and offset \(None, None\), Wasmtime's/],
  ['entry', /^frame 42: function and offset \(None, None\), Wasmtime's/],
  ['twice', /^frame 1: function and offset \(Some\(1\), Some\(\d+\)\), Wasmtime's/],
] as const;

afterEach(() => {
  breakWalker('');
  checkWalks(false);
});

/** Runs a guest that has 30 samples in loops, at the recorder's and at the callback's. */
function runLoops(config = {}): BumpGuest {
  const guest = new BumpGuest({ wasmBacktraceMaxFrames: 1000, ...config });
  const instance = guest.start('wat/loops.wat');
  instance.getFunc(guest.store, 'nested').call(guest.store, 2, 3, 5);
  return guest;
}

describe.each([
  ['native code', false],
  ['Pulley', true],
])('the self-check, of %s', (_, isPulley) => {
  it('passes', () => {
    runSelfCheck(isPulley);
  });

  it.each(BREAKAGES)('finds a walker that is broken: %s', (breakage, message) => {
    breakWalker(breakage);
    const error = thrownBy(() => runSelfCheck(isPulley)) as WasmtimeError;
    expect(error).toBeInstanceOf(WasmtimeError);
    expect(error.code).toBe('ERR_STACK_WALK');
    expect(error.message).toMatch(message);
  });
});

it.each([
  ['native code', {}],
  ['Pulley', { target: 'pulley64' }],
])('with %s, a process whose walker is broken records nothing, and runs on', (_, config) => {
  const seen = runNode(`
    import * as lib from 'LIB';
    import { createRequire } from 'node:module';
    const native = createRequire('LIB')('node-gyp-build')(${JSON.stringify(root)});
    native.breakWalker('return-address');
    const engine = new lib.Engine({ epochInterruption: true, ...${JSON.stringify(config)} });
    const module = lib.Module.compile(engine, '(module (func (export "f") (result i32) (i32.const 7)))');
    const store = new lib.Store(engine);
    store.setEpochDeadline(1);
    const profiler = new lib.GuestProfiler('guest', 1, [['guest', module]]);
    const code = (run) => {
      try { return run(); } catch (error) { return error.constructor.name + ' ' + error.code; }
    };
    console.log(code(() => profiler.attach(store, { sampler: 'epoch' })));
    console.log(code(() => profiler.sample(store, 0)));
    console.log(code(() => profiler.callHook(store, lib.CallHook.CallingHost)));
    const instance = new lib.Linker(engine).instantiate(store, module);
    console.log(instance.getFunc(store, 'f').call(store));
    const profile = JSON.parse(Buffer.from(await profiler.finish()).toString());
    console.log(profile.threads[0].samples.length, profile.threads[0].markers.length);
  `);
  const refused = 'WasmtimeError ERR_STACK_WALK';
  expect(seen.trim().split('\n')).toEqual([refused, refused, refused, '7', '0 0']);
});

describe('a walker that breaks after the self-check', () => {
  // The others would be read outside of the stack: they are for the self-check alone.
  it.each(['return-address', 'exit-pc'])('is found by the oracle: %s', async (breakage) => {
    const guest = new BumpGuest();
    const instance = guest.start('called', CALLED);
    guest.pair.sample(guest.store);
    breakWalker(breakage);
    instance.getFunc(guest.store, 'outer').call(guest.store);
    breakWalker('');
    await expect(guest.pair.compare()).rejects.toThrow('sample 1: frames: ours 1, upstream 2');
  });

  it.each([
    ['exit-pc', /^frame 0: function and offset Some\(\(None, None\)\), Wasmtime's Some/],
    // Frames that Wasmtime has not, of its own trampoline and of the guest's function.
    ['entry', /^frame \d+: function and offset None, Wasmtime's None, and no startup function$/],
    ['twice', /^frame 1: function and offset .*, and no startup function$/],
  ])('is found by the comparison of each walk: %s', (breakage, message) => {
    checkWalks(true);
    runLoops();
    const whole = walkChecks();
    expect(whole).toMatchObject({ different: 0, startups: 0 });
    expect(whole.walks).toBeGreaterThan(60);
    expect(whole.frames).toBeGreaterThan(60);
    checkWalks(true);
    breakWalker(breakage);
    runLoops();
    const broken = walkChecks();
    expect(broken.different).toBeGreaterThan(60);
    expect(broken.difference).toMatch(message);
  });
});

it("the Pulley interpreter's stacks equal upstream's", async () => {
  checkWalks(true);
  const compared = await runLoops({ target: 'pulley64' }).pair.compare();
  expect(compared.samples).toBe(30);
  expect(compared.recorded).toBe(30);
  const checks = walkChecks();
  expect(checks).toMatchObject({ different: 0 });
  expect(checks.frames).toBeGreaterThan(60);
});

describe.each([
  ['native code', {}],
  ['Pulley', { target: 'pulley64' }],
])("Wasmtime's startup functions, of %s", (_, config) => {
  /** Walks where the module's start looks. */
  function start(wat: string) {
    checkWalks(true);
    const guest = new BumpGuest({ wasmBacktraceMaxFrames: 1000, ...config });
    guest.start('starts', wat);
    return walkChecks();
  }

  it('are walked', () => {
    const checks = start(STARTS);
    expect(checks).toMatchObject({ different: 0 });
    expect(checks.startups).toBeGreaterThan(0);
    expect(checks.frames).toBe(checks.startups * 2);
  });

  it('are walked where nothing else is', () => {
    const checks = start(STARTS_THE_HOST);
    expect(checks).toMatchObject({ different: 0 });
    expect(checks.startups).toBeGreaterThan(0);
    expect(checks.frames).toBe(checks.startups);
  });

  it('excuse no other frame', () => {
    breakWalker('entry');
    const checks = start(STARTS);
    expect(checks.different).toBe(checks.walks);
    expect(checks.walks).toBeGreaterThan(0);
    expect(checks.difference).toBe(
      "frame 2: function and offset None, Wasmtime's None, and no startup function",
    );
  });
});

const STARTS = `(module
  (import "env" "bump_epoch" (func $bump))
  (func $begin (call $bump))
  (start $begin))`;

const STARTS_THE_HOST = `(module
  (import "env" "bump_epoch" (func $bump))
  (start $bump))`;

const CALLED = `(module
  (import "env" "bump_epoch" (func $bump))
  (func $inner (call $bump) (loop))
  (func $outer (export "outer") (call $inner)))`;
