import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Engine } from '../../lib/index.js';
import { type Outcome, Script } from './script.js';

const suite = new URL('testsuite/', import.meta.url);
const files = readdirSync(suite).filter((name) => name.endsWith('.wast'));
const outcomes = new Map<string, Outcome>();

test.each(files)('%s', (name) => {
  const engine = new Engine({
    wasmGc: true,
    wasmFunctionReferences: true,
    wasmExceptions: true,
    // A module is run once.
    craneliftOptLevel: 'none',
  });
  const outcome = new Script(engine).run(name, readFileSync(new URL(name, suite), 'utf8'));
  outcomes.set(name, outcome);
  expect(outcome.failed).toEqual([]);
  expect(outcome.passed).toBeGreaterThan(0);
});

afterAll(() => {
  // A run of a single file has no table to compare.
  if (outcomes.size < files.length) return;
  const file = new URL('../../docs/spec-tests.md', import.meta.url);
  if (process.env['UPDATE_SPEC_TABLE'] !== undefined) writeFileSync(file, table());
  expect(table()).toBe(readFileSync(file, 'utf8'));
});

function table(): string {
  const rows = [...outcomes].map(
    ([name, { assertions, passed, failed }]) =>
      `| ${name} | ${assertions} | ${passed} | ${failed.length} | 0 |`,
  );
  const sum = (of: (outcome: Outcome) => number) =>
    [...outcomes.values()].reduce((total, outcome) => total + of(outcome), 0);
  const total = [sum((o) => o.assertions), sum((o) => o.passed), sum((o) => o.failed.length), 0];
  return `# The official test suite

What the run of \`test/spec\` found: each script of the WebAssembly core test suite
(\`WebAssembly/testsuite\`, commit 193e551), through the JavaScript API, with Wasmtime's proposals for garbage
collection, function references and exceptions on. A command is an assertion, a module, a registration or a
call. \`UPDATE_SPEC_TABLE=1 npx vitest run test/spec\` writes this page; the test fails when it isn't so.

| file | assertions | commands passed | failed | skipped |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
| **${outcomes.size} files** | **${total.join('** | **')}** |
`;
}
