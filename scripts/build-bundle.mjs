// Bundles lib/ into dist/: index.js, all that a program imports, cli/main.cjs, all options, and what each command loads when
// it runs (dist/cli-*). Loading a file costs more than what is in it.
//
//   node scripts/build-bundle.mjs           once
//   node scripts/build-bundle.mjs --watch   whenever a file changes
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
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
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  // THIRD-PARTY.txt has them.
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
};

/** A class that refers to itself is bundled as `var Store=class _Store{…}`, and so would be called `_Store`. */
const classNames = {
  name: 'class-names',
  setup({ onEnd }) {
    onEnd(({ outputFiles = [] }) => {
      for (const { path: file, text } of outputFiles) {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, withClassNames(text));
      }
    });
  },
};

function withClassNames(text) {
  const declared = [...text.matchAll(/\b([A-Z]\w*)=\s*class\s+_(\w+)\b/g)];
  const count = (name) => declared.filter(([, , inner]) => inner === name).length;
  // Where two have one name, it is said which is meant.
  const names = new Set(
    declared.flatMap(([, name, inner]) => (name === inner && count(inner) === 1 ? [name] : [])),
  );
  return text.replace(/(?<![\w$.#'"])_([A-Z]\w*)/g, (inner, name) =>
    names.has(name) ? name : inner,
  );
}

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

/**
 * What is used of modules that take a millisecond or more to load (crypto and net three each), and that few programs need:
 * loaded when it is first called. A name that is missing here fails the build.
 */
const LATE = {
  'node:child_process': ['spawn'],
  'node:crypto': ['randomBytes'],
  'node:net': ['isIP'],
  'node:tty': ['isatty'],
  'node:v8': ['getHeapStatistics'],
  'node:zlib': ['createGunzip', 'createGzip', 'gzipSync'],
  '@discoveryjs/json-ext': ['parseChunked'],
  'fastest-levenshtein': ['distance'],
  picocolors: ['createColors'],
};
/** What a program that imports the library needs no more than that: files, which bring streams, four milliseconds. */
const LATE_FOR_IMPORT = {
  'node:fs': [
    ...['closeSync', 'copyFileSync', 'createReadStream', 'existsSync', 'fchmodSync', 'fsyncSync'],
    ...['lstatSync', 'mkdirSync', 'openSync', 'readFileSync', 'readdirSync', 'readlinkSync'],
    ...['realpathSync', 'renameSync', 'rmSync', 'statSync', 'writeSync'],
  ],
  'node:fs/promises': ['open', 'readdir', 'rm'],
  'node:stream': ['pipeline'],
  'node:timers/promises': ['setImmediate'],
};
/** What `run` has in a file of its own. */
const LATE_FOR_RUN = {
  './writers.js': [
    ...['cpuProfile', 'foldedStacks', 'htmlPage', 'jslb', 'pprof', 'speedscopeJson'],
  ],
};
/** Where these are, if elsewhere: of a library without what else is in it, and in dist/. */
const FILES = {
  '@discoveryjs/json-ext': './node_modules/@discoveryjs/json-ext/src/parse-chunked.js',
  './writers.js': './cli-writers.cjs',
};

const late = (names) => ({
  name: 'late',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path: name, namespace }) => {
      if (namespace === 'late') {
        return name.startsWith('./cli-') ? { path: name, external: true } : undefined;
      }
      return name in names ? { path: name, namespace: 'late', sideEffects: false } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path: name }) => {
      // Node's own are found from anywhere.
      const load = name.startsWith('node:')
        ? `requireFrom(process.execPath)('${name}')`
        : `require('${FILES[name] ?? name}')`;
      return {
        resolveDir: root,
        contents: [
          `import { requireFrom } from './lib/own-files.ts';`,
          'let loaded;',
          `const load = () => (loaded ??= ${load});`,
          ...names[name].map((key) => `export const ${key} = (...args) => load().${key}(...args);`),
          `export default { ${names[name].join(', ')} };`,
        ].join('\n'),
      };
    });
  },
});

