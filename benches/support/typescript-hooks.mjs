// Node's module hooks: types are erased with the project's own TypeScript, one file at a time, those of lib/ too, whose
// files benches import. Nothing is wrapped, so the code under measurement is what users run; how long it takes to load is
// measured of the bundles in dist/.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export async function resolve(specifier, context, next) {
  if (!specifier.startsWith('.') || !context.parentURL) return next(specifier, context);
  const { href } = new URL(specifier, context.parentURL);
  const source = href.replace(/\.js$/, '.ts');
  const isTypeScript = source !== href && existsSync(fileURLToPath(source));
  return next(isTypeScript ? source : href, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { outputText } = ts.transpileModule(await readFile(fileURLToPath(url), 'utf8'), {
    fileName: fileURLToPath(url),
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
