// Bundles page/ into dist/page/page.html: one file, in which the writer puts a profile.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [result] = await build({
  root: path.join(root, 'page'),
  configFile: false,
  logLevel: 'warn',
  build: {
    write: false,
    target: 'es2022',
    cssCodeSplit: false,
    lib: { entry: 'main.ts', formats: ['iife'], name: 'page', fileName: 'page' },
  },
});
const text = (ending) => {
  const file = result.output.find(({ fileName }) => fileName.endsWith(ending));
  if (file === undefined) throw new Error(`expected a file ${ending} of vite, got none`);
  return String(file.code ?? file.source);
};
// A function, since `$` means something in a replacement text.
const page = readFileSync(path.join(root, 'page', 'index.html'), 'utf8')
  .replace('/*style*/', () => text('.css'))
  .replace('/*script*/', () => text('.js').replaceAll('</script', '<\\/script'));
mkdirSync(path.join(root, 'dist', 'page'), { recursive: true });
writeFileSync(path.join(root, 'dist', 'page', 'page.html'), page);
