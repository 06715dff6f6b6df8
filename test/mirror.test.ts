// A test is found from what it tests: `test/runtime/memory-view.test.ts` is of `lib/runtime/memory.ts`.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Topics that no file has to itself; sorted. */
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  profiler: [
    ...['async', 'components', 'dropped-functions', 'every-line', 'inlining', 'lines', 'llvm'],
    ...['security', 'signal-entries', 'signal-guests', 'signal-hazards', 'workers'],
  ],
  runtime: [
    ...['async', 'async-exceptions', 'async-stress', 'dispose', 'exceptions', 'gc', 'identity'],
    ...['leaks', 'misuse', 'receivers', 'serialize', 'worker'],
  ],
  'runtime/component': [
    ...['async', 'async-resources', 'async-stress', 'async-wasi', 'large-values', 'leaks'],
    ...['limits', 'lists', 'misuse', 'resources', 'tasks', 'values', 'wasi'],
  ],
};

/** The rooms whose tests are named after files, and where the files are. */
const ROOMS = Object.entries({
  ...Object.fromEntries(
    ['cli', 'formats', 'profile', 'profiler', 'runtime', 'runtime/component', 'statistics'].map(
      (room) => [room, path.join('lib', room)],
    ),
  ),
  scripts: 'scripts',
  support: path.join('test', 'support'),
});

/** `memory` and `memory-view` for `memory-view`. */
function names(test: string): string[] {
  const words = test.split('-');
  return words.map((_, i) => words.slice(0, i + 1).join('-'));
}

function testsIn(room: string): string[] {
  return readdirSync(path.join(root, 'test', room)).flatMap((file) =>
    file.endsWith('.test.ts') ? path.basename(file, '.test.ts') : [],
  );
}

it.each(ROOMS)(
  'tests in %s are named after a file of %s, or after a listed topic',
  (room, files) => {
    const isFile = (name: string) =>
      ['.ts', '.mjs'].some((ending) => existsSync(path.join(root, files, `${name}${ending}`)));
    const others = testsIn(room).filter((test) => !names(test).some(isFile));
    expect(others.sort()).toEqual(TOPICS[room] ?? []);
  },
);
