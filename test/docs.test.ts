import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const docs = path.join(root, 'docs');
const pages = readdirSync(docs).filter((name) => name.endsWith('.md'));

const blocks = pages.flatMap((page) => {
  const text = readFileSync(path.join(docs, page), 'utf8');
  return [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code = ''], i) => ({
    name: `${page}, block ${i + 1}`,
    code,
    // What a line prints stands after it.
    printed: [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, value]) => value),
  }));
});

describe('the pages of docs', () => {
  it.each(blocks)('have code that runs: $name', ({ name, code, printed }) => {
    // Within the checkout, so that the package finds itself by its name.
    const file = path.join(root, 'build', `docs-${name.replace(/\W+/g, '-')}.mjs`);
    writeFileSync(file, code);
    try {
      const output = execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
      for (const value of printed) expect(output).toContain(value);
    } finally {
      rmSync(file);
    }
  });

  it.each(pages)('%s links to files that exist', (page) => {
    const text = readFileSync(path.join(docs, page), 'utf8');
    for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      expect(() => readFileSync(path.join(docs, target as string))).not.toThrow();
    }
  });
});
