import { describe, expect, it } from 'vitest';
import { Func, Global, Instance, Memory, Table } from '../../lib/index.js';
import { expectMisuse, start, world } from './support.js';

const WAT = `(module
  (func (export "func"))
  (memory (export "memory") 1)
  (global (export "global") i32 (i32.const 1))
  (table (export "table") 1 funcref)
  (func (export "__proto__") (result i32) (i32.const 3))
  (func (export "")))`;

describe('an instance', () => {
  it('has exports, by name and in order', () => {
    const { instance, store } = start(WAT);
    expect(instance).toBeInstanceOf(Instance);
    expect(instance.store).toBe(store);
    const exports = instance.exports(store);
    expect(Object.keys(exports)).toEqual(['func', 'memory', 'global', 'table', '__proto__', '']);
    expect(exports['func']).toBeInstanceOf(Func);
    expect(exports['memory']).toBeInstanceOf(Memory);
    expect(exports['global']).toBeInstanceOf(Global);
    expect(exports['table']).toBeInstanceOf(Table);
    // biome-ignore lint/suspicious/noProto: an export's name like any other.
    expect((exports['__proto__'] as Func).call(store)).toBe(3);
    expect(exports['toString']).toBeUndefined();
    expect(instance.getExport(store, '')).toBeInstanceOf(Func);
    expect(instance.getExport(store, 'absent')).toBeUndefined();
  });

  it.each([
    ['getFunc', 'function', 'memory'],
    ['getMemory', 'memory', 'func'],
    ['getGlobal', 'global', 'table'],
    ['getTable', 'table', 'global'],
  ] as const)('%s finds a %s alone', (method, kind, other) => {
    const { instance, store } = start(WAT);
    expect(instance[method](store, kind === 'function' ? 'func' : kind)).toBeDefined();
    for (const name of [other, 'absent', 'toString']) {
      const error = expectMisuse('ERR_NO_EXPORT', () => instance[method](store, name));
      expect(error.message).toBe(`the instance exports no ${kind} '${name}'`);
    }
  });

  it('getTypedFunc checks name and type', () => {
    const { instance, store } = start(WAT);
    const type = { params: [], results: ['i32'] } as const;
    expect(instance.getTypedFunc(store, '__proto__', type).call(store)).toBe(3);
    expectMisuse('ERR_NO_EXPORT', () => instance.getTypedFunc(store, 'memory', type));
    expectMisuse('ERR_FUNC_TYPE', () => instance.getTypedFunc(store, 'func', type));
  });

  it('getSharedMemory and getTag find theirs alone', () => {
    const { instance, store } = start(
      `(module (memory (export "shared") 1 1 shared) (memory (export "memory") 1)
        (tag (export "tag") (param i64)))`,
      {},
      world({ sharedMemory: true }),
    );
    expect(instance.getSharedMemory(store, 'shared').size()).toBe(1);
    expect(instance.getTag(store, 'tag').params(store)).toEqual(['i64']);
    for (const name of ['memory', 'tag', 'nothing']) {
      expectMisuse('ERR_NO_EXPORT', () => instance.getSharedMemory(store, name));
    }
    expectMisuse('ERR_NO_EXPORT', () => instance.getTag(store, 'shared'));
    expectMisuse('ERR_NO_EXPORT', () => instance.getMemory(store, 'shared'));
  });
});
