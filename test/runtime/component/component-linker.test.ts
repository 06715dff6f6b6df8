import { describe, expect, it } from 'vitest';
import { Component, ComponentLinker, Engine, Module, Store } from '../../../lib/index.js';
import { CALLER, NESTED, startComponent } from './support.js';

const code = (code: string) => expect.objectContaining({ code });

describe('ComponentLinker', () => {
  const start = (fn: (store: Store, n: number) => unknown, config = {}) =>
    startComponent(CALLER, {}, config, (linker) => linker.instance('a:b/host').funcNew('tell', fn));

  it('calls host functions, with the store', () => {
    const stores: Store[] = [];
    const { call, store } = start((store, n) => {
      stores.push(store);
      return n + 1;
    });
    expect(call('run', 4)).toBe(5);
    expect(stores).toEqual([store]);
  });

  it('brings out what a host function throws, the same value', () => {
    for (const value of [new Error('mine'), 'text', undefined, { code: 1 }]) {
      const { call } = start(() => {
        throw value;
      });
      let thrown: unknown = 'nothing';
      try {
        call('run', 1);
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).toBe(value);
    }
  });

  it('lets a host function use its store', () => {
    const inner = new Map<Store, () => number>();
    const { call, store, component, linker } = start((store, n) =>
      n === 0 ? 7 : (inner.get(store)?.() ?? 0),
    );
    const other = linker.instantiate(store, component);
    inner.set(store, () => other.getFunc(store, 'run').call(store, 0));
    expect(call('run', 1)).toBe(7);
  });

  it('refuses a store that is disposed, or in use', () => {
    const guest = start((store) => {
      store.dispose();
      return 0;
    });
    expect(() => guest.call('run', 1)).toThrow(code('ERR_STORE_IN_USE'));
    guest.store.dispose();
    expect(() => guest.call('run', 1)).toThrow(code('ERR_DISPOSED'));
  });

  it('calls hooks and stops at epochs, fuel and interrupts as for modules', () => {
    const kinds: string[] = [];
    const { call, store } = start((_store, n) => n);
    store.callHook((_store, kind) => kinds.push(kind));
    call('run', 1);
    expect(kinds).toEqual(['CallingWasm', 'CallingHost', 'ReturningFromHost', 'ReturningFromWasm']);
    const fuelled = startComponent(NESTED, {}, { consumeFuel: true }, () => {});
    expect(() => fuelled.call('f')).toThrow(expect.objectContaining({ trapCode: 'OutOfFuel' }));
  });

  it('refuses a name twice, unless shadowing is allowed', () => {
    const linker = new ComponentLinker(new Engine());
    linker.root().funcNew('f', () => 1);
    expect(() => linker.root().funcNew('f', () => 2)).toThrow(code('ERR_LINK'));
    linker
      .allowShadowing(true)
      .root()
      .funcNew('f', () => 2);
    // An instance is opened again.
    linker.instance('a:b/c').funcNew('f', () => 1);
    linker.instance('a:b/c').funcNew('g', () => 1);
  });

  it('tells what is missing, or fills it with traps', () => {
    const engine = new Engine();
    const component = Component.compile(engine, CALLER);
    const linker = new ComponentLinker(engine);
    const store = new Store(engine);
    expect(() => linker.instantiate(store, component)).toThrow(code('ERR_INSTANTIATE'));
    expect(() => linker.instantiate(store, component)).toThrow(/a:b\/host/);
    linker.defineUnknownImportsAsTraps(component);
    const run = linker.instantiate(store, component).getFunc(store, 'run');
    expect(() => run.call(store, 1)).toThrow(
      'unknown import: `a:b/host#tell` has not been defined',
    );
  });

  it('gives modules to components', () => {
    const engine = new Engine();
    const component = Component.compile(
      engine,
      `(component
        (import "m" (core module $m (export "f" (func (result i32)))))
        (core instance $i (instantiate $m))
        (func (export "f") (result u32) (canon lift (core func $i "f"))))`,
    );
    const linker = new ComponentLinker(engine);
    linker
      .root()
      .module('m', Module.compile(engine, '(module (func (export "f") (result i32) i32.const 3))'));
    const pre = linker.instantiatePre(component);
    for (const store of [new Store(engine), new Store(engine)]) {
      expect(pre.instantiate(store).getFunc(store, 'f').call(store)).toBe(3);
    }
    const other = Module.compile(new Engine(), '(module)');
    expect(() => linker.root().module('n', other)).toThrow(code('ERR_WRONG_ENGINE'));
  });

  it('refuses other engines and wrong types', () => {
    const engine = new Engine();
    const linker = new ComponentLinker(engine);
    const component = Component.compile(engine, NESTED);
    expect(() => linker.instantiate(new Store(new Engine()), component)).toThrow(
      code('ERR_WRONG_ENGINE'),
    );
    expect(() => linker.instantiatePre(Component.compile(new Engine(), NESTED))).toThrow(
      code('ERR_WRONG_ENGINE'),
    );
    for (const misuse of [
      () => new ComponentLinker({} as never),
      () => linker.instantiate({} as never, component),
      () => linker.instantiate(new Store(engine), {} as never),
      () => linker.instance(1 as never),
      () => linker.root().funcNew(1 as never, () => {}),
      () => linker.root().funcNew('x', 1 as never),
      () => linker.root().resource('x', {} as never),
      () => linker.root().module('x', {} as never),
      () => linker.allowShadowing('yes' as never),
      () => linker.defineUnknownImportsAsTraps({} as never),
    ]) {
      expect(misuse).toThrow(code('ERR_INVALID_ARG_TYPE'));
    }
  });
});
