import { describe, expect, it } from 'vitest';
import { firefoxJson } from '../../lib/formats/firefox.js';
import { jslb } from '../../lib/formats/jslb.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { sampleProfile } from '../support/sample-profile.js';
import { jsonOf } from './text.js';

const KINDS: Readonly<
  Record<
    number,
    {
      new (buffer: ArrayBuffer, start: number, length: number): ArrayLike<number>;
      readonly BYTES_PER_ELEMENT: number;
    }
  >
> = { 1: Uint8Array, 4: Int32Array, 5: Uint32Array, 7: Float64Array };

describe('jslb', () => {
  it('holds the very profile that the JSON does', () => {
    const profile = resolved(Buffer.concat([...jslb(sampleProfile())]));
    expect(profile).toEqual(jsonOf(firefoxJson(sampleProfile())));
    assertProfileIntegrity(profile);
  });

  it('is the same when written again', () => {
    const profile = sampleProfile();
    const first = Buffer.concat([...jslb(profile)]);
    expect(Buffer.concat([...jslb(profile)])).toEqual(first);
  });
});

/** Reads a container by its description alone. */
function resolved(file: Uint8Array): unknown {
  const bytes = new Uint8Array(file);
  const view = new DataView(bytes.buffer);
  expect([...bytes.subarray(0, 8)]).toEqual([0xdc, 0xdf, 0x4a, 0x53, 0x4c, 0x42, 1, 0]);
  expect(view.getUint32(8, true)).toBe(1);
  const slabs = Array.from({ length: view.getUint32(12, true) }, (_, i) => {
    const [type, start, length] = [0, 4, 8].map((at) => view.getUint32(20 + 12 * i + at, true));
    return { type: type as number, start: start as number, length: length as number };
  });
  const root = slabs[view.getUint32(16, true)];
  expect(root?.type).toBe(0x0a);
  const text = Buffer.from(bytes.buffer, root?.start, root?.length).toString();
  return JSON.parse(text, (_, value) => {
    if (value === null || typeof value !== 'object' || !('$s' in value)) return value;
    const slab = slabs[value.$s];
    const Kind = KINDS[slab?.type ?? 0];
    if (slab === undefined || Kind === undefined) throw new Error('expected a slab of numbers');
    // Fails where the slab isn't aligned.
    return Array.from(new Kind(bytes.buffer, slab.start, slab.length / Kind.BYTES_PER_ELEMENT));
  });
}
