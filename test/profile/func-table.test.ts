import { describe, expect, it } from 'vitest';
import { FuncTable } from '../../lib/profile/func-table.js';

describe('FuncTable', () => {
  it('tells funcs apart by every field', () => {
    const funcs = new FuncTable();
    const variants = [
      { name: 0 },
      { name: 1 },
      { name: 0, resource: 0 },
      { name: 0, source: 0 },
      { name: 0, line: 1 },
      { name: 0, column: 1 },
    ];
    const indexes = variants.map((func) => funcs.intern(func));
    expect(indexes).toEqual([0, 1, 2, 3, 4, 5]);
    expect(variants.map((func) => funcs.intern(func))).toEqual(indexes);
  });

  it('adds a twin when told to', () => {
    const funcs = new FuncTable();
    expect([funcs.add({ name: 0 }), funcs.add({ name: 0 })]).toEqual([0, 1]);
    expect(funcs.intern({ name: 0 })).toBe(0);
  });
});
