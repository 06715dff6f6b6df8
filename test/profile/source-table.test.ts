import { describe, expect, it } from 'vitest';
import { SourceTable } from '../../lib/profile/source-table.js';

describe('SourceTable', () => {
  it('has one source for each file, with text if given', () => {
    const sources = new SourceTable();
    expect([sources.intern(4), sources.intern(2), sources.intern(4)]).toEqual([0, 1, 0]);
    sources.setContent(1, 'int x;');
    expect([sources.content(0), sources.content(1)]).toEqual([undefined, 'int x;']);
    expect(() => sources.setContent(2, '')).toThrow(RangeError);
  });
});
