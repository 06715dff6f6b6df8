import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const examples = readdirSync(path.join(root, 'examples')).filter((name) => name.endsWith('.mjs'));

/** What an example says, at its end, that it prints. */
function promised(source: string): string {
  const [, lines] = /^\/\/ Prints:\n((?:\/\/.*\n)+)$/m.exec(source) ?? [];
  if (lines === undefined) throw new Error("expected '// Prints:' and the lines at the end");
  return lines.replaceAll(/^\/\/(?: {3})?/gm, '');
}

it.each(examples)('%s prints what it says', (name) => {
  const file = path.join(root, 'examples', name);
  const printed = execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
  expect(printed).toBe(promised(readFileSync(file, 'utf8')));
});

it('there are examples', () => {
  expect(examples).toEqual(expect.arrayContaining(['hello.mjs', 'profile.mjs', 'worker.mjs']));
});
