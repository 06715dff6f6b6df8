// Vitest evaluates a linked package anew: for each test file in pools of contexts and without isolation, and when modules are reset.
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EXPECT, Project, ROOT, SECOND_COPY } from './project.js';

const TEST = `
  import { expect, test, vi } from 'vitest';
  import * as first from 'wasmtime-guest-profiler';
  import { use } from './use.mjs';
  test('use', async () => {
    expect(await use(first)).toEqual(${EXPECT});
  });
  test('reset', async () => {
    vi.resetModules();
    ${SECOND_COPY}
  });`;

const vitest = join(ROOT, 'node_modules', 'vitest');
const project = new Project(
  { 'one.test.mjs': TEST, 'two.test.mjs': TEST },
  { 'wasmtime-guest-profiler': ROOT, vitest },
);
afterAll(() => project.remove());

it.each([
  [['--pool=vmThreads']],
  [['--pool=vmForks']],
  [['--pool=threads', '--no-isolate']],
  [['--pool=forks', '--no-isolate']],
])('test files pass with %j', (options) => {
  const program = join(vitest, 'vitest.mjs');
  // One worker for both files.
  const { status, output } = project.node(program, 'run', '--maxWorkers=1', ...options);
  expect({ status, output }).toEqual({
    status: 0,
    output: expect.stringMatching(/^ +Tests +4 passed \(4\)$/m),
  });
});
