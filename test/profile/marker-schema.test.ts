import { describe, expect, it } from 'vitest';
import { HOSTCALL_SCHEMA, MarkerSchemaTable } from '../../lib/profile/marker-schema.js';

describe('MarkerSchemaTable', () => {
  it('refuses two schemas of one name', () => {
    const schemas = new MarkerSchemaTable();
    expect([schemas.intern(HOSTCALL_SCHEMA), schemas.intern(HOSTCALL_SCHEMA)]).toEqual([0, 0]);
    expect(() => schemas.intern({ ...HOSTCALL_SCHEMA })).toThrow(TypeError);
  });
});
