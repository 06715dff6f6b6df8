// What each run of the random test has from the beginning: an object of every public class, so that every function
// can be called. A class that is added gets a line here.
import { writeFileSync } from 'node:fs';
import * as lib from '../../lib/index.js';

const GUEST = `(module $guest
  (import "env" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 1 4)
  (table (export "table") 4 8 funcref)
  (global (export "global") (mut i32) (i32.const 1))
  (tag (export "tag") (param i32))
  (elem (i32.const 0) $add)
  (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $calls (export "calls") (param i32) (result i32)
    (local $i i32)
    (loop $again
      (drop (call $host (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.and (local.get 0) (i32.const 7)))))
    (local.get $i))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (i32.and (local.get 0) (i32.const 63))
      (then (i32.add (i32.const 1) (call $deep (i32.sub (i32.and (local.get 0) (i32.const 63)) (i32.const 1)))))
      (else (call $host (local.get 0)))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "throws") (throw 0 (i32.const 3)))
  (func (export "overflows") (result i32) (call $recurses))
  (func $recurses (result i32) (i32.add (i32.const 1) (call $recurses)))
  (func (export "trap") (drop (i32.load (i32.const -1)))))`;

/** Needs nothing, so that anything can make an instance of it. */
const ALONE = `(module
  (memory (export "shared") 1 2 SHARED)
  (func (export "") (result i32) (i32.const 1))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`;

/** One component in it calls another, which calls the host; a resource whose destructor does too; and a module. */
const COMPONENT = `(component
  (import "host" (func $host (param "n" u32) (result u32)))
  (component $inner
    (import "host" (func $host (param "n" u32) (result u32)))
    (core func $host (canon lower (func $host)))
    (core module $m
      (import "" "host" (func $host (param i32) (result i32)))
      (func (export "calls") (param i32) (result i32)
        (if (i32.eq (i32.and (local.get 0) (i32.const 15)) (i32.const 15)) (then unreachable))
        (call $host (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "host" (func $host))))))
    (func (export "calls") (param "n" u32) (result u32) (canon lift (core func $i "calls"))))
  (instance $inner (instantiate $inner (with "host" (func $host))))
  (component $outer
    (import "calls" (func $calls (param "n" u32) (result u32)))
    (core func $calls (canon lower (func $calls)))
    (core module $m
      (import "" "calls" (func $calls (param i32) (result i32)))
      (func (export "calls") (param i32) (result i32) (loop) (call $calls (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "calls" (func $calls))))))
    (func (export "calls") (param "n" u32) (result u32) (canon lift (core func $i "calls"))))
  (instance $outer (instantiate $outer (with "calls" (func $inner "calls"))))
  (export "calls" (func $outer "calls"))
  (core func $host_core (canon lower (func $host)))
  (core module $destructor
    (import "" "host" (func $host (param i32) (result i32)))
    (func (export "drop") (param i32) (drop (call $host (local.get 0)))))
  (core instance $d (instantiate $destructor (with "" (instance (export "host" (func $host_core))))))
  (type $counter' (resource (rep i32) (dtor (core func $d "drop"))))
  (export $counter "counter" (type $counter'))
  (core func $new (canon resource.new $counter'))
  (core func $drop (canon resource.drop $counter))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "use") (param i32))
    (func (export "take") (param i32) (call $drop (local.get 0))))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop))))))
  (core module $alone (func (export "f")))
  (export "module" (core module $alone))
  (func (export "make") (param "n" u32) (result (own $counter)) (canon lift (core func $i "make")))
  (func (export "use") (param "c" (borrow $counter)) (canon lift (core func $i "use")))
  (func (export "take") (param "c" (own $counter)) (canon lift (core func $i "take"))))`;

// biome-ignore lint/suspicious/noExplicitAny: a callback of any type.
type Callback = (...args: any[]) => any;

const config = { epochInterruption: true, sharedMemory: true, wasmBacktraceMaxFrames: 20_000 };

/** Engines outlive the runs: there are few, so that thousands of runs don't compile for ever. */
export const ENGINES: readonly lib.Engine[] = [
  new lib.Engine(config),
  new lib.Engine({ ...config, target: 'pulley64' }),
  new lib.Engine({ ...config, consumeFuel: true, coredumpOnTrap: true }),
];
const FUELED = ENGINES[2];

