// Text in a guest's memory.
import { describe, expect, it } from 'vitest';
import { type Config, Memory } from '../../lib/index.js';
import { expectError, world } from './support.js';

const PAGE = 65_536;

function memory(config: Config = {}) {
  const { store } = world(config);
  return { store, memory: Memory.create(store, { minimum: 2 }) };
}

describe.each([
  ['with a view', {}],
  ['that may move', { memoryReservation: 0, memoryReservationForGrowth: 0 }],
] as const)('text in a memory %s', (_, config) => {
  it('is written and read by its bytes', () => {
    const { store, memory: own } = memory(config);
    const text = 'aäß€😀\0b\ufeff';
    const length = own.writeString(store, 5, text);
    expect(length).toBe(Buffer.byteLength(text));
    expect(own.readString(store, 5, length)).toBe(text);
    expect(own.readString(store, 5, 3)).toBe('aä');
    expect(own.readString(store, 5)).toBe('aäß€😀');
    expect(own.readString(store, 4)).toBe('');
    expect(own.writeString(store, 0, '')).toBe(0);
    for (const end of ['', 'ä', '😀', '\ufeff']) {
      const long = 'x'.repeat(PAGE + 1) + end;
      const count = own.writeString(store, 100, long);
      expect(own.readString(store, 100, count)).toBe(long);
    }
    const long = 'x'.repeat(PAGE + 1);
    own.write(store, 100 + long.length, Uint8Array.of(0));
    expect(own.readString(store, 100)).toBe(long);
  });

  it('is replaced where it is none', () => {
    const { store, memory: own } = memory(config);
    expect(own.writeString(store, 0, '\ud800x')).toBe(4);
    expect(own.readString(store, 0)).toBe('\ufffdx');
    own.write(store, 0, Uint8Array.of(0xff, 0x61, 0xe2, 0x82, 0));
    expect(own.readString(store, 0, 4)).toBe('\ufffda\ufffd');
    own.write(store, 0, Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
    expect(own.readString(store, 0, 4)).toBe('\ufeffa');
  });

  it('ends with the memory', () => {
    const { store, memory: own } = memory(config);
    const end = 2 * PAGE;
    own.writeString(store, end - 3, 'end');
    expect(own.readString(store, end - 3, 3)).toBe('end');
    expect(own.readString(store, end, 0)).toBe('');
    for (const read of [
      () => own.readString(store, end - 3),
      () => own.readString(store, end),
      () => own.readString(store, end - 3, 4),
      () => own.readString(store, end + 1, 0),
      () => own.readString(store, 0, Number.MAX_SAFE_INTEGER),
      () => own.readString(store, -1, 1),
      () => own.writeString(store, end - 1, 'ä'),
    ]) {
      expectError(RangeError, 'ERR_OUT_OF_RANGE', read);
    }
    expect(own.readString(store, end - 3, 3)).toBe('end');
    expectError(TypeError, 'ERR_INVALID_ARG_TYPE', () =>
      own.writeString(store, 0, 1 as unknown as string),
    );
  });
});
