import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as api from '../lib/index.js';
import { examplesIn } from './support/run-example.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const directory = path.join(root, 'build', 'class-examples');

/** The `@example` of each class in `lib/`, by its name. */
const examples = new Map<string, string>();
for (const file of readdirSync(path.join(root, 'lib'), { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.ts')) continue;
  const text = readFileSync(path.join(root, 'lib', file), 'utf8');
  const classes = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:abstract )?class (\w+)/g;
  for (const [, comment = '', name = ''] of text.matchAll(classes)) {
    const [, example] = comment.replaceAll(/^ \* ?/gm, '').split('@example');
    const [code] = examplesIn(example ?? '');
    if (code !== undefined) examples.set(name, code);
  }
}

/** What can be imported as a class, and has documentation. */
const classes = Object.entries(api).flatMap(([name, value]) =>
  typeof value === 'function' && /^class\b/.test(String(value)) ? [name] : [],
);

let printed: Record<string, string> = {};

beforeAll(() => {
  mkdirSync(directory, { recursive: true });
  const names = [...examples.keys()];
  for (const [name, code] of examples) writeFileSync(path.join(directory, `${name}.mjs`), code);
  const runner = path.join(directory, 'run.mjs');
  const line = (name: string) =>
    `console.log('== ${name}'); await import('${pathToFileURL(path.join(directory, `${name}.mjs`))}');`;
  writeFileSync(runner, names.map(line).join('\n'));
  // All in one process: they need no more of it than their own names.
  const output = execFileSync(process.execPath, [runner], { cwd: root, encoding: 'utf8' });
  const parts = output.split(/^== (\w+)\n/m).slice(1);
  printed = Object.fromEntries(names.map((_, i) => [parts[2 * i], parts[2 * i + 1] ?? '']));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('finds the classes', () => {
  expect(classes.length).toBeGreaterThan(30);
});

it.each(classes)('%s has an example, which runs and prints what it says', (name) => {
  const code = examples.get(name);
  expect(code).toBeDefined();
  for (const [, text = ''] of (code ?? '').matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)) {
    expect(printed[name]?.split('\n')).toContain(text);
  }
});
