import {
  type Config,
  Engine,
  GuestProfiler,
  type HostFunction,
  type Instance,
  Linker,
  Module,
  type Recorder,
  type RecorderOptions,
  Store,
  threadCpuTime,
} from '../../lib/index.js';
import { signalObstacle } from '../../lib/profiler/signal-sampler.js';

/** Whether this machine can sample by signals. */
export const HAS_SIGNALS = signalObstacle(false) === undefined;

/** How many divisions follow each other in the loop of `divide`. */
export const DIVISION_COUNT = 16;

/** Each waits for the one before, so that no machine can be at all of them at once. */
const DIVISIONS = `      (local.set $q (i64.div_u
        (i64.xor (local.get $q) (i64.const -1)) (i64.extend_i32_u (i32.or (local.get $n) (i32.const 1)))))
`.repeat(DIVISION_COUNT);

/** Guests of all kinds: loops, recursion, tail calls that grow their arguments, exceptions, traps, libcalls. */
export const WAT = `(module $guest
  (import "env" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 2)
  (table 1 funcref)
  (elem (i32.const 0) $fib)
  (type $unary (func (param i32) (result i32)))
  (tag $thrown (param i32))
  (func $spin (export "spin") (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.popcnt (local.get $n))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $divide (export "divide") (param $n i32) (result i32) (local $q i64)
    (loop $next
${DIVISIONS}
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.wrap_i64 (local.get $q)))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add
        (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "indirect") (param i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (i32.const 0)))
  (func $few (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (return_call $many (local.get 0)
        (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
        (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (i64.const 12)))
      (else (call $fib (i32.const 5)))))
  (func $many (param i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i32)
    (return_call $few (i32.sub (local.get 0) (i32.const 1))))
  (func (export "tails") (param i32) (result i32)
    (i32.add (call $few (local.get 0)) (i32.const 1)))
  (func $throws (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $thrown (i32.const 5))))
    (call $throws (i32.sub (local.get 0) (i32.const 1))))
  (func $catches (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $thrown $caught) (call $throws (local.get 0)))
      (i32.const 0)))
  (func (export "exceptions") (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum)
        (call $catches (i32.and (local.get $n) (i32.const 7)))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $clear (export "clear") (param $n i32) (result i32)
    (loop $next
      (memory.fill (i32.const 0) (local.get $n) (i32.const 130000))
      (drop (memory.grow (i32.const 0)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const 0))
  (func $outside (param i32) (result i32) (i32.load (i32.mul (local.get 0) (i32.const 700000))))
  (func (export "trap") (param i32) (result i32) (i32.add (call $outside (local.get 0)) (i32.const 1)))
  (func $calls (export "calls") (param $n i32) (result i32)
    (loop $next
      (drop (call $host (local.get $n)))
      (drop (call $spin (i32.const 50)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const 0))
  (func (export "forever") (param i32) (result i32) (loop $next (result i32) (br $next))))`;

export interface SignalGuest {
  readonly engine: Engine;
  readonly module: Module;
  readonly linker: Linker;
  readonly store: Store;
  readonly instance: Instance;
  readonly call: (name: string, n: number) => unknown;
}

export function signalGuest(
  host: HostFunction<['i32'], ['i32']> = (_, n) => n,
  config: Config = {},
): SignalGuest {
  const engine = new Engine({ wasmExceptions: true, wasmTailCall: true, ...config });
  const module = Module.compile(engine, WAT);
  const linker = new Linker(engine).funcWrap(
    'env',
    'host',
    { params: ['i32'], results: ['i32'] },
    host,
  );
  return { engine, module, linker, ...storeOf(linker, engine, module) };
}

export function storeOf(linker: Linker, engine: Engine, module: Module) {
  const store = new Store(engine);
  const instance = linker.instantiate(store, module);
  const call = (name: string, n: number) => instance.getFunc(store, name).call(store, n);
  return { store, instance, call };
}

/** A profiler that samples the guest's store at 20 kHz. */
export function sampled(
  { module, store }: SignalGuest,
  options: RecorderOptions = {},
): { profiler: GuestProfiler; recorder: Recorder } {
  const profiler = new GuestProfiler('guest', 1, [['guest', module]]);
  const recorder = profiler.attach(store, { intervalMs: 0.05, ...options });
  return { profiler, recorder };
}

/** Calls for so many milliseconds of CPU time at least, which is what samples come for; how often. */
export function during(ms: number, f: () => void): number {
  let times = 0;
  for (const end = threadCpuTime() + ms; threadCpuTime() < end; times++) f();
  return times;
}
