import * as lib from '../../lib/index.js';
import type { Choices } from './choices.js';
import { checkError, Thrown } from './rules.js';
import type { Operation } from './surface.js';
import { anyValue, argument } from './values.js';

// biome-ignore lint/suspicious/noExplicitAny: objects of all classes.
type Loose = any;

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

/** The same of components: one calls another, which calls the host; and a resource. */
const COMPONENT = `(component
  (import "host" (func $host (param "x" u32) (result u32)))
  (component $inner
    (import "host" (func $host (param "x" u32) (result u32)))
    (core func $host (canon lower (func $host)))
    (core module $m
      (import "" "host" (func $host (param i32) (result i32)))
      (func $calls (export "calls") (param i32) (result i32)
        (if (i32.eq (i32.and (local.get 0) (i32.const 15)) (i32.const 15)) (then unreachable))
        (call $host (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "host" (func $host))))))
    (func (export "calls") (param "x" u32) (result u32) (canon lift (core func $i "calls"))))
  (instance $inner (instantiate $inner (with "host" (func $host))))
  (component $outer
    (import "calls" (func $calls (param "x" u32) (result u32)))
    (core func $calls (canon lower (func $calls)))
    (core module $m
      (import "" "calls" (func $calls (param i32) (result i32)))
      (func (export "calls") (param i32) (result i32) (loop) (call $calls (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "calls" (func $calls))))))
    (func (export "calls") (param "x" u32) (result u32) (canon lift (core func $i "calls"))))
  (instance $outer (instantiate $outer (with "calls" (func $inner "calls"))))
  (export "calls" (func $outer "calls"))
  (core func $host (canon lower (func $host)))
  (core module $d
    (import "" "host" (func $host (param i32) (result i32)))
    (func (export "drop") (param i32) (drop (call $host (local.get 0)))))
  (core instance $d (instantiate $d (with "" (instance (export "host" (func $host))))))
  (type $r' (resource (rep i32) (dtor (core func $d "drop"))))
  (export $r "thing" (type $r'))
  (core func $new (canon resource.new $r'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (result i32) (call $new (i32.const 1)))
    (func (export "use") (param i32)))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "make") (result (own $r)) (canon lift (core func $i "make")))
  (func (export "use") (param "thing" (borrow $r)) (canon lift (core func $i "use"))))`;

/** What makes guests run and be sampled, which is tried more often than the rest. */
const LIVELY = new Set([
  ...[
    'Engine.incrementEpoch',
    'Func.call',
    'Func.callAsync',
    'Instance.getFunc',
    'Linker.instantiate',
  ],
  ...['Store.setEpochDeadline', 'Store.epochDeadlineCallback', 'Store.callHook', 'Store.limiter'],
  ...['GuestProfiler.attach', 'GuestProfiler.sample', 'GuestProfiler.callHook', 'Func.wrap'],
  ...['ComponentFunc.call', 'ComponentFunc.callAsync', 'ComponentLinker.instantiateAsync'],
]);

/** Calls from within callbacks go no deeper. */
const DEPTH = 3;

/** What may be kept of one class. */
const KEPT = 12;

/** Objects of every public class, and the moves that can be made with them. */
export class World {
  readonly #objects = new Map<string, object[]>();
  readonly #surface: readonly Operation[];
  readonly #lively: readonly Operation[];
  readonly #pending: Promise<unknown>[] = [];
  readonly #controllers: AbortController[] = [];
  readonly #tokens: unknown[] = [];
  /** Everything that has threads, callbacks or memory of its own: to be ended, unless it was collected. */
  readonly #ending: WeakRef<object>[] = [];
  readonly #collect: () => void;
  readonly disposed = new WeakSet<object>();
  readonly #say: (line: string) => void;
  #depth = 0;
  calls = 0;
  refusals = 0;
  /** What broke the rules. */
  failure: Error | undefined;

  constructor(
    surface: readonly Operation[],
    engines: readonly lib.Engine[],
    choices: Choices,
    collect: () => void,
    say: (line: string) => void,
  ) {
    this.#surface = surface;
    this.#lively = surface.filter(({ name }) => LIVELY.has(name));
    this.#collect = collect;
    this.#say = say;
    for (const engine of engines) this.#settle(engine, choices);
  }

