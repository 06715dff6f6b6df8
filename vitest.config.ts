import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Where CI wants the results as JSON, besides what a person reads. */
const json = process.env['VITEST_JSON'];
/** Tests in a browser and in other shells are a run of their own: they need programs that a script installs. */
const isBrowser = process.env['VITEST_BROWSER'] !== undefined;
/** So are those of the compiler in WebAssembly, which `npm run build:wasm` builds. */
const isWasm = process.env['VITEST_WASM'] !== undefined;
/** What is run by itself. */
const installed = ['browser', 'shells'];
const included = isBrowser ? installed : isWasm ? ['wasm'] : ['.'];
const ownRuns = [...(isBrowser ? [] : installed), ...(isWasm ? [] : ['wasm'])];

export default defineConfig({
  test: {
    include: included.map((directory) => `test/${directory}/**/*.test.ts`),
    exclude: [...configDefaults.exclude, ...ownRuns.map((directory) => `test/${directory}/**`)],
    benchmark: { include: ['examples/**/*.bench.ts'] },
    pool: 'forks',
    // Vitest leaves a core free for itself; two cores would then run one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A Go program is compiled for several machines, in WebAssembly.
    testTimeout: isWasm ? 600_000 : 120_000,
    // Hooks run real programs too, on machines that may be busy.
    hookTimeout: 120_000,
    reporters: json === undefined ? ['default'] : ['default', ['json', { outputFile: json }]],
  },
});
