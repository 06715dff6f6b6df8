import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type Config, Engine, Trap, WasmtimeError } from '../../lib/index.js';
import { checkConfig } from '../../lib/runtime/config.js';
import { expectError, expectMisuse, start, world } from './support.js';

const ADD =
  '(module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))';

function runs(config: Config): void {
  expect(start(ADD, {}, world(config)).call('f', 41)).toBe(42);
}

test.each<Config>([
  { strategy: 'cranelift' },
  { craneliftOptLevel: 'none', craneliftDebugVerifier: true },
  { craneliftRegallocAlgorithm: 'single-pass' },
  { craneliftNanCanonicalization: true },
  { compilerInlining: 'yes' },
  { compilerInlining: 'intrinsics' },
  { parallelCompilation: false },
  { collector: 'copying' },
  { collector: 'null' },
  { debugInfo: true },
  { memoryReservation: 1 << 20, memoryGuardSize: 1 << 16, memoryReservationForGrowth: 1 << 20 },
  { memoryMayMove: false, guardBeforeLinearMemory: false, memoryInitCow: false },
  { signalsBasedTraps: false, memoryGuardSize: 0 },
  { poolingAllocator: true },
  { poolingAllocator: { totalCoreInstances: 4, totalMemories: 4, maxMemorySize: 1 << 20 } },
  { target: 'pulley64' },
  { nativeProfiler: 'none', moduleVersion: 'mine', wasmGc: true, wasmExceptions: true },
])('a module runs with %o', (config) => {
  runs(config);
});

test('the code of the Pulley interpreter', () => {
  expect(new Engine({ target: 'pulley64' }).isPulley).toBe(true);
  expect(new Engine().isPulley).toBe(false);
});

test.each<readonly [Config, string]>([
  [
    { wasmSimd: false, wasmRelaxedSimd: false },
    '(module (func (result v128) v128.const i64x2 0 0))',
  ],
  [{ wasmMultiMemory: false }, '(module (memory 0) (memory 0))'],
  [{ wasmMemory64: false }, '(module (memory i64 0))'],
  [{ wasmTailCall: false }, '(module (func $f return_call $f))'],
  [{ wasmThreads: false }, '(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))'],
  [{ wasmGc: false }, '(module (type (struct)))'],
  [{ wasmExceptions: false }, '(module (tag))'],
])('%o refuses the feature', (config, wat) => {
  start(wat);
  expectError(WasmtimeError, 'ERR_INVALID_MODULE', () => start(wat, {}, world(config)));
});

test('the pool is as large as asked', () => {
  const parts = world({ poolingAllocator: { totalMemories: 1 } });
  start('(module (memory 1))', {}, parts);
  const { message } = expectError(WasmtimeError, 'ERR_INSTANTIATE', () =>
    start('(module (memory 1))', {}, parts),
  );
  expect(message).toMatch(/limit of 1/);
});

test('compiled modules are kept in a cache directory', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'wasmtime-cache-'));
  runs({ cache: { directory } });
  expect(readdirSync(directory)).not.toEqual([]);
  runs({ cache: { directory } });
});

test('a stack that is too deep traps, with the size that was asked for', () => {
  const wat = `(module
    (func $f (export "f") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))))))`;
  const small = start(wat, {}, world({ maxWasmStack: 1 << 14 }));
  expect(small.call('f', 100)).toBe(100);
  const trap = expectError(Trap, 'ERR_WASM_TRAP', () => small.call('f', 2000));
  expect(trap.trapCode).toBe('StackOverflow');
  expect(start(wat).call('f', 2000)).toBe(2000);
});

test('unknown options and bad values are named', () => {
  const engine = (config: object) => () => new Engine(config);
  expect(expectMisuse('ERR_INVALID_ARG_VALUE', engine({ wasmSimdd: true })).message).toMatch(
    /no option 'wasmSimdd', there are .*: did you mean 'wasmSimd'\?$/,
  );
  expect(expectMisuse('ERR_INVALID_ARG_TYPE', engine({ wasmSimd: 1 })).message).toMatch(
    /config\.wasmSimd: expected a boolean, got 1/,
  );
  expect(expectMisuse('ERR_INVALID_ARG_VALUE', engine({ strategy: 'winch' })).message).toMatch(
    /config\.strategy: no 'winch'/,
  );
  expectError(RangeError, 'ERR_OUT_OF_RANGE', engine({ memoryGuardSize: -1 }));
  expectError(
    RangeError,
    'ERR_OUT_OF_RANGE',
    engine({ poolingAllocator: { totalStacks: 2 ** 33 } }),
  );
  expectMisuse('ERR_INVALID_ARG_VALUE', engine({ poolingAllocator: { totalStack: 1 } }));
  expectMisuse('ERR_INVALID_ARG_TYPE', engine({ cache: {} }));
});

test.each<Config>([
  { target: 'no-such-machine' },
  { maxWasmStack: 1 << 20, asyncStackSize: 1 << 16 },
  { debugInfo: true, debugSymbols: false },
  { wasmStackSwitching: true, compilerInlining: 'yes' },
  { guestDebug: true, signalsBasedTraps: true },
  { cache: '/no/such/file.toml' },
  { poolingAllocator: { totalMemories: 0xffff_ffff, maxMemorySize: Number.MAX_SAFE_INTEGER } },
])('options that do not go together: %o', (config) => {
  expectError(WasmtimeError, 'ERR_ENGINE_CONFIG', () => new Engine(config));
});

test('every option reaches native code', () => {
  const all = checkConfig({ epochInterruption: true, poolingAllocator: false, cache: false });
  expect(all).toEqual({ epochInterruption: true, poolingAllocator: undefined, cache: undefined });
});