/** The file that `simple-statistics` is makes a table when it is loaded, which nothing here looks at. */
const STATISTICS = ['mean', 'median', 'probit'];

const statistics = {
  name: 'statistics',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^simple-statistics$/ }, ({ path: name }) => ({
      path: name,
      namespace: 'statistics',
      sideEffects: false,
    }));
    onLoad({ filter: /./, namespace: 'statistics' }, ({ path: name }) => ({
      resolveDir: root,
      contents: STATISTICS.map(
        (key) => `export { default as ${key} } from './node_modules/${name}/src/${key}.js';`,
      ).join('\n'),
    }));
  },
};

/** Of each bundle of the command line, what it has written. */
const written = [];

/** In dist/ itself, from which the package's other files are looked for, but for what `bin` names. */
function commandLine(entryPoints, { plugins = [], names = LATE, ...options }) {
  const at = written.push(undefined) - 1;
  const tidied = {
    name: 'tidy',
    setup({ onEnd }) {
      onEnd(({ errors, metafile }) => {
        if (errors.length > 0) return;
        written[at] = Object.keys(metafile.outputs);
        if (!written.includes(undefined)) tidy();
      });
    },
  };
  return {
    ...shared,
    ...options,
    entryPoints,
    metafile: true,
    plugins: [...plugins, globalProcess, statistics, late(names), classNames, tidied],
  };
}

/** Node is ready for CommonJS some milliseconds before it is for ES modules. */
const commonJs = {
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaUrl' },
  // `own-files.ts` looks whether there is one.
  logOverride: { 'empty-import-meta': 'silent' },
};

/** In pieces, for what one command needs and another doesn't. */
const inPieces = {
  splitting: true,
  chunkNames: 'cli-[name]-[hash]',
};

/** What main.ts loads comes from other bundles. */
const commandsApart = {
  name: 'commands-apart',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\// }, ({ kind, path: file }) => {
      if (kind !== 'dynamic-import') return undefined;
      if (file === './run.js') return { path: '../cli-run.cjs', namespace: 'required' };
      return { path: `../cli-${path.basename(file)}`, external: true };
    });
    onResolve({ filter: /./, namespace: 'required' }, ({ path: file }) => ({
      path: file,
      external: true,
    }));
    onLoad({ filter: /./, namespace: 'required' }, ({ path: file }) => ({
      contents: `module.exports = require('${file}');`,
    }));
  },
};

// Each file costs 0.7 ms, and several entries have files for each set of them that shares something.
const bundles = [
  {
    ...shared,
    entryPoints: { index: 'lib/index.ts' },
    plugins: [globalProcess, statistics, late({ ...LATE, ...LATE_FOR_IMPORT }), classNames],
  },
  commandLine({ 'cli/main': 'lib/cli/main.ts' }, { ...commonJs, plugins: [commandsApart] }),
  commandLine(
    { 'cli-run': 'lib/cli/run.ts' },
    { ...commonJs, names: { ...LATE, ...LATE_FOR_RUN } },
  ),
  commandLine({ 'cli-writers': 'lib/formats/writers.ts' }, commonJs),
  commandLine(
    {
      'cli-with-addon': 'lib/cli/with-addon.ts',
      'cli-without-addon': 'lib/cli/without-addon.ts',
    },
    inPieces,
  ),
];

if (process.argv.includes('--watch')) {
  for (const bundle of bundles) await (await context(bundle)).watch();
} else {
  await Promise.all(bundles.map(build));
}

/** Removes what an older build has left, and dates the newest, which esbuild leaves alone where nothing has changed. */
function tidy() {
  const names = new Set(written.flat().map((file) => path.basename(file)));
  for (const file of readdirSync(dist)) {
    if (/^cli-.*\.c?js$/.test(file) && !names.has(file)) rmSync(path.join(dist, file));
  }
  const now = new Date();
  utimesSync(path.join(dist, 'cli', 'main.cjs'), now, now);
}
