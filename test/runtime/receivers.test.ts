// Each class of the public surface: who may make its objects, and what its methods do when they are called on others.
import { describe, expect, it } from 'vitest';
import * as lib from '../../lib/index.js';
import { Caller } from '../../lib/runtime/caller.js';
import { EpochTicker } from '../../lib/runtime/epoch-ticker.js';

// biome-ignore lint/suspicious/noExplicitAny: what a program without types does.
type Loose = any;

const classes = Object.entries({ ...lib, Caller, EpochTicker }).filter(
  ([, value]) => typeof value === 'function' && /^class\b/.test(value.toString()),
) as [string, Loose][];

/** Those that programs make. */
const MADE = [
  ...['Engine', 'Store', 'Linker', 'ComponentLinker', 'WasiConfig', 'InterruptHandle'],
  ...['StructType', 'ArrayType', 'GuestProfiler', 'LiveProfiler', 'BenchProfiler'],
  ...['WasmtimeError', 'Trap', 'WasiExit', 'ComponentError'],
];
const ERRORS = ['WasmtimeError', 'Trap', 'WasiExit', 'ComponentError'];

const engine = new lib.Engine();
const store = new lib.Store(engine);
const module = lib.Module.compile(engine, '(module)');

function codeOf(fn: () => unknown): string {
  try {
    fn();
    return 'nothing was thrown';
  } catch (error) {
    return `${(error as Error).name} ${(error as { code?: string }).code}`;
  }
}

describe('constructors', () => {
  it('there are those of all classes', () => {
    expect(classes.length).toBeGreaterThan(30);
  });

  it.each(classes.filter(([name]) => !MADE.includes(name)))('%s has none', (_name, Class) => {
    for (const args of [[], [store, module], [engine, {}], [Symbol('internal'), store, {}]]) {
      expect(codeOf(() => new Class(...args))).toBe('TypeError ERR_ILLEGAL_CONSTRUCTOR');
    }
  });
});

describe('receivers', () => {
  it.each(classes.filter(([name]) => !ERRORS.includes(name)))(
    '%s looks at each',
    async (_, Class) => {
      const others = [
        undefined,
        null,
        1,
        'text',
        {},
        () => {},
        Object.create(Class.prototype),
        new Proxy(Object.create(Class.prototype), {}),
        Class === lib.Store ? engine : store,
        new Proxy(store, {}),
      ];
      for (const key of Reflect.ownKeys(Class.prototype)) {
        if (key === 'constructor') continue;
        const property = Reflect.getOwnPropertyDescriptor(
          Class.prototype,
          key,
        ) as PropertyDescriptor;
        for (const method of [property.value, property.get, property.set]) {
          if (typeof method !== 'function') continue;
          for (const other of others) {
            const call = async () => await Reflect.apply(method, other, []);
            const expected = { name: 'TypeError', code: 'ERR_INVALID_THIS' };
            await expect(call(), `${Class.name}.${String(key)}`).rejects.toMatchObject(expected);
          }
        }
      }
    },
  );

  it('have their names and lengths', () => {
    expect(lib.Store.prototype.setFuel.name).toBe('setFuel');
    expect(lib.Store.prototype.setFuel.length).toBe(1);
  });
});

describe('arguments that look like objects of ours', () => {
  const forged = <T extends object>(Class: { prototype: T }): T => Object.create(Class.prototype);
  const proxied = <T extends object>(object: T): T => new Proxy(object, {});

  it.each<[string, () => unknown]>([
    ['a forged engine', () => new lib.Store(forged(lib.Engine))],
    ['a proxy of an engine', () => new lib.Store(proxied(engine))],
    ['a forged store', () => new lib.Linker(engine).instantiate(forged(lib.Store), module)],
    ['a proxy of a store', () => new lib.Linker(engine).instantiate(proxied(store), module)],
    ['a forged module', () => new lib.Linker(engine).instantiate(store, forged(lib.Module))],
    ['a proxy of a module', () => new lib.Linker(engine).instantiate(store, proxied(module))],
    ['a forged WasiConfig', () => store.setWasi(forged(lib.WasiConfig))],
    ['a forged handle', () => store.setInterruptHandle(forged(lib.InterruptHandle))],
    ['a forged type', () => new lib.StructType(engine, []).matches(forged(lib.StructType))],
    ['a profile of proxies', () => lib.FinishedProfile.merge([forged(lib.FinishedProfile)])],
    [
      'a forged module of a profile',
      () => new lib.GuestProfiler('p', 1, [['m', forged(lib.Module)]]),
    ],
    [
      'a forged function',
      () => lib.Table.create(store, { element: 'funcref', minimum: 1 }, forged(lib.Func)),
    ],
  ])('%s is refused', (_, call) => {
    expect(codeOf(call)).toBe('TypeError ERR_INVALID_ARG_TYPE');
  });

  it('a value whose description throws is refused too', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = Object.defineProperty({}, 'constructor', {
      get() {
        throw new Error('mine');
      },
    });
    for (const value of [proxy, hostile] as Loose[]) {
      expect(codeOf(() => new lib.Store(value))).toBe('TypeError ERR_INVALID_ARG_TYPE');
    }
  });
});
