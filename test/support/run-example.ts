import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What code of a page prints, run as it stands with the built package, in the checkout. */
export function runExample(name: string, code: string): string {
  // Within the checkout, so that the package finds itself by its name.
  const file = path.join(root, 'build', `${name}.mjs`);
  writeFileSync(file, code);
  try {
    return execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
  } finally {
    rmSync(file);
  }
}

/** The blocks of JavaScript in Markdown. */
export function examplesIn(markdown: string): string[] {
  return [...markdown.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code ?? '');
}
