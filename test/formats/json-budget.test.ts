import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readJslb } from '../../lib/formats/jslb-read.js';
import { JsonBudget } from '../../lib/formats/json-budget.js';
import { readProfileBytes } from '../../lib/formats/read.js';

const REFUSED = { code: 'ERR_INVALID_PROFILE' };

/** Looks at text in pieces of so many bytes. */
function look(text: string, piece = text.length, maxRows = 1): () => void {
  return () => {
    const budget = new JsonBudget({ maxRows });
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += piece) budget.take(bytes.subarray(at, at + piece));
  };
}

describe('JSON that would exhaust the process', () => {
  it.each([
    ['brackets', '['.repeat(1_000_000), 'more than 500 levels'],
    ['nested objects', '{"a":'.repeat(1_000), 'more than 500 levels'],
    ['keys', `{${'"a":1,'.repeat(20_000)}`, 'more than 10000 keys'],
    ['keys beside others', `{"a":[{},{"b":1}],${'"a":1,'.repeat(20_000)}`, 'more than 10000 keys'],
    ['empty objects', `[${'{},'.repeat(150_000)}`, 'memory'],
    ['numbers', `[${'1,'.repeat(1_500_000)}`, 'memory'],
    ['texts', `[${'"",'.repeat(300_000)}`, 'memory'],
    ['a long text', `"${'a'.repeat(17_000_000)}`, 'memory'],
    ['spaces', ' '.repeat(2_200_000), 'memory'],
  ])('is refused: %s', async (_, text, reason) => {
    expect(look(text)).toThrow(expect.objectContaining(REFUSED));
    expect(look(text, 65_536)).toThrow(reason);
    const read = readProfileBytes(gzipSync(text), { maxRows: 1 });
    await expect(read).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringContaining(reason),
    });
  });

  it.each(['[', '{"a":'])('is refused in JSON Slabs: %s', (part) => {
    const json = Buffer.from(part.repeat(100_000));
    const file = Buffer.alloc(32 + json.length);
    Buffer.from([0xdc, 0xdf, 0x4a, 0x53, 0x4c, 0x42, 1, 0]).copy(file);
    [1, 1, 0, 10, 32, json.length].forEach((word, i) => void file.writeUInt32LE(word, 8 + 4 * i));
    json.copy(file, 32);
    expect(() => readJslb(file)).toThrow(expect.objectContaining(REFUSED));
  });

  it.each([1, 2, 3, 1000])('is not what texts hold, in pieces of %i bytes', (piece) => {
    const text = JSON.stringify({
      a: '['.repeat(600),
      'b\\"[[{{"': ['"{', '\\'],
      c: '\\"'.repeat(600),
    });
    expect(look(text, piece)).not.toThrow();
    expect(look(`${text}${'['.repeat(501)}`, piece)).toThrow('levels');
  });

  it('may be larger where rows may be more', () => {
    expect(look('{},'.repeat(150_000), 65_536, 1_000_000)).not.toThrow();
  });
});
