// Node's module hooks: types are erased with the project's own TypeScript, one file at a time, and an
// import of lib/ gets the compiled module in dist/. Nothing is bundled or wrapped, so the code under
// measurement is what users run.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const lib = new URL('../../lib/', import.meta.url).href;
const dist = new URL('../../dist/', import.meta.url).href;

export async function resolve(specifier, context, next) {
  if (!specifier.startsWith('.') || !context.parentURL) return next(specifier, context);
  const { href } = new URL(specifier, context.parentURL);
  if (href.startsWith(lib)) return next(dist + href.slice(lib.length), context);
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
