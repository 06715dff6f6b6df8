import { describe, expect, it } from 'vitest';
import { JsonBytes, toJson } from '../../lib/formats/json-bytes.js';
import { seededRandom } from '../support/random.js';

function written(write: (out: JsonBytes) => void): string {
  const out = new JsonBytes();
  write(out);
  return Buffer.concat([...out.finish()]).toString('utf8');
}

describe('JsonBytes.int', () => {
  it.each([
    0,
    9,
    10,
    -1,
    99_999,
    100_000,
    1_000_000,
    9_999_999,
    10_000_000,
    999_999_999,
    1_000_000_000,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    4_000_000_000,
    1_000_000_000_000,
    Number.MAX_SAFE_INTEGER,
    1e20,
  ])('%d', (value) => {
    expect(written((out) => out.int(value))).toBe(JSON.stringify(value));
  });

  it('equals JSON.stringify on random numbers of every length', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 20_000; round++) {
      const value = random(2 ** random(53)) * (random(2) === 0 ? 1 : -1) + 0;
      expect(written((out) => out.int(value))).toBe(JSON.stringify(value));
    }
  });
});

describe('JsonBytes.nanosAsMillis', () => {
  it.each([
    [0, '0'],
    [1, '0.000001'],
    [-1, '-0.000001'],
    [1_000_000, '1'],
    [1_500_000, '1.5'],
    [1_050_000, '1.05'],
    [123_456_789, '123.456789'],
    [3_600_000_000_000_001, '3600000000.000001'],
    [1e17, '100000000000'],
  ])('%d ns', (nanos, text) => {
    expect(written((out) => out.nanosAsMillis(nanos))).toBe(text);
  });

  it('reads back as the double nearest to the nanoseconds', () => {
    const random = seededRandom(4);
    for (let round = 0; round < 20_000; round++) {
      const nanos = random(2 ** random(53));
      expect(Number(written((out) => out.nanosAsMillis(nanos)))).toBe(nanos / 1e6);
    }
  });
});

describe('JsonBytes.raw', () => {
  it('cuts text anywhere, and joins it again', () => {
    for (const filler of [131_071, 131_072, 131_073]) {
      const text = `${'x'.repeat(filler)}é☃𝄞${'y'.repeat(300_000)}`;
      expect(written((out) => out.raw(text))).toBe(text);
      const values = written((out) => {
        out.raw('x'.repeat(filler - 1));
        out.comma();
        out.int(-5);
        out.nanosAsMillis(-1_500_000);
      });
      expect(values).toBe(`${'x'.repeat(filler - 1)},-5-1.5`);
    }
  });
});

describe('toJson', () => {
  it.each([
    '\u0000\b\n\u001f"\\',
    '\ud800',
    'a\udc00b',
    '</script>',
    '<!-- -->',
    'Vec<T>',
    '\u2028',
  ])('reads back: %j', (text) => {
    const json = toJson(text);
    expect(JSON.parse(json)).toBe(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(json).not.toMatch(/[\u0000-\u001f]|<\/|<!--|[\ud800-\udfff]/);
  });
});
