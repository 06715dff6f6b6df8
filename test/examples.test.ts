import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runtime } from './support/runtime.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const examples = readdirSync(path.join(root, 'examples')).filter((name) => name.endsWith('.mjs'));

/** What an example says, at its end, that it prints. */
function promised(source: string): string {
  const [, lines] = /^\/\/ Prints:\n((?:\/\/.*\n)+)$/m.exec(source) ?? [];
  if (lines === undefined) throw new Error("expected '// Prints:' and the lines at the end");
  return lines.replaceAll(/^\/\/(?: {3})?/gm, '');
}

/** Without what each runtime's `console.log` does its own way: quotes, lines and commas of objects. */
function withoutLayout(text: string): string {
  return text
    .replaceAll('"', "'")
    .replaceAll(/,?\s+(?=[}\]])/g, '')
    .replaceAll(/\s+/g, '');
}

it.each(examples)('%s prints what it says', (name) => {
  const file = path.join(root, 'examples', name);
  const printed = execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
  const expected = promised(readFileSync(file, 'utf8'));
  if (runtime === 'Node') expect(printed).toBe(expected);
  else expect(withoutLayout(printed)).toBe(withoutLayout(expected));
});

it('there are examples', () => {
  expect(examples).toEqual(expect.arrayContaining(['hello.mjs', 'profile.mjs', 'worker.mjs']));
});
