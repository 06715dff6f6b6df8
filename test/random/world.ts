import * as lib from '../../lib/index.js';
import type { Choices } from './choices.js';
import { settle } from './guests.js';
import { checkError, Thrown } from './rules.js';
import { type Operation, readClasses } from './surface.js';
import { anyValue, argument, rest } from './values.js';

// biome-ignore lint/suspicious/noExplicitAny: objects of all classes.
type Loose = any;

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
  ...[
    'Caller.store',
    'Caller.getExport',
    'GuestProfiler.attach',
    'GuestProfiler.sample',
    'GuestProfiler.callHook',
    'Func.wrap',
  ],
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
  /** Names of those that have methods. */
  readonly #classes: ReadonlySet<string>;
  readonly #pending: Promise<unknown>[] = [];
  readonly #controllers: AbortController[] = [];
  readonly #tokens: unknown[] = [];
  /** Everything that has threads, callbacks or memory of its own: to be ended, unless it was collected. */
  readonly #ending: WeakRef<object>[] = [];
  readonly #collect: () => void;
  readonly disposed = new WeakSet<object>();
  readonly #say: (line: string) => void;
  #depth = 0;
  #target: unknown;
  calls = 0;
  /** Names of the functions that were called, and of those that did what they were asked for. */
  readonly called = new Set<string>();
  readonly succeeded = new Set<string>();
  refusals = 0;
  /** What broke the rules. */
  failure: Error | undefined;

  constructor(
    surface: readonly Operation[],
    engine: lib.Engine,
    choices: Choices,
    collect: () => void,
    say: (line: string) => void,
  ) {
    this.#surface = surface;
    this.#lively = surface.filter(({ name }) => LIVELY.has(name));
    this.#collect = collect;
    this.#say = say;
    this.#classes = new Set(surface.map(({ of, name }) => of ?? name.replace(/^new /, '')));
    const { objects, tokens, made } = settle(engine, () => this.callback(choices));
    for (const object of objects) this.#add(object);
    this.#tokens.push(...tokens);
    this.#keep('ComponentLinker.instantiateAsync', undefined, false, made);
  }

  classes(): string[] {
    return [...this.#objects.keys()];
  }

  /** An object of that class, or whatever there is when there is none. */
  object(choices: Choices, name: string): unknown {
    const objects = this.#objects.get(name) ?? [];
    return objects.length === 0 ? undefined : choices.pick(objects);
  }

  /** Mostly that of the object whose method is to be called. */
  store(choices: Choices): unknown {
    const own = (this.#target as { store?: unknown } | undefined)?.store;
    if (own instanceof lib.Store && choices.chance(60)) return own;
    return this.object(
      choices,
      this.#objects.has('Caller') && choices.chance(20) ? 'Caller' : 'Store',
    );
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
        case 9:
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
    if (choices.chance(2)) this.#construct(choices);
    const operation = choices.pick(choices.chance(45) ? this.#lively : this.#surface);
    const self = operation.of === undefined ? undefined : this.object(choices, operation.of);
    // Now and then on an object of another class, or on none.
    const wrong = choices.chance(3);
    if (self === undefined && operation.of !== undefined && !wrong) return;
    const target = wrong ? this.#wrongReceiver(choices, self) : self;
    this.#target =
      self instanceof Object && !(self.constructor.name === 'Caller') ? self : undefined;
    const args = operation.params.flatMap((param) =>
      param.startsWith('...')
        ? rest(operation.name, choices, this)
        : [argument(operation.name, param, choices, this)],
    );
    if (choices.chance(5)) args.pop();
    this.#say(`${'  '.repeat(this.#depth)}${operation.name}(${args.map(show).join(', ')})`);
    this.calls++;
    // A method of another class's is none of this one's.
    if (!wrong) this.called.add(operation.name);
    try {
      this.#keep(operation.name, target, wrong, operation.run(target, args));
    } catch (error) {
      this.#refused(operation.name, error);
    }
  }

  /** As a program without types may try with any class: most have no constructor. */
  #construct(choices: Choices): void {
    const Class = choices.pick(readClasses());
    const args = [anyValue(choices, this), this.object(choices, choices.pick(this.classes()))];
    this.#say(`new ${Class.name}(${args.map(show).join(', ')})`);
    this.calls++;
    try {
      new Class(...args);
    } catch (error) {
      this.#refused(`new ${Class.name}`, error);
    }
  }

  /** Of another class, none at all, or one that only looks like it. */
  #wrongReceiver(choices: Choices, self: unknown): unknown {
    const [other, forged] = [this.object(choices, choices.pick(this.classes())), self ?? {}];
    return choices.pick([
      other,
      undefined,
      1,
      new Proxy(forged, {}),
      Object.create(Object.getPrototypeOf(forged)),
    ]);
  }

  #keep(name: string, target: unknown, wrong: boolean, result: unknown): void {
    if (name === 'Store.dispose' && target instanceof lib.Store) this.disposed.add(target);
    if (result instanceof Promise) {
      this.#pending.push(
        result.then(
          (value) => this.#keep(name, target, wrong, value),
          (error) => this.#refused(name, error),
        ),
      );
      return;
    }
    if (!wrong) this.succeeded.add(name);
    if (Array.isArray(result)) {
      for (const item of result.slice(0, 3)) if (item instanceof Object) this.#add(item);
    } else if (result instanceof Object) {
      if (/\.share$/.test(name)) this.#tokens.push(result);
      this.#add(result);
    }
  }

  #refused(name: string, error: unknown): void {
    this.refusals++;
    // JavaScript's own Error judges what it is made of.
    const isError = /^new (WasmtimeError|Trap|WasiExit|ComponentError)$/.test(name);
    const broken = checkError(error, isError);
    if (broken !== undefined) this.failure ??= new Error(`${name}: ${broken}`, { cause: error });
  }

  #add(item: object): void {
    const name = item.constructor?.name;
    if (name === undefined || !this.#classes.has(name)) return;
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
        this.#refused('Store.dispose', error);
      }
    }
    return profiles;
  }

  #finish(profiler: lib.GuestProfiler): lib.FinishedProfile[] {
    try {
      return [profiler.finishProfile()];
    } catch (error) {
      this.#refused('GuestProfiler.finishProfile', error);
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
