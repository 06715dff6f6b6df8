import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const docs = path.join(root, 'docs');
const pages = readdirSync(docs).filter((name) => name.endsWith('.md'));

it.each(pages)('%s names files that exist', (page) => {
  const text = readFileSync(path.join(docs, page), 'utf8');
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => target as string);
  expect(links.filter((target) => !existsSync(path.join(docs, target)))).toEqual([]);
});

it('every topic has tests', () => {
  const text = readFileSync(path.join(docs, 'topics.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| (?!topic|---)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const files = [...row.matchAll(/\]\(([^)]+\.ts)\)/g)].map(([, target]) => target as string);
    expect([row, files.length > 0]).toEqual([row, true]);
    for (const file of files) {
      expect(readFileSync(path.join(docs, file), 'utf8')).toMatch(
        /^\s*(it[.(]|test[.(]|\/\/ @ts-expect-error)/m,
      );
    }
  }
});
