// Bundles lib/ into dist/: index.js, all that a program imports, and cli/main.js with what each command loads when it
// runs (dist/cli-*.js). Loading a file costs more than what is in it.
//
//   node scripts/build-bundle.mjs           once
//   node scripts/build-bundle.mjs --watch   whenever a file changes
import { readdirSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');

const shared = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Those in package.json's dependencies: they find files of their own.
  external: ['node-gyp-build', 'open'],
  // Names are kept, which messages have, and lines short: an uncaught error shows both.
  keepNames: true,
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  // THIRD-PARTY.txt has them.
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * The first `import` of Node's module reads all of `process`, and so makes stdin a stream, which takes what a guest is
 * to read. What a library needs of it is at hand.
 */
const globalProcess = {
  name: 'global-process',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?process$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'process', namespace: 'global-process' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'global-process' }, () => ({
      contents: 'export default process; export const { argv, env, platform } = process;',
    }));
  },
};

const bundles = [
  { ...shared, entryPoints: { index: 'lib/index.ts' }, plugins: [globalProcess] },
  {
    ...shared,
    entryPoints: { 'cli/main': 'lib/cli/main.ts' },
    splitting: true,
    // In dist/ itself, from which the package's other files are looked for.
    chunkNames: 'cli-[name]-[hash]',
    metafile: true,
    // commander is CommonJS.
    banner: {
      js: "import { createRequire as requireFor } from 'node:module';\nconst require = requireFor(import.meta.url);",
    },
    plugins: [globalProcess, { name: 'tidy', setup: ({ onEnd }) => onEnd(tidy) }],
  },
];

if (process.argv.includes('--watch')) {
  for (const bundle of bundles) await (await context(bundle)).watch();
} else {
  await Promise.all(bundles.map(build));
}

/** Removes what an older build has left, and dates the newest, which esbuild leaves alone where nothing has changed. */
function tidy({ errors, metafile }) {
  if (errors.length > 0) return;
  const written = Object.keys(metafile.outputs).map((file) => path.basename(file));
  for (const file of readdirSync(dist)) {
    if (/^cli-.*\.js$/.test(file) && !written.includes(file)) rmSync(path.join(dist, file));
  }
  const now = new Date();
  utimesSync(path.join(dist, 'cli', 'main.js'), now, now);
}