  /** What there is from the beginning. */
  #settle(engine: lib.Engine, choices: Choices): void {
    const module = lib.Module.compile(engine, GUEST);
    const linker = new lib.Linker(engine);
    this.#add(engine);
    this.#add(module);
    this.#add(linker);
    this.#tokens.push(module.share(), engine.share());
    linker.funcWrap(
      'env',
      'host',
      { params: ['i32'], results: ['i32'] },
      this.callback(choices) as Loose,
    );
    for (let i = 0; i < 2; i++) {
      const store = new lib.Store(engine);
      store.setEpochDeadline(1_000_000);
      this.#add(store);
      const instance = linker.instantiate(store, module);
      this.#add(instance);
      for (const item of Object.values(instance.exports(store))) this.#add(item);
    }
    this.#add(new lib.GuestProfiler('guest', 1, [['guest', module]]));
    this.#add(new lib.InterruptHandle());
    this.#settleComponents(engine, choices);
    this.#add(new lib.StructType(engine, [{ content: 'i32', mutable: true }]));
    this.#add(new lib.ArrayType(engine, { content: 'i8', mutable: true }));
  }

  /** One whose host function may be async, in a store of its own, and one for the others. */
  #settleComponents(engine: lib.Engine, choices: Choices): void {
    const component = lib.Component.compile(engine, COMPONENT);
    const linker = new lib.ComponentLinker(engine);
    const waits = new lib.ComponentLinker(engine);
    linker.root().funcNew('host', this.callback(choices));
    waits.root().funcNewAsync('host', this.callback(choices));
    for (const item of [component, linker, waits]) this.#add(item);
    const store = this.object(choices, 'Store') as lib.Store;
    for (let i = 0; i < 2; i++) {
      const instance = linker.instantiate(store, component);
      this.#add(instance);
      for (const name of ['calls', 'make', 'use']) this.#add(instance.getFunc(store, name));
      this.#add(instance.getFunc(store, 'make').call(store));
    }
    const other = new lib.Store(engine);
    other.setEpochDeadline(1_000_000);
    this.#add(other);
    this.#keep('', undefined, false, waits.instantiateAsync(other, component));
  }

  classes(): string[] {
    return [...this.#objects.keys()];
  }

  /** An object of that class, or whatever there is when there is none. */
  object(choices: Choices, name: string): unknown {
    const objects = this.#objects.get(name) ?? [];
    return objects.length === 0 ? undefined : choices.pick(objects);
  }

  signal(choices: Choices): AbortSignal {
    const controller = new AbortController();
    this.#controllers.push(controller);
    if (choices.chance(30)) controller.abort();
    return controller.signal;
  }

  token(choices: Choices): unknown {
    return choices.pick(this.#tokens);
  }

  /** A function that does something bad, or just returns. */
  callback(choices: Choices): (...args: unknown[]) => unknown {
    return (...args) => {
      // Callers come and go with their call; they are kept to be used after it.
      for (const arg of args) if (arg instanceof Object) this.#add(arg);
      if (this.#depth >= DEPTH) return 0;
      switch (choices.below(10)) {
        case 0:
          throw new Thrown();
        case 1:
          throw choices.pick<unknown>([undefined, null, 'text', 1n]);
        case 2:
        case 3:
        case 4:
          this.#depth++;
          try {
            this.move(choices);
          } finally {
            this.#depth--;
          }
          return 0;
        case 5:
          for (const objects of this.#objects.values()) objects.splice(0, choices.below(3));
          this.#collect();
          return 1;
        case 6:
          return lib.UpdateDeadline.continue(choices.pick([0, 1, 1_000_000]));
        case 7:
          return anyValue(choices, this);
        case 8:
          return Promise.resolve(1);
        default:
          return 0;
      }
    };
  }

  /** Makes one call. */
  move(choices: Choices): void {
    const operation = choices.pick(choices.chance(60) ? this.#lively : this.#surface);
    const self = operation.of === undefined ? undefined : this.object(choices, operation.of);
    // Now and then on an object of another class, or on none.
    const wrong = choices.chance(3);
    if (self === undefined && operation.of !== undefined && !wrong) return;
    const target = wrong ? this.object(choices, choices.pick(this.classes())) : self;
    const args = operation.params.flatMap((param) =>
      param === '...args'
        ? [anyValue(choices, this), anyValue(choices, this)].slice(0, choices.below(3))
        : [argument(param, choices, this)],
    );
    if (choices.chance(5)) args.pop();
    this.#say(`${'  '.repeat(this.#depth)}${operation.name}(${args.map(show).join(', ')})`);
    this.calls++;
    try {
      this.#keep(operation.name, target, wrong, operation.run(target, args));
    } catch (error) {
      this.#refused(operation.name, wrong, error);
    }
  }

  #keep(name: string, target: unknown, wrong: boolean, result: unknown): void {
    if (name === 'Store.dispose' && target instanceof lib.Store) this.disposed.add(target);
    if (result instanceof Promise) {
      this.#pending.push(
        result.then(
          (value) => this.#keep(name, target, wrong, value),
          (error) => this.#refused(name, wrong, error),
        ),
      );
    } else if (Array.isArray(result)) {
      for (const item of result.slice(0, 3)) if (item instanceof Object) this.#add(item);
    } else if (result instanceof Object) {
      if (/\.share$/.test(name)) this.#tokens.push(result);
      this.#add(result);
    }
  }

  #refused(name: string, wrong: boolean, error: unknown): void {
    this.refusals++;
    const broken = checkError(error, wrong);
    if (broken !== undefined) this.failure ??= new Error(`${name}: ${broken}`, { cause: error });
  }

  #add(item: object): void {
    const name = item.constructor?.name;
    if (typeof name !== 'string' || !(name in lib || name === 'Caller' || name === 'Recorder'))
      return;
    const objects = this.#objects.get(name) ?? [];
    this.#objects.set(name, objects);
    if (!objects.includes(item)) {
      objects.push(item);
      this.#ending.push(new WeakRef(item));
    }
    if (objects.length > KEPT) objects.shift();
  }

  /** Lets what is pending end, stops all threads, and ends the profiles. */
  async end(): Promise<lib.FinishedProfile[]> {
    for (const controller of this.#controllers) controller.abort();
    for (const ticker of this.#all<lib.EpochTicker>('EpochTicker')) ticker.dispose();
    for (const handle of this.#all<lib.InterruptHandle>('InterruptHandle')) handle.trigger();
    await Promise.race([
      Promise.all(this.#pending),
      // What waits for a guest that nobody polls any more.
      new Promise((resolve) => setTimeout(resolve, 20)),
    ]);
    for (const handle of this.#all<lib.InterruptHandle>('InterruptHandle')) handle.dispose();
    const profiles = this.#all<lib.GuestProfiler>('GuestProfiler')
      .filter((profiler) => profiler.recording)
      .flatMap((profiler) => this.#finish(profiler));
    for (const store of this.#all<lib.Store>('Store')) {
      try {
        store.dispose();
        this.disposed.add(store);
      } catch (error) {
        this.#refused('Store.dispose', false, error);
      }
    }
    return profiles;
  }

  #finish(profiler: lib.GuestProfiler): lib.FinishedProfile[] {
    try {
      return [profiler.finishProfile()];
    } catch (error) {
      this.#refused('GuestProfiler.finishProfile', false, error);
      return [];
    }
  }

  #all<T>(name: string): T[] {
    const items = this.#ending.map((item) => item.deref());
    return items.filter((item) => item?.constructor?.name === name) as T[];
  }

  /** Stores that were disposed refuse everything. */
  checkDisposed(): void {
    for (const store of this.#all<lib.Store>('Store')) {
      if (!this.disposed.has(store)) continue;
      try {
        store.setEpochDeadline(1);
      } catch (error) {
        if ((error as Loose).code === 'ERR_DISPOSED') continue;
      }
      this.failure ??= new Error('a disposed store did not say ERR_DISPOSED');
    }
  }
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object';
  return typeof value === 'function'
    ? 'function'
    : String(typeof value === 'bigint' ? `${value}n` : (value ?? String(value)));
}
