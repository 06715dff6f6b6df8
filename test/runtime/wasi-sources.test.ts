import { describe, expect, it } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  Linker,
  Module,
  Store,
  WasiConfig,
  type WasiOptions,
} from '../../lib/index.js';
import { thrownBy } from './support.js';

const engine = new Engine();

const MODULE = Module.compile(
  engine,
  `(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get"
      (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_res_get" (func $res (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "random") (result i64)
      (drop (call $random (i32.const 8) (i32.const 8)))
      (i64.load (i32.const 8)))
    (func (export "time") (param i32) (result i64)
      (drop (call $time (local.get 0) (i64.const 0) (i32.const 8)))
      (i64.load (i32.const 8)))
    (func (export "resolution") (param i32) (result i64)
      (drop (call $res (local.get 0) (i32.const 8)))
      (i64.load (i32.const 8))))`,
);

const COMPONENT = Component.compile(
  engine,
  `(component
    (import "wasi:random/random@0.2.0" (instance $random
      (export "get-random-u64" (func (result u64)))))
    (import "wasi:random/insecure@0.2.0" (instance $insecure
      (export "get-insecure-random-u64" (func (result u64)))))
    (import "wasi:random/insecure-seed@0.2.0" (instance $seed
      (export "insecure-seed" (func (result (tuple u64 u64))))))
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $monotonic
      (export "now" (func (result u64)))))
    (import "wasi:clocks/wall-clock@0.2.0" (instance $wall
      (type $record (record (field "seconds" u64) (field "nanoseconds" u32)))
      (export "datetime" (type $datetime (eq $record)))
      (export "now" (func (result $datetime)))))
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (core func $random (canon lower (func $random "get-random-u64")))
    (core func $insecure (canon lower (func $insecure "get-insecure-random-u64")))
    (core func $seed (canon lower (func $seed "insecure-seed") (memory (core memory $libc "memory"))))
    (core func $monotonic (canon lower (func $monotonic "now")))
    (core func $wall (canon lower (func $wall "now") (memory (core memory $libc "memory"))))
    (core module $m
      (import "libc" "memory" (memory 1))
      (import "" "random" (func $random (result i64)))
      (import "" "insecure" (func $insecure (result i64)))
      (import "" "seed" (func $seed (param i32)))
      (import "" "monotonic" (func $monotonic (result i64)))
      (import "" "wall" (func $wall (param i32)))
      (func (export "random") (result i64) call $random)
      (func (export "insecure") (result i64) call $insecure)
      (func (export "seed-low") (result i64)
        (call $seed (i32.const 8)) (i64.load (i32.const 8)))
      (func (export "seed-high") (result i64)
        (call $seed (i32.const 8)) (i64.load (i32.const 16)))
      (func (export "monotonic") (result i64) call $monotonic)
      (func (export "wall") (result i64)
        (call $wall (i32.const 8))
        (i64.add
          (i64.mul (i64.load (i32.const 8)) (i64.const 1000000000))
          (i64.load32_u (i32.const 16)))))
    (core instance $i (instantiate $m
      (with "libc" (instance $libc))
      (with "" (instance
        (export "random" (func $random)) (export "insecure" (func $insecure))
        (export "seed" (func $seed)) (export "monotonic" (func $monotonic))
        (export "wall" (func $wall))))))
    (func (export "random") (result u64) (canon lift (core func $i "random")))
    (func (export "insecure") (result u64) (canon lift (core func $i "insecure")))
    (func (export "seed-low") (result u64) (canon lift (core func $i "seed-low")))
    (func (export "seed-high") (result u64) (canon lift (core func $i "seed-high")))
    (func (export "monotonic") (result u64) (canon lift (core func $i "monotonic")))
    (func (export "wall") (result u64) (canon lift (core func $i "wall"))))`,
);

type Read = (name: string, ...args: unknown[]) => bigint;

function preview1(options: WasiOptions): Read {
  const store = new Store(engine);
  store.setWasi(new WasiConfig(options));
  const instance = new Linker(engine).addWasi().instantiate(store, MODULE);
  return (name, ...args) => BigInt.asUintN(64, instance.getFunc(store, name).call(store, ...args));
}

function preview2(options: WasiOptions): Read {
  const store = new Store(engine);
  store.setWasi(new WasiConfig(options));
  const instance = new ComponentLinker(engine).addWasi().instantiate(store, COMPONENT);
  return (name) => instance.getFunc(store, name).call(store);
}

