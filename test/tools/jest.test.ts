// Jest gives each test file a realm and a copy of the library, and one addon to all of a process.
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EXPECT, Project, ROOT, SECOND_COPY, TOOLS } from './project.js';

const USE = `
  import * as lib from 'wasmtime-guest-profiler';
  import { use } from './use.mjs';
  test('use', async () => {
    expect(await use(lib)).toEqual(${EXPECT});
  });`;
const RESET = `
  import { jest } from '@jest/globals';
  import * as first from 'wasmtime-guest-profiler';
  import { use } from './use.mjs';
  test('reset', async () => {
    jest.resetModules();
    ${SECOND_COPY}
  });`;

const project = new Project(
  {
    'one.test.mjs': USE,
    'two.test.mjs': USE,
    'three.test.mjs': RESET,
    'jest.config.json': '{ "testMatch": ["**/*.test.mjs"], "transform": {}, "cache": false }',
  },
  { 'wasmtime-guest-profiler': ROOT },
);
afterAll(() => project.remove());

it.each([
  ['in one process', ['--runInBand']],
  ['in threads', ['--maxWorkers=2', '--workerThreads']],
])('test files of ES modules pass %s', (_name, options) => {
  const jest = join(TOOLS, 'node_modules', 'jest', 'bin', 'jest.js');
  const { status, output } = project.node(
    '--experimental-vm-modules',
    '--no-warnings',
    jest,
    ...options,
  );
  expect({ status, output }).toEqual({
    status: 0,
    output: expect.stringMatching(/^Tests: +3 passed, 3 total$/m),
  });
});
