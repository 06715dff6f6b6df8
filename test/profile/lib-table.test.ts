import { describe, expect, it } from 'vitest';
import { LibTable } from '../../lib/profile/lib-table.js';

describe('LibTable', () => {
  it('fills what a guest module has not with neutral values, and keeps namesakes apart', () => {
    const libs = new LibTable();
    expect([libs.add({ name: 'a' }), libs.add({ name: 'a' })]).toEqual([0, 1]);
    expect(libs.get(1)).toEqual({
      name: 'a',
      debugName: '',
      path: '',
      debugPath: '',
      breakpadId: '',
      codeId: null,
      arch: '',
    });
  });
});