/** The first number of a seed, of 64 bits. */
const first = (seed: number | bigint) => preview2({ random: { secure: seed } })('random');

describe('random numbers', () => {
  it('are those of their seed, in both previews', () => {
    // Of ChaCha12 seeded with 7, which no version may change.
    const words = [0x6aa8_fbben, 0x07c2_e0e9n];
    expect(first(7)).toBe((words[0] as bigint) | ((words[1] as bigint) << 32n));
    // wasmtime-wasi fills memory with the low byte of each word.
    const bytes = preview1({ random: { secure: 7 } });
    expect([bytes('random'), bytes('random')]).toEqual([
      0x0599_46cd_e886_e9ben,
      0xa08a_abd2_4fe0_adb6n,
    ]);
    expect(first(7n)).toBe(first(7));
    expect(first(8)).not.toBe(first(7));
    expect(first(2n ** 64n - 1n)).not.toBe(first(7));
  });

  it('are independent of one another, and random when not said', () => {
    const insecure = (random: WasiOptions['random']) =>
      preview2(random === undefined ? {} : { random })('insecure');
    expect(insecure({ insecure: 7 })).toBe(first(7));
    expect(insecure({ secure: 7 })).not.toBe(insecure({ secure: 7 }));
    expect(insecure(undefined)).not.toBe(insecure(undefined));
    const seed = preview2({ random: { insecureSeed: 2n ** 64n * 3n + 5n } });
    expect([seed('seed-low'), seed('seed-high')]).toEqual([5n, 3n]);
    const random = () => preview2({})('seed-low');
    expect(random()).not.toBe(random());
  });
});

describe('clocks', () => {
  const START = 1_700_000_000_123_456_789n;

  it('stand still, or move by a step at each reading, in both previews', () => {
    const clocks = {
      wall: { startNs: START },
      monotonic: { startNs: 5, stepNs: 250n },
    };
    const old = preview1({ clocks });
    expect([old('time', 0), old('time', 0)]).toEqual([START, START]);
    expect([old('resolution', 0), old('resolution', 1)]).toEqual([1n, 250n]);
    const read = preview2({ clocks });
    expect([read('wall'), read('wall')]).toEqual([START, START]);
    const readings = [read('monotonic'), read('monotonic'), read('monotonic')];
    // Relative to when wasmtime-wasi made the clocks, or not: they are 250 ns apart.
    expect(readings.map((reading) => reading - (readings[0] ?? 0n))).toEqual([0n, 250n, 500n]);
  });

  it('do not overflow', () => {
    const last = 2n ** 64n - 1n;
    const read = preview2({ clocks: { monotonic: { startNs: last, stepNs: last } } });
    expect([read('monotonic'), read('monotonic')]).toEqual([last, last]);
  });

  it("are the system's when they are not said", () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const read = preview2({ clocks: { monotonic: { startNs: 0 } } });
    expect(read('wall')).toBeGreaterThanOrEqual(before - 1_000_000_000n);
  });
});

describe('a configuration that makes no sense', () => {
  it.each([
    ['options.random', { random: 1 }],
    ['options.random: no option', { random: { seed: 1 } }],
    ['options.random.secure', { random: { secure: 'x' } }],
    ['options.random.secure', { random: { secure: -1 } }],
    ['options.random.secure', { random: { secure: 1.5 } }],
    ['options.random.insecure', { random: { insecure: 2n ** 64n } }],
    ['options.random.insecureSeed', { random: { insecureSeed: 2n ** 128n } }],
    ['options.random.insecureSeed', { random: { insecureSeed: -1n } }],
    ['options.clocks', { clocks: [1] }],
    ['options.clocks: no option', { clocks: { realtime: {} } }],
    ['options.clocks.wall', { clocks: { wall: 5 } }],
    ['options.clocks.wall.startNs', { clocks: { wall: {} } }],
    ['options.clocks.monotonic.startNs', { clocks: { monotonic: { startNs: -1n } } }],
    ['options.clocks.monotonic.stepNs', { clocks: { monotonic: { startNs: 0, stepNs: '1' } } }],
  ])('%s %o', (where, options) => {
    const error = thrownBy(() => new WasiConfig(options as unknown as WasiOptions)) as Error;
    expect(error.message.startsWith(where)).toBe(true);
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(INVALID_ARG|OUT_OF)/) });
  });
});
