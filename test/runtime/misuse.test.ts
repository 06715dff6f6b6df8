import { describe, expect, it } from 'vitest';
import * as api from '../../lib/index.js';
import {
  type Caller,
  type Config,
  Engine,
  Func,
  Global,
  GuestProfiler,
  InterruptHandle,
  Linker,
  Memory,
  Module,
  Store,
  Table,
  UpdateDeadline,
  WasiConfig,
} from '../../lib/index.js';
import { hot, native } from '../../lib/native.js';
import { expectMisuse, start, thrownBy, world } from './support.js';

const WAT = `(module
  (memory (export "memory") 1)
  (table (export "table") 2 funcref)
  (global (export "global") (mut i32) (i32.const 5))
  (func (export "func") (param i32) (result i32) (local.get 0)))`;

/** One of everything. */
function everything(parts = world()) {
  const { engine, linker, store, module, instance } = start(WAT, {}, parts);
  return {
    engine,
    linker,
    store,
    module,
    instance,
    func: instance.getFunc(store, 'func'),
    memory: instance.getMemory(store, 'memory'),
    table: instance.getTable(store, 'table'),
    global: instance.getGlobal(store, 'global'),
  };
}

type Everything = ReturnType<typeof everything>;

/** What an argument must be, by which its wrong values are chosen. */
type Kind =
  | 'engine'
  | 'store'
  | 'module'
  | 'instance'
  | 'item'
  | 'string'
  | 'path'
  | 'boolean'
  | 'function'
  | 'hook'
  | 'integer'
  | 'i32'
  | 'duration'
  | 'bytes'
  | 'source'
  | 'object'
  | 'funcType'
  | 'memoryType'
  | 'globalType'
  | 'tableType'
  | 'wasi'
  | 'handle'
  | 'stream'
  | 'signal'
  | 'list'
  | 'any';

const NEVER = [undefined, null, 1, '', true, 1n, Symbol('s'), {}, [], () => 1];
const not = (...right: unknown[]) =>
  NEVER.filter((value) => !right.some((kind) => typeof value === typeof kind));
