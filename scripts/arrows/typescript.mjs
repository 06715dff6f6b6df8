// What the files of lib/ import, by TypeScript's own scanner: types and re-exports too.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Files relative to `root`, and those under it that each imports. */
export function typescriptImports(root) {
  const files = readdirSync(root, { recursive: true }).filter((file) => /\.[cm]?ts$/.test(file));
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'));
      const targets = importedFiles
        .filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => path.join(path.dirname(file), fileName).replace(/\.js$/, '.ts'))
        .map((target) => (existsSync(path.join(root, target)) ? target : declaration(target)))
        .filter((target) => existsSync(path.join(root, target)));
      return [file, new Set(targets)];
    }),
  );
}

function declaration(file) {
  return file.replace(/\.ts$/, '.d.ts');
}
