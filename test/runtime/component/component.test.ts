import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Component, ComponentLinker, Engine, Module, Store, Trap } from '../../../lib/index.js';
import { startComponent } from './support.js';

const NESTED = `(component
  (core module $m (func (export "f") (result i32) i32.const 42) (func (export "trap") unreachable))
  (core instance $m (instantiate $m))
  (func $f (result u32) (canon lift (core func $m "f")))
  (func $trap (canon lift (core func $m "trap")))
  (instance $api (export "f" (func $f)) (export "trap" (func $trap)))
  (export "a:b/api@1.2.0" (instance $api))
  (export "f" (func $f))
  (export "m" (core module $m)))`;

const CALLER = `(component
  (import "a:b/host" (instance $host (export "tell" (func (param "n" u32) (result u32)))))
  (core func $tell (canon lower (func $host "tell")))
  (core module $m
    (import "" "tell" (func $tell (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $tell (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "tell" (func $tell))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))`;

const code = (code: string) => expect.objectContaining({ code });

describe('Component', () => {
  it('tells its imports and exports', () => {
    const engine = new Engine();
    const { exports } = Component.compile(engine, NESTED);
    expect(exports.map(({ name, item }) => [name, item.kind])).toEqual([
      ['a:b/api@1.2.0', 'instance'],
      ['f', 'func'],
      ['m', 'module'],
    ]);
    expect(exports[0]?.item).toMatchObject({
      exports: [
        { name: 'f', item: { kind: 'func', params: [], result: { kind: 'u32' }, async: false } },
        { name: 'trap', item: { kind: 'func', params: [], result: undefined } },
      ],
    });
    expect(exports[2]?.item).toMatchObject({
      imports: [],
      exports: [{ name: 'f' }, { name: 'trap' }],
    });
    expect(Component.compile(engine, CALLER).imports).toMatchObject([
      {
        name: 'a:b/host',
        item: {
          kind: 'instance',
          exports: [{ name: 'tell', item: { params: [{ name: 'n', type: { kind: 'u32' } }] } }],
        },
      },
    ]);
  });

  it('refuses what is no component', () => {
    const engine = new Engine();
    expect(() => Component.compile(engine, '(module)')).toThrow(code('ERR_INVALID_COMPONENT'));
    expect(() => Component.compile(engine, new Uint8Array(4))).toThrow(
      code('ERR_INVALID_COMPONENT'),
    );
    expect(() => Component.fromFile(engine, '/nowhere')).toThrow(code('ERR_INVALID_COMPONENT'));
    expect(() => Component.compile(engine, 1 as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => Module.compile(engine, '(component)')).toThrow(code('ERR_INVALID_MODULE'));
  });

  it('goes to bytes and files and back', () => {
    const engine = new Engine();
    const bytes = Component.compile(engine, NESTED).serialize();
    const directory = mkdtempSync(path.join(tmpdir(), 'component-'));
    try {
      const file = path.join(directory, 'nested.cwasm');
      writeFileSync(file, bytes);
      for (const component of [
        Component.deserialize(engine, bytes),
        Component.deserializeFile(engine, file),
      ]) {
        const store = new Store(engine);
        const instance = new ComponentLinker(engine).instantiate(store, component);
        expect(instance.getFunc(store, 'f').call(store)).toBe(42);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
    expect(() => Component.deserialize(engine, new Uint8Array(8))).toThrow(
      code('ERR_INCOMPATIBLE_COMPONENT'),
    );
    expect(() => Component.deserialize(new Engine({ consumeFuel: true }), bytes)).toThrow(
      code('ERR_INCOMPATIBLE_COMPONENT'),
    );
  });
});

describe('ComponentInstance', () => {
  it('finds exports by path', () => {
    const { instance, store, engine } = startComponent(NESTED);
    expect(instance.getFunc(store, ['a:b/api@1.2.0', 'f']).call(store)).toBe(42);
    const module = instance.getModule(store, 'm');
    expect(module.engine).toBe(engine);
    expect(module.exports.map(({ name }) => name)).toEqual(['f', 'trap']);
    for (const name of ['g', ['a:b/api@1.2.0', 'g'], ['f', 'f'], [], 'm']) {
      expect(() => instance.getFunc(store, name)).toThrow(code('ERR_NO_EXPORT'));
    }
    expect(() => instance.getModule(store, 'f')).toThrow(code('ERR_NO_EXPORT'));
    expect(() => instance.getResource(store, 'f')).toThrow(code('ERR_NO_EXPORT'));
    expect(() => instance.getFunc(store, 1 as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => instance.getFunc(new Store(engine), 'f')).toThrow(code('ERR_WRONG_STORE'));
  });

  it('traps, and can not be entered after', () => {
    const { instance, store } = startComponent(NESTED);
    const trap = instance.getFunc(store, ['a:b/api@1.2.0', 'trap']);
    expect(() => trap.call(store)).toThrow(
      expect.objectContaining({ trapCode: 'UnreachableCodeReached' }),
    );
    expect(() => instance.getFunc(store, 'f').call(store)).toThrow(Trap);
  });
});

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
