// Engines that are let go of, and tokens that outlive what they were made of.
import { describe, expect, it } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  Func,
  Linker,
  Module,
  Store,
  WasmtimeError,
} from '../../lib/index.js';
import { runtime } from '../support/runtime.js';
import { expectError, expectMisuse, runNode } from './support.js';

describe('an engine that is disposed of', () => {
  it('refuses all that was made for it, but its stores go on', () => {
    const engine = new Engine();
    const module = Module.compile(
      engine,
      '(module (func (export "f") (result i32) (i32.const 7)))',
    );
    const component = Component.compile(engine, '(component)');
    const linker = new Linker(engine);
    const components = new ComponentLinker(engine);
    const root = components.root();
    const [pre, componentPre] = [
      linker.instantiatePre(module),
      components.instantiatePre(component),
    ];
    const store = new Store(engine);
    const f = linker.instantiate(store, module).getFunc(store, 'f');
    engine.startEpochTicker(1);
    engine.dispose();
    engine.dispose();
    expect(f.call(store)).toBe(7);
    expect(Func.wrap(store, { params: [], results: [] }, () => {}).call(store)).toBeUndefined();
    for (const use of [
      () => new Store(engine),
      () => new Linker(engine),
      () => Module.compile(engine, '(module)'),
      () => engine.incrementEpoch(),
      () => engine.startEpochTicker(1),
      () => engine.share(),
      () => module.exports,
      () => module.serialize(),
      () => component.imports,
      () => linker.addWasi(),
      () => linker.instantiate(store, module),
      () => components.addWasi(),
      () => root.instance('a'),
      () => pre.instantiate(store),
      () => componentPre.instantiate(store),
    ]) {
      expectMisuse('ERR_DISPOSED', use);
    }
    store.dispose();
  });

  it('may be so within a call of its own', () => {
    const engine = new Engine();
    const store = new Store(engine);
    const linker = new Linker(engine).funcWrap('h', 'f', { params: [], results: [] }, () => {
      engine.dispose();
    });
    const module = Module.compile(engine, '(module (import "h" "f" (func $f)) (start $f))');
    expect(linker.instantiate(store, module).exports(store)).toEqual({});
    expectMisuse('ERR_DISPOSED', () => module.exports);
  });

  it('gives its pool’s address space back at once', () => {
    for (let i = 0; i < 60; i++) {
      using engine = new Engine({ poolingAllocator: true });
      const module = Module.compile(engine, '(module (memory 1) (func (export "f")))');
      using store = new Store(engine);
      const linker = new Linker(engine);
      linker.instantiatePre(module).instantiate(store).getFunc(store, 'f').call(store);
    }
  });

  it.skipIf(process.platform === 'win32')('says so when no other pool has room', () => {
    const engines: Engine[] = [];
    const make = () => engines.push(new Engine({ poolingAllocator: true }));
    try {
      // 4 TiB each, of 128.
      const error = expectError(WasmtimeError, 'ERR_NO_ADDRESS_SPACE', () => {
        while (engines.length < 100) make();
      });
      expect(error.message).toMatch(/dispose\(\)/);
      engines.pop()?.dispose();
      make();
    } finally {
      for (const engine of engines) engine.dispose();
    }
  });

  // Deno looks for what is garbage later, docs/bun-and-deno.md.
  it.skipIf(runtime === 'Deno')(
    'lets go of its pool without `dispose` too, once it is collected',
    () => {
      const output = runNode(`
      import { Engine } from 'LIB';
      for (let i = 0; i < 60; i++) {
        new Engine({ poolingAllocator: true });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      console.log('fine');`);
      expect(output).toBe('fine\n');
    },
  );
});

describe('tokens', () => {
  it('live until they are used, whatever becomes of what they were made of', () => {
    const output = runNode(
      `
      import { Component, Engine, Module, SharedMemory } from 'LIB';
      const turn = () => new Promise((resolve) => setTimeout(resolve, 10));
      const tokens = (() => {
        const engine = new Engine({ sharedMemory: true });
        const type = { minimum: 1, maximum: 2, shared: true };
        return [
          [Module, Module.compile(engine, '(module)').share()],
          [Component, Component.compile(engine, '(component)').share()],
          [SharedMemory, SharedMemory.create(engine, type).share()],
          [Engine, new Engine().share()],
        ];
      })();
      for (let i = 0; i < 5; i++) { await turn(); gc(); }
      for (const [Class, token] of tokens) console.log(Class.fromShared(token) instanceof Class);
      for (let i = 0; i < 5; i++) { await turn(); gc(); }
      for (const [Class, token] of tokens) {
        try { Class.fromShared(token); console.log('still there'); } catch ({ code }) { console.log(code); }
      }`,
      { gc: true },
    );
    expect(output).toBe(`${'true\n'.repeat(4)}${'ERR_NOT_SHARED\n'.repeat(4)}`);
  });

  it('of one kind are none of another', () => {
    const engine = new Engine();
    const module = Module.compile(engine, '(module)').share();
    const { sharedModule, sharedEngine } = module;
    for (const use of [
      () => Component.fromShared({ sharedEngine, sharedComponent: sharedModule }),
      () => Module.fromShared({ sharedEngine, sharedModule: sharedEngine }),
      () => Engine.fromShared({ sharedEngine: sharedModule }),
    ]) {
      expectMisuse('ERR_NOT_SHARED', use);
    }
  });
});

it('what a component returns in one call is bounded by the store’s hostcall fuel', () => {
  const engine = new Engine();
  const component = Component.compile(
    engine,
    `(component
      (core module $m (memory (export "memory") 2)
        (func (export "give") (result i32) (i32.store (i32.const 4) (i32.const 100000)) (i32.const 0)))
      (core instance $i (instantiate $m))
      (func (export "give") (result (list u8)) (canon lift (core func $i "give") (memory (core memory $i "memory")))))`,
  );
  const call = (fuel?: number) => {
    const store = new Store(engine);
    if (fuel !== undefined) store.setHostcallFuel(fuel);
    const give = new ComponentLinker(engine).instantiate(store, component).getFunc(store, 'give');
    return [store.getHostcallFuel(), give.call(store).length];
  };
  expect(call()).toEqual([128 * 1024 * 1024, 100_000]);
  expect(() => call(1000)).toThrow(/fuel allocated for hostcalls/);
});
