import { describe, expect, it } from 'vitest';
import { StringTable } from '../../lib/profile/string-table.js';

describe('StringTable', () => {
  it('holds each string once, in the order of its first use', () => {
    const strings = new StringTable();
    expect(['b', 'a', 'b', '', '__proto__', 'a'].map((text) => strings.intern(text))).toEqual([
      0, 1, 0, 2, 3, 1,
    ]);
    expect([...strings]).toEqual(['b', 'a', '', '__proto__']);
    expect(strings.get(1)).toBe('a');
    expect(() => strings.get(4)).toThrow('expected a string index below 4, got 4');
  });
});
