import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runNode } from '../runtime/support.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

it('classes of the bundle are called as they are imported, in stacks too', () => {
  const output = runNode(`
    import * as lib from 'LIB';
    const all = Object.entries(lib).filter(([, value]) => typeof value === 'function');
    console.log(all.length > 40, all.filter(([name, value]) => name !== value.name));
    try { lib.Module.compile(new lib.Engine(), '('); } catch (error) {
      console.log(error.stack.match(/at (\\S+) /g).find((frame) => frame.includes('compile')));
    }`);
  expect(output).toBe('true []\nat Module.compile \n');
});

it('no bundle names closures whenever they are made', () => {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  const bundles = files.filter((file) => /^(index\.js|cli.*\.c?js)$/.test(file));
  expect(bundles.length).toBeGreaterThan(10);
  const naming = bundles.filter((file) => {
    return /\b__name\b/.test(readFileSync(path.join(dist, file), 'utf8'));
  });
  expect(naming).toEqual([]);
});
