import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Component, ComponentLinker, Engine, Module, Store } from '../../../lib/index.js';
import { CALLER, NESTED } from './support.js';

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

  it('goes to another thread by its token', () => {
    const engine = new Engine();
    const taken = Component.fromShared(Component.compile(engine, NESTED).share());
    expect(taken.exports.map(({ name }) => name)).toEqual(['a:b/api@1.2.0', 'f', 'm']);
    expect(taken.engine).toBe(engine);
  });
});
