import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { blocksIn, examplesIn, runCommands, runExample } from './support/run-example.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const docs = path.join(root, 'docs');
const pages = ['.', 'recipes'].flatMap((directory) =>
  readdirSync(path.join(docs, directory))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(directory, name)),
);

const decisions = readdirSync(path.join(docs, 'decisions'));
const linking = [
  ...pages,
  ...decisions.map((name) => `decisions/${name}`),
  ...readdirSync(root).flatMap((name) => (name.endsWith('.md') ? `../${name}` : [])),
];

it.each(linking)('%s names files that exist', (page) => {
  const text = readFileSync(path.join(docs, page), 'utf8');
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
    ([, target]) => target as string,
  );
  expect(
    links.filter((target) => !existsSync(path.join(docs, path.dirname(page), target))),
  ).toEqual([]);
});

it('every guide is a page of the site', () => {
  const { projectDocuments } = JSON.parse(readFileSync(path.join(root, 'typedoc.json'), 'utf8'));
  expect(projectDocuments).toEqual(expect.arrayContaining(pages.map((page) => `docs/${page}`)));
});

it('every decision is listed, by its heading', () => {
  const read = (name: string) => readFileSync(path.join(docs, 'decisions', name), 'utf8');
  const listed = [...read('README.md').matchAll(/^- \[(.*)\]\((.*)\)$/gm)].map(
    ([, title, name]) => [name, title],
  );
  const files = decisions.filter((name) => name !== 'README.md');
  expect(listed.sort()).toEqual(files.map((name) => [name, /^# (.*)$/m.exec(read(name))?.[1]]));
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

const examples = pages.flatMap((page) =>
  examplesIn(readFileSync(path.join(docs, page), 'utf8')).map((code, i) => ({
    name: `docs-${path.basename(page, '.md')}-${i + 1}`,
    code,
    // What a line prints stands after it.
    printed: [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text),
  })),
);

it.each(examples)('$name runs, and prints what it says', ({ name, code, printed }) => {
  const output = runExample(name, code);
  for (const text of printed) expect(output).toContain(text);
});

const blocks = ['../README.md', ...pages].flatMap((page) =>
  blocksIn(readFileSync(path.join(docs, page), 'utf8')).map((block) => ({ page, ...block })),
);

it.each(blocks.filter(({ language, isRun }) => language === 'sh' && isRun))(
  'commands of $page run',
  ({ code }) => {
    expect(runCommands(code)).toContain('samples, one per 1 ms');
  },
);

it('all code runs but what is listed here, with the test that runs it instead', () => {
  expect(blocks.filter(({ isRun }) => !isRun).map(({ page, code }) => [page, code])).toEqual([
    // Each is a job of CI, or a step of scripts/install-test.mjs.
    ['../README.md', 'npm ci --ignore-scripts && npm run demo\n'],
    ['../README.md', 'npm install wasmtime-guest-profiler\n'],
    ['../README.md', 'npm ci --ignore-scripts && npm test\n'],
    // Tests run in Deno, which is allowed all.
    ['bun-and-deno.md', expect.stringMatching(/^deno run .*\ndeno run .*\n$/)],
    // These have placeholders: test/cli/compare.test.ts and test/cli/run.test.ts.
    [
      'comparing.md',
      'npx wasmtime-guest-profiler compare old.wasm new.wasm -- arguments of both\n',
    ],
    [
      'profile-a-program.md',
      'npx wasmtime-guest-profiler run [options] app.wasm [arguments of the program]\n',
    ],
  ]);
  // Of `yaml` see test/action.test.ts; `text` is what something prints.
  const known = ['js', 'sh', 'text', 'yaml'];
  expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
});

it('calls go back and forth', () => {
  const [code = ''] = examplesIn(readFileSync(path.join(docs, 'embed.md'), 'utf8'));
  expect(runExample('embedding', code)).toBe(
    'dividing 84\n42\ndividing 1\nIntegerDivisionByZero\n',
  );
});
