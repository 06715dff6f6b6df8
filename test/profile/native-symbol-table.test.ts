import { describe, expect, it } from 'vitest';
import { NativeSymbolTable, UNKNOWN_SIZE } from '../../lib/profile/native-symbol-table.js';

describe('NativeSymbolTable', () => {
  it('has one symbol for each library and address', () => {
    const symbols = new NativeSymbolTable();
    expect([
      symbols.intern(0, 16, 0, 8),
      symbols.intern(1, 16, 0),
      symbols.intern(0, 16, 0),
    ]).toEqual([0, 1, 0]);
    expect([...symbols.functionSize.view()]).toEqual([8, UNKNOWN_SIZE]);
  });
});