interface Compiled {
  readonly module: lib.Module;
  readonly alone: lib.Module;
  readonly component: lib.Component;
}

/** Once for each engine. */
const compiled = new WeakMap<lib.Engine, Compiled>();

function compile(engine: lib.Engine): Compiled {
  const known = compiled.get(engine) ?? {
    module: lib.Module.compile(engine, GUEST),
    // Pulley's code has no atomic instructions.
    alone: lib.Module.compile(engine, ALONE.replace('SHARED', engine.isPulley ? '' : 'shared')),
    component: lib.Component.compile(engine, COMPONENT),
  };
  compiled.set(engine, known);
  return known;
}

/** Files in the directory of the run, for functions that take a path. */
export function writeFiles(): void {
  const [engine] = ENGINES as [lib.Engine];
  writeFileSync('guest.wat', GUEST);
  writeFileSync('component.wat', COMPONENT);
  const { module, alone, component } = compile(engine);
  writeFileSync('guest.cwasm', alone.serialize());
  writeFileSync('component.cwasm', component.serialize());
  new lib.GuestProfiler('read', 1, [['guest', module]]).finishSync('read.json');
}

/** What is there, tokens of what may be shared, and what is on its way; host functions are made by `callback`. */
export function settle(
  engine: lib.Engine,
  callback: () => Callback,
): { objects: object[]; tokens: unknown[]; made: Promise<object> } {
  const { module, alone, component } = compile(engine);
  const linker = new lib.Linker(engine);
  const type = { params: ['i32'], results: ['i32'] } as const;
  linker.funcWrap('env', 'host', type, callback());
  const stores = [new lib.Store(engine), new lib.Store(engine)] as const;
  const shared = engine.isPulley
    ? []
    : [lib.SharedMemory.create(engine, { minimum: 1, maximum: 2, shared: true })];
  const struct = new lib.StructType(engine, [{ content: 'i32', mutable: true }]);
  const array = new lib.ArrayType(engine, { content: 'i8', mutable: true });
  const components = new lib.ComponentLinker(engine);
  const root = components.root();
  root.funcNew('host', callback());
  const waits = new lib.ComponentLinker(engine);
  waits.root().funcNewAsync('host', callback());
  const waiting = new lib.Store(engine);
  waiting.setEpochDeadline(1_000_000);
  const profiler = new lib.GuestProfiler('guest', 1, [['guest', module]]);
  const options = { modules: [['guest', module]] as const };
  const instances = stores.flatMap((store) => {
    store.setEpochDeadline(1_000_000);
    if (engine === FUELED) store.setFuel(10_000_000);
    const instance = linker.instantiate(store, module);
    const items = Object.values(instance.exports(store));
    const add = instance.getFunc(store, 'add');
    const tag = instance.getTag(store, 'tag');
    const made = components.instantiate(store, component);
    const other = new lib.Linker(engine).instantiate(store, alone);
    return [
      ...[store, instance, other, ...items],
      add.typed({ params: ['i32', 'i32'], results: ['i32'] }),
      lib.GcRef.fromI31(store, 3),
      lib.StructRef.create(store, struct, [1]),
      lib.ArrayRef.create(store, array, 1, 8),
      lib.ExnRef.create(store, tag, [1]),
      ...['calls', 'make', 'use'].map((name) => made.getFunc(store, name)),
      made,
      made.getFunc(store, 'make').call(store, 1),
      made.getResource(store, 'counter'),
    ];
  });
  const objects: object[] = [
    ...[engine, module, alone, linker, linker.instantiatePre(module), ...instances],
    ...[...shared, struct, array, new lib.InterruptHandle(), new lib.WasiConfig()],
    ...[component, components, components.instantiatePre(component), root, waits, waiting],
    ...[lib.ResourceType.host(), lib.UpdateDeadline.continue(1)],
    ...[profiler, profiler.addCounter('counter'), profiler.attach(stores[0], { sampler: 'epoch' })],
    new lib.GuestProfiler('finished', 1, [['guest', module]]).finishProfile(),
    new lib.LiveProfiler(options),
    new lib.BenchProfiler({ ...options, enabled: true }),
    new lib.BenchProfiler({ ...options, enabled: true }).task('task', stores[1]) as object,
    engine.startEpochTicker(5),
  ];
  return {
    objects,
    tokens: [module, component, engine, ...shared].map((item) => item.share()),
    made: waits.instantiateAsync(waiting, component),
  };
}
