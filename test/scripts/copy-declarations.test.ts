import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'declarations-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the compiler says of a program of a stranger's, who has it check libraries too. */
function check(text: string): string[] {
  mkdirSync(join(directory, 'node_modules/@types'), { recursive: true });
  const links = {
    'wasmtime-guest-profiler': ROOT,
    '@types/node': join(ROOT, 'node_modules/@types/node'),
  };
  for (const [name, target] of Object.entries(links)) {
    const link = join(directory, 'node_modules', name);
    rmSync(link, { force: true });
    symlinkSync(target, link, 'junction');
  }
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const file = join(directory, 'app.ts');
  writeFileSync(file, text);
  const program = ts.createProgram([file], {
    noEmit: true,
    strict: true,
    skipLibCheck: false,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    typeRoots: [join(directory, 'node_modules/@types')],
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

it('the declarations that are published are whole', () => {
  const text = `import { Engine, GuestProfiler, Module } from 'wasmtime-guest-profiler';
    const module: Module = Module.compile(new Engine(), '(module)');
    export const bytes: Promise<Uint8Array> = new GuestProfiler('a', 1, [['a', module]]).finish();`;
  expect(check(text)).toEqual([]);
});

it('and say what is wrong', () => {
  const text = `import { GuestProfiler } from 'wasmtime-guest-profiler';
    new GuestProfiler('a', '1ms', []);`;
  expect(check(text)).toEqual([expect.stringContaining("'string' is not assignable")]);
});