const NUMBERS = not(1);
const OUT_OF_RANGE = [Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const WRONG_INTEGERS = [...OUT_OF_RANGE, 0.5, 2 ** 53];

/** Wrong by type, and wrong by value. */
const WRONG: Record<Kind, { types: unknown[]; values?: unknown[] }> = {
  engine: { types: NEVER },
  store: { types: NEVER },
  module: { types: NEVER },
  instance: { types: NEVER },
  item: { types: NEVER },
  string: { types: not('') },
  path: { types: not('') },
  boolean: { types: not(true) },
  function: { types: not(() => 1) },
  hook: { types: NEVER.filter((value) => value !== null && typeof value !== 'function') },
  integer: { types: NUMBERS, values: WRONG_INTEGERS },
  i32: { types: NUMBERS, values: [0.5, Number.NaN, 2 ** 32, -(2 ** 31) - 1] },
  duration: { types: NUMBERS, values: [...OUT_OF_RANGE, 1e300] },
  bytes: { types: [...NEVER, new Uint16Array(1), new DataView(new ArrayBuffer(1))] },
  source: { types: [...not(''), new Uint16Array(1)] },
  object: { types: NEVER.filter((value) => typeof value !== 'object' || value === null) },
  funcType: {
    types: [
      ...NEVER,
      { params: [] },
      { results: [] },
      { params: 'i32', results: [] },
      { params: [1], results: [] },
      { params: [], results: [null] },
    ],
    values: [
      { params: ['i16'], results: [] },
      { params: [], results: ['I32'] },
      { params: ['nosuchref'], results: [] },
      { params: [''], results: [] },
    ],
  },
  memoryType: {
    types: [...NEVER, { minimum: '1' }, { minimum: 1, maximum: '2' }, { minimum: 1, index64: 1 }],
    values: [
      { minimum: -1 },
      { minimum: 0.5 },
      { minimum: Number.NaN },
      { minimum: 1, maximum: -1 },
    ],
  },
  globalType: {
    types: [...NEVER, { content: 'i32' }, { mutable: true }, { content: 1, mutable: true }],
    values: [{ content: 'i16', mutable: true }],
  },
  tableType: {
    types: [...NEVER, { element: 'funcref' }, { element: 1, minimum: 1 }],
    values: [
      { element: 'i32', minimum: 1 },
      { element: 'funcref', minimum: -1 },
      { element: 'funcref', minimum: 2 ** 32 },
      { element: 'funcref', minimum: 2, maximum: 1 },
      { element: 'funcref', minimum: 1, maximum: Number.NaN },
    ],
  },
  wasi: { types: NEVER },
  handle: { types: NEVER },
  stream: { types: not(''), values: ['', 'stdin', 'STDOUT'] },
  signal: {
    types: [...not('SIGINT'), '', 'SIGNOTHING'],
    values: ['SIGKILL', 'SIGSTOP', 'SIGSEGV'],
  },
  list: { types: NEVER.filter((value) => !Array.isArray(value)) },
  any: { types: [] },
};

interface Case {
  readonly name: string;
  /** The object that the method belongs to, whose store must be the argument `store`. */
  readonly of?: keyof Everything;
  readonly kinds: readonly Kind[];
  readonly good: (all: Everything) => unknown[];
  readonly run: (all: Everything, args: readonly unknown[]) => unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: called with wrong arguments on purpose.
type Loose = any;

function method(
  of: keyof Everything,
  name: string,
  kinds: readonly Kind[],
  good: (all: Everything) => unknown[],
): Case {
  return {
    name: `${of}.${name}`,
    of,
    kinds,
    good,
    run: (all, args) => (all[of] as Loose)[name](...args),
  };
}

function plain(
  name: string,
  kinds: readonly Kind[],
  good: (all: Everything) => unknown[],
  run: (...args: Loose[]) => unknown,
): Case {
  return { name, kinds, good, run: (_, args) => run(...args) };
}

const NOTHING = { params: [], results: [] } as const;
const nothing = () => undefined;
const keepOn = () => UpdateDeadline.continue(1);

/** Every method of the public classes that takes arguments. */
const CASES: Case[] = [
  plain(
    'new Engine',
    ['object'],
    () => [{}],
    (config) => new Engine(config ?? null),
  ),
  method('engine', 'startEpochTicker', ['duration'], () => [60_000]),
  plain(
    'new Store',
    ['engine'],
    ({ engine }) => [engine],
    (engine) => new Store(engine),
  ),
  method('store', 'setEpochDeadline', ['integer'], () => [1]),
  method('store', 'epochDeadlineCallback', ['function'], () => [keepOn]),
  method('store', 'callHook', ['hook'], () => [null]),
  method('store', 'setWasi', ['wasi'], () => [new WasiConfig()]),
  method('store', 'wasiOutput', ['stream'], () => ['stdout']),
  method('store', 'setInterruptHandle', ['handle'], () => [new InterruptHandle()]),
  plain(
    'UpdateDeadline.continue',
    ['integer'],
    () => [1],
    (n) => UpdateDeadline.continue(n),
  ),
  plain(
    'Module.compile',
    ['engine', 'source'],
    ({ engine }) => [engine, '(module)'],
    (engine, source) => Module.compile(engine, source),
  ),
  plain(
    'Module.fromFile',
    ['engine', 'path'],
    ({ engine }) => [engine, new URL('../guests/wat/loops.wat', import.meta.url)],
    (engine, path) => Module.fromFile(engine, path),
  ),
  plain(
    'new Linker',
    ['engine'],
    ({ engine }) => [engine],
    (engine) => new Linker(engine),
  ),
  method('linker', 'allowShadowing', ['boolean'], () => [true]),
  method('linker', 'define', ['store', 'string', 'string', 'item'], ({ store, memory }) => [
    store,
    'm',
    'memory',
    memory,
  ]),
  method('linker', 'funcWrap', ['string', 'string', 'funcType', 'function'], () => [
    'm',
    'func',
    NOTHING,
    nothing,
  ]),
  method('linker', 'instance', ['store', 'string', 'instance'], ({ store, instance }) => [
    store,
    'i',
    instance,
  ]),
  method('linker', 'instantiate', ['store', 'module'], ({ store, module }) => [store, module]),
  method('instance', 'getExport', ['store', 'string'], ({ store }) => [store, 'func']),
  method('instance', 'exports', ['store'], ({ store }) => [store]),
  method('instance', 'getFunc', ['store', 'string'], ({ store }) => [store, 'func']),
  method('instance', 'getTypedFunc', ['store', 'string', 'funcType'], ({ store }) => [
    store,
    'func',
    { params: ['i32'], results: ['i32'] },
  ]),
  method('instance', 'getMemory', ['store', 'string'], ({ store }) => [store, 'memory']),
  method('instance', 'getGlobal', ['store', 'string'], ({ store }) => [store, 'global']),
  method('instance', 'getTable', ['store', 'string'], ({ store }) => [store, 'table']),
  method('func', 'call', ['store', 'i32'], ({ store }) => [store, 1]),
  method('func', 'typed', ['funcType'], () => [{ params: ['i32'], results: ['i32'] }]),
  plain(
    'Func.wrap',
    ['store', 'funcType', 'function'],
    ({ store }) => [store, NOTHING, nothing],
    (store, type, fn) => Func.wrap(store, type, fn),
  ),
  plain(
    'Memory.create',
    ['store', 'memoryType'],
    ({ store }) => [store, { minimum: 1 }],
    (store, type) => Memory.create(store, type),
  ),
  method('memory', 'size', ['store'], ({ store }) => [store]),
  method('memory', 'dataSize', ['store'], ({ store }) => [store]),
  method('memory', 'grow', ['store', 'integer'], ({ store }) => [store, 0]),
  method('memory', 'read', ['store', 'integer', 'integer'], ({ store }) => [store, 0, 1]),
  method('memory', 'write', ['store', 'integer', 'bytes'], ({ store }) => [
    store,
    0,
    new Uint8Array(1),
  ]),
  plain(
    'Global.create',
    ['store', 'globalType', 'any'],
    ({ store }) => [store, { content: 'i32', mutable: true }, 1],
    (store, type, value) => Global.create(store, type, value),
  ),
  method('global', 'type', ['store'], ({ store }) => [store]),
  method('global', 'get', ['store'], ({ store }) => [store]),
  method('global', 'set', ['store', 'i32'], ({ store }) => [store, 1]),
  plain(
    'Table.create',
    ['store', 'tableType'],
    ({ store }) => [store, { element: 'funcref', minimum: 1 }],
    (store, type) => Table.create(store, type),
  ),
  method('table', 'size', ['store'], ({ store }) => [store]),
  method('table', 'get', ['store', 'integer'], ({ store }) => [store, 0]),
  method('table', 'set', ['store', 'integer', 'any'], ({ store }) => [store, 0, null]),
  method('table', 'grow', ['store', 'integer'], ({ store }) => [store, 0]),
  plain(
    'new WasiConfig',
    ['object'],
    () => [{}],
    (options) => new WasiConfig(options ?? null),
  ),
  plain(
    'handle.triggerAfter',
    ['duration'],
    () => [60_000],
    (ms) => {
      using handle = new InterruptHandle();
      handle.triggerAfter(ms);
    },
  ),
  plain(
    'handle.triggerOnSignals',
    ['signal'],
    () => ['SIGUSR2'],
    (signal) => {
      using handle = new InterruptHandle();
      handle.triggerOnSignals(signal);
    },
  ),
  plain(
    'new GuestProfiler',
    ['string', 'duration', 'list'],
    ({ module }) => ['p', 1, [['m', module]]],
    (name, interval, modules) => new GuestProfiler(name, interval, modules),
  ),
  plain(
    'profiler.sample',
    ['store', 'duration'],
    ({ store }) => [store, 0],
    (store, delta) => new GuestProfiler('p', 1, []).sample(store, delta),
  ),
  plain(
    'profiler.callHook',
    ['store', 'string'],
    ({ store }) => [store, 'CallingHost'],
    (store, kind) => new GuestProfiler('p', 1, []).callHook(store, kind),
  ),
];

describe('wrong arguments of every public method', () => {
  it.each(CASES)('$name', ({ kinds, good, run }) => {
    const all = everything();
    run(all, good(all));
    const right = good(all);
    let tried = 0;
    for (const [position, kind] of kinds.entries()) {
      const { types, values = [] } = WRONG[kind];
      for (const [wrong, codes] of [
        [types, ['ERR_INVALID_ARG_TYPE']],
        // One of a set of names that isn't in it has a code of its own.
        [values, ['ERR_OUT_OF_RANGE', 'ERR_INVALID_ARG_VALUE']],
      ] as const) {
        for (const value of wrong) {
          tried++;
          const error = thrownBy(() => run(all, right.with(position, value))) as Loose;
          expect(error).toBeInstanceOf(error?.code === 'ERR_OUT_OF_RANGE' ? RangeError : TypeError);
          expect({ kind, value, code: error.code }).toEqual({
            kind,
            value,
            code: expect.toBeOneOf([...codes]),
          });
          expect(error.message).not.toMatch(/native|napi/i);
        }
      }
    }
    expect(tried).toBeGreaterThan(0);
    // And all is as before.
    expect(all.func.call(all.store, 7)).toBe(7);
  });

  it('a Caller-like object, and what merely has a store, are no store', () => {
    const { store, memory, instance, func } = everything();
    for (const value of [{ store }, instance, func, memory]) {
      expectMisuse('ERR_INVALID_ARG_TYPE', () => memory.size(value as unknown as Store));
    }
  });
});

/** The methods that a store is an argument of. */
const OF_STORES = CASES.filter(({ kinds }) => kinds.includes('store'));

describe('a disposed store', () => {
  const methods = CASES.filter(({ of, kinds }) => of === 'store' || kinds.includes('store'));

  it.each(methods)('$name', ({ good, run }) => {
    const all = everything();
    const args = good(all);
    all.store.dispose();
    expectMisuse('ERR_DISPOSED', () => run(all, args));
  });

  it('epochDeadlineTrap', () => {
    const { store } = everything();
    store.dispose();
    expectMisuse('ERR_DISPOSED', () => store.epochDeadlineTrap());
  });

  it('disposed once more is still disposed', () => {
    const { store, memory } = everything();
    store.dispose();
    store.dispose();
    store[Symbol.dispose]();
    expectMisuse('ERR_DISPOSED', () => memory.size(store));
  });

  it('leaves other stores, and its engine, alone', () => {
    const parts = world();
    const first = everything(parts);
    const second = everything({ ...parts, store: new Store(parts.engine) });
    first.store.dispose();
    expect(second.func.call(second.store, 3)).toBe(3);
  });
});

describe('another store', () => {
  const objects = OF_STORES.filter(({ of }) => of !== undefined && of !== 'linker');

  it.each(objects)('$name', ({ kinds, good, run }) => {
    const all = everything();
    const args = good(all).with(kinds.indexOf('store'), new Store(all.engine));
    expectMisuse('ERR_WRONG_STORE', () => run(all, args));
  });

  it('linker.define and linker.instance', () => {
    const { engine, linker, memory, instance } = everything();
    const other = new Store(engine);
    expectMisuse('ERR_WRONG_STORE', () => linker.define(other, 'm', 'memory', memory));
    expectMisuse('ERR_WRONG_STORE', () => linker.instance(other, 'm', instance));
  });

  it('a function in a table, a global or an argument', () => {
    const { store, table } = everything();
    const { func } = everything();
    expectMisuse('ERR_WRONG_STORE', () => table.set(store, 0, func));
    expectMisuse('ERR_WRONG_STORE', () => table.grow(store, 1, func));
    expectMisuse('ERR_WRONG_STORE', () =>
      Table.create(store, { element: 'funcref', minimum: 1 }, func),
    );
    expectMisuse('ERR_WRONG_STORE', () =>
      Global.create(store, { content: 'funcref', mutable: true }, func),
    );
  });

  it('an item that a linker holds, when it is instantiated elsewhere', () => {
    const { engine, linker, store, memory, instance } = everything();
    linker.define(store, 'm', 'memory', memory);
    const module = Module.compile(engine, '(module (import "m" "memory" (memory 1)))');
    linker.instantiate(store, module);
    const other = new Store(engine);
    const error = expectMisuse('ERR_WRONG_STORE', () => linker.instantiate(other, module));
    expect(error.message).toBe("the linker's m.memory belongs to another store");
    linker.instantiate(other, Module.compile(engine, '(module)'));
    // Of an instance, and of a WASI module, which WASI's own takes the place of.
    linker.allowShadowing(true).instance(store, 'i', instance);
    linker.define(store, 'wasi_snapshot_preview1', 'memory', memory);
    const importing = (name: string) =>
      Module.compile(engine, `(module (import "${name}" "memory" (memory 1)))`);
    for (const name of ['i', 'wasi_snapshot_preview1']) {
      expectMisuse('ERR_WRONG_STORE', () => linker.instantiate(other, importing(name)));
    }
    // Replaced by one of any store.
    linker.funcWrap('m', 'memory', NOTHING, nothing);
    const func = Module.compile(engine, '(module (import "m" "memory" (func)))');
    linker.instantiate(other, func);
  });
});

describe('another engine', () => {
  it('of a store, a module or an instance that a linker is given', () => {
    const { linker, store, module } = everything();
    const other = everything();
    expectMisuse('ERR_WRONG_ENGINE', () => linker.instantiate(other.store, module));
    expectMisuse('ERR_WRONG_ENGINE', () => linker.instantiate(store, other.module));
    expectMisuse('ERR_WRONG_ENGINE', () => linker.define(other.store, 'm', 'x', other.memory));
    expectMisuse('ERR_WRONG_ENGINE', () => linker.instance(other.store, 'm', other.instance));
  });
});

describe('from inside of callbacks', () => {
  it('a store cannot be disposed by its own host function, epoch callback or call hook', () => {
    const codes: string[] = [];
    const dispose = (store: Store) => {
      codes.push((thrownBy(() => store.dispose()) as Loose).code);
    };
    const parts = world({ epochInterruption: true });
    const guest = start(
      '(module (import "env" "host" (func $host)) (func (export "run") (call $host) (loop)))',
      { host: [[], [], ({ store }) => dispose(store)] },
      parts,
    );
    guest.store.callHook((store) => dispose(store));
    guest.store.epochDeadlineCallback((store) => {
      dispose(store);
      return UpdateDeadline.continue(1000);
    });
    guest.call('run');
    // Two transitions of the run, two of the host call, two and one of the epoch callback.
    expect(codes).toEqual(new Array(8).fill('ERR_STORE_IN_USE'));
    guest.store.callHook(null);
    guest.call('run');
    guest.store.dispose();
  });

  it('another store can, and not the outer one of two nested', () => {
    const inner = start(
      '(module (import "env" "host" (func $host)) (func (export "run") (call $host)))',
      { host: [[], [], () => expectMisuse('ERR_STORE_IN_USE', () => outer.store.dispose())] },
    );
    const outer = start(
      '(module (import "env" "host" (func $host)) (func (export "run") (call $host)))',
      {
        host: [
          [],
          [],
          () => {
            inner.call('run');
            inner.store.dispose();
          },
        ],
      },
    );
    outer.call('run');
    outer.store.dispose();
    expectMisuse('ERR_DISPOSED', () => inner.call('run'));
  });

  it('a linker cannot be changed while it instantiates, but can instantiate', () => {
    const parts = world();
    const { engine, linker, store } = parts;
    const memory = Memory.create(store, { minimum: 1 });
    const inner = Module.compile(engine, '(module (func (export "f")))');
    const instance = linker.instantiate(store, inner);
    let ran = 0;
    start(
      '(module (import "env" "host" (func $host)) (start $host))',
      {
        host: [
          [],
          [],
          ({ store }) => {
            for (const change of [
              () => linker.define(store, 'm', 'memory', memory),
              () => linker.funcWrap('m', 'f', NOTHING, nothing),
              () => linker.instance(store, 'm', instance),
              () => linker.addWasi(),
              () => linker.allowShadowing(true),
            ]) {
              expectMisuse('ERR_LINKER_IN_USE', change);
            }
            linker.instantiate(store, inner).getFunc(store, 'f').call(store);
            ran++;
          },
        ],
      },
      parts,
    );
    expect(ran).toBe(1);
    linker.define(store, 'm', 'memory', memory).funcWrap('m', 'f', NOTHING, nothing).addWasi();
  });

  it('a caller is of no use after its host function has returned or thrown', () => {
    const callers: Caller[] = [];
    const guest = start(
      `(module
        (import "env" "host" (func $host (param i32)))
        (memory (export "memory") 1)
        (func (export "run") (param i32) (call $host (local.get 0))))`,
      {
        host: [
          ['i32'],
          [],
          (caller, fail) => {
            callers.push(caller);
            expect(caller.store.engine).toBeInstanceOf(Engine);
            if (fail) throw new Error('own');
          },
        ],
      },
    );
    const memory = guest.instance.getMemory(guest.store, 'memory');
    guest.call('run', 0);
    thrownBy(() => guest.call('run', 1));
    expect(callers).toHaveLength(2);
    for (const caller of callers) {
      expectMisuse('ERR_CALLER_ENDED', () => caller.store);
      expectMisuse('ERR_CALLER_ENDED', () => caller.getExport('memory'));
      expectMisuse('ERR_CALLER_ENDED', () => memory.size(caller));
      expectMisuse('ERR_CALLER_ENDED', () => Memory.create(caller, { minimum: 1 }));
    }
  });
});

describe('options', () => {
  it('that nobody knows', () => {
    const error = expectMisuse(
      'ERR_INVALID_ARG_VALUE',
      () => new Engine({ epochs: true } as Config),
    );
    expect(error.message).toMatch(/^config: no option 'epochs', there are epochInterruption, /);
    expectMisuse('ERR_INVALID_ARG_VALUE', () => new WasiConfig({ argv: [] } as object));
    expectMisuse(
      'ERR_INVALID_ARG_VALUE',
      () => new WasiConfig({ preopens: [{ host: '/', guest: '/', readonly: true } as Loose] }),
    );
  });
});

describe('native objects', () => {
  it('are not public', () => {
    const names = Object.keys(api).filter((name) => /native|sampler/i.test(name));
    expect(names).toEqual([]);
    const all = everything();
    for (const object of Object.values(all)) {
      const own = Reflect.ownKeys(object).map((key) => (object as Loose)[key]);
      for (const value of own) {
        expect(
          Object.values(native).some((k) => typeof k === 'function' && value?.constructor === k),
        ).toBe(false);
      }
    }
  });

  it('cannot be made of nothing, nor their methods called on others', () => {
    const { store } = everything();
    const { NativeFunc, NativeModule, NativeMemory, NativeInstance, NativeLinker } =
      native as Loose;
    for (const kind of [NativeFunc, NativeModule, NativeMemory, NativeInstance]) {
      expect(() => new kind()).toThrow('no `constructor`');
    }
    expect(() => new NativeLinker({})).toThrow();
    const { size } = NativeMemory.prototype;
    // The engine's words, or those of napi-rs where the engine lets any object through.
    const refusal = /Illegal invocation|Failed to recover/;
    expect(() => size.call({}, {})).toThrow(refusal);
    expect(() => size.call(store, {})).toThrow(refusal);
    for (const wrong of [undefined, null, 1, {}, store, nothing]) {
      expect(() => hot.call(wrong as object, wrong as object)).toThrow('expected handles');
    }
    expect(() => NativeFunc.create({}, [], [], nothing)).toThrow('NativeStore');
  });

  it('a panic in native code is an error, and the process lives on', () => {
    // Only there in a build for tests.
    expect(() => native.panicForTest()).toThrow('panicked on request');
    const { store, func } = everything();
    expect(func.call(store, 1)).toBe(1);
  });
});
